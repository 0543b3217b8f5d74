using System.Net;
using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>The generated client against the real application, and against servers that are none.</summary>
public sealed class ClientTests
{
    [Fact]
    public async Task What_the_application_writes_the_client_reads()
    {
        await using RunningControl control = await LabAsync();
        using AttestationClient client = Client(control, "admin", "service");
        HostReportAnswer answer = await client.Api.ReportHostAsync(Given.Node, Given.Report(Given.ChipA), TestContext.Current.CancellationToken);
        Assert.Equal(EnrolmentState.Pending, answer.Enrolment);
        HostDetails approved = await client.Api.ApproveHostAsync(Given.Node, new HostApproval([Given.ChipA]), TestContext.Current.CancellationToken);
        Assert.Equal((EnrolmentState.Enrolled, "somebody"), (approved.Enrolment, approved.Chips[0].ApprovedBy));
        Assert.Equal(Given.Report(Given.ChipA).Facts, approved.Report.Facts);
        HostSummary listed = Assert.Single((await client.Api.ListHostsAsync(limit: 5, ct: TestContext.Current.CancellationToken)).Hosts);
        Assert.Equal((Given.Node, "compute1", EnrolmentState.Enrolled, "turin"), (listed.Node, listed.Name, listed.Enrolment, listed.Product));
        HostHistoryRecord record = Assert.Single((await client.Api.GetHostHistoryAsync(Given.Node, limit: 1, ct: TestContext.Current.CancellationToken)).Records);
        Assert.Equal(HostEvents.ChipApproved, record.Kind);
    }

    [Fact]
    public async Task A_host_that_could_not_read_its_processor_is_listed()
    {
        await using RunningControl control = await LabAsync();
        using AttestationClient client = Client(control, "admin", "service");
        await client.Api.ReportHostAsync(Given.Node, Given.Report() with { Facts = new HostFacts() }, TestContext.Current.CancellationToken);
        Assert.Null(Assert.Single((await client.Api.ListHostsAsync(ct: TestContext.Current.CancellationToken)).Hosts).Product);
    }

    [Fact]
    public async Task An_error_names_who_what_code_and_request()
    {
        await using RunningControl control = await LabAsync();
        using AttestationClient client = Client(control, "admin");
        AttestationApiException e = await Assert.ThrowsAsync<AttestationApiException>(() => client.Api.GetHostAsync(Given.Node, TestContext.Current.CancellationToken));
        Assert.Equal((HttpStatusCode.NotFound, HostErrors.NotFound.Code, false), (e.Status!.Value, e.Code, e.IsTransient));
        Assert.StartsWith("req-", e.RequestId, StringComparison.Ordinal);
        Assert.StartsWith($"attestation 404 {HostErrors.NotFound.Code}: no host {Given.Node} has reported (GET http://127.0.0.1:", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_away_is_transient()
    {
        await using RunningControl control = await LabAsync();
        control.Keystone.IsAway = true;
        using AttestationClient client = Client(control, "admin");
        AttestationApiException e = await Assert.ThrowsAsync<AttestationApiException>(() => client.Api.ListHostsAsync(ct: TestContext.Current.CancellationToken));
        Assert.Equal((RequestErrors.IdentityUnavailable.Code, true), (e.Code, e.IsTransient));

        using var nobody = new AttestationClient(new SocketsHttpHandler(), new Uri("http://127.0.0.1:1"));
        e = await Assert.ThrowsAsync<AttestationApiException>(() => nobody.Api.ListHostsAsync(ct: TestContext.Current.CancellationToken));
        Assert.True(e is { Status: null, Code: null, IsTransient: true });
        Assert.StartsWith("attestation unreachable: cannot connect to 127.0.0.1:1", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("<html>welcome</html>", ClientCodes.MalformedAnswer)]
    [InlineData("null", ClientCodes.MalformedAnswer)]
    [InlineData("{}", ClientCodes.MalformedAnswer)]
    [InlineData("{\"hosts\": [1]}", ClientCodes.MalformedAnswer)]
    [InlineData("                                                                                          ", ClientCodes.AnswerTooLarge)]
    public async Task An_answer_that_is_none_of_ours_is_no_success_and_not_transient(string body, string code)
    {
        using var client = new AttestationClient(new Fixed(HttpStatusCode.OK, body), new Uri("http://proxy.test/prefix/"), new AttestationClientOptions { MaximumResponseBytes = 64 });
        AttestationApiException e = await Assert.ThrowsAsync<AttestationApiException>(() => client.Api.ListHostsAsync(ct: TestContext.Current.CancellationToken));
        Assert.Equal((code, false), (e.Code, e.IsTransient));
        Assert.Equal("GET http://proxy.test/prefix/v1/hosts", e.Request);
    }

    [Fact]
    public async Task A_proxys_error_repeats_no_token()
    {
        var proxy = new Fixed(HttpStatusCode.BadGateway, "{\"errors\":[{\"status\":502,\"title\":\"x\",\"detail\":\"you sent hunter2-token\",\"code\":\"x\"}]}");
        using var client = new AttestationClient(new WithToken("hunter2-token") { InnerHandler = proxy }, new Uri("http://proxy.test"));
        AttestationApiException e = await Assert.ThrowsAsync<AttestationApiException>(() => client.Api.ListHostsAsync(ct: TestContext.Current.CancellationToken));
        Assert.Equal("you sent ***", e.Detail);
        Assert.True(e.IsTransient);
    }

    [Fact]
    public async Task No_answer_in_time_is_told_as_that_and_a_cancellation_as_that()
    {
        using var client = new AttestationClient(new Never(), new Uri("http://proxy.test"), new AttestationClientOptions { Timeout = TimeSpan.FromMilliseconds(1) });
        AttestationApiException e = await Assert.ThrowsAsync<AttestationApiException>(() => client.Api.ListHostsAsync(ct: TestContext.Current.CancellationToken));
        Assert.StartsWith("no answer within", e.Detail, StringComparison.Ordinal);
        using var patient = new AttestationClient(new Never(), new Uri("http://proxy.test"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => patient.Api.ListHostsAsync(ct: new CancellationToken(canceled: true)));
    }

    private static Task<RunningControl> LabAsync() => RunningControl.StartAsync(new Dictionary<string, string> { ["hosts.allow_service_user"] = "true" });

    private static AttestationClient Client(RunningControl control, params string[] roles) =>
        new(new WithToken(control.Keystone.Issue("somebody", "p1", roles).Secret) { InnerHandler = new SocketsHttpHandler() }, control.Url);

    private sealed class WithToken(string token) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("X-Auth-Token", token);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Fixed(HttpStatusCode status, string body) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage(status) { Content = new StringContent(body) });
    }

    private sealed class Never : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await new TaskCompletionSource().Task.WaitAsync(cancellationToken);
            return new HttpResponseMessage();
        }
    }
}
