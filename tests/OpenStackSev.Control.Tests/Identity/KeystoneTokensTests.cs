using System.Net;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Identity;

/// <summary>Keystone is asked seldom, and its word is kept no longer than it is good.</summary>
public sealed class KeystoneTokensTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task However_many_requests_bring_a_token_Keystone_is_asked_once()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        string token = control.Keystone.Issue("carol", "p1", "reader").Secret;
        var gate = new TaskCompletionSource();
        control.Keystone.Gate = gate.Task;
        Task<HttpResponseMessage>[] requests = [.. Enumerable.Range(0, 20).Select(_ => SendAsync(control, token))];
        while (control.Keystone.Validations == 0)
            await Task.Yield();
        gate.SetResult();
        foreach (HttpResponseMessage response in await Task.WhenAll(requests))
            Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        await SendAsync(control, token);
        Assert.Equal(1, control.Keystone.Validations);
    }

    [Fact]
    public async Task A_token_is_not_believed_beyond_its_end()
    {
        await using RunningControl control = await RunningControl.StartAsync(new Dictionary<string, string> { ["keystone_authtoken.token_cache_time"] = "300" });
        string token = control.Keystone.Issue("carol", "p1", TimeSpan.FromSeconds(20), ["reader"]).Secret;
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(control, token)).StatusCode);
        control.Time.Advance(TimeSpan.FromSeconds(21));
        Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(control, token)).StatusCode);
    }

    [Fact]
    public async Task A_token_that_is_not_good_is_remembered_too()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        for (int i = 0; i < 3; i++)
            Assert.Equal(HttpStatusCode.Unauthorized, (await SendAsync(control, "gAAAAAB-nobodys")).StatusCode);
        Assert.Equal(1, control.Keystone.Validations);
    }

    [Fact]
    public async Task Keystone_away_is_not_remembered()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        string token = control.Keystone.Issue("carol", "p1", "reader").Secret;
        control.Keystone.IsAway = true;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await SendAsync(control, token)).StatusCode);
        control.Keystone.IsAway = false;
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(control, token)).StatusCode);
    }

    [Fact]
    public async Task Whom_Keystone_knew_a_moment_ago_is_served_while_it_is_away()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        string token = control.Keystone.Issue("carol", "p1", "reader").Secret;
        await SendAsync(control, token);
        control.Keystone.IsAway = true;
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(control, token)).StatusCode);
    }

    [Fact]
    public async Task The_services_own_token_is_renewed_when_Keystone_forgets_it()
    {
        await using RunningControl control = await RunningControl.StartAsync(new Dictionary<string, string> { ["keystone_authtoken.token_cache_time"] = "0" });
        string token = control.Keystone.Issue("carol", "p1", "reader").Secret;
        await SendAsync(control, token);
        control.Keystone.RevokeOf(FakeKeystone.Username);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync(control, token)).StatusCode);
    }

    [Fact]
    public async Task A_token_of_a_megabyte_is_refused_before_anybody_is_asked()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        HttpStatusCode? status = null;
        try
        {
            status = (await SendAsync(control, new string('A', 1024 * 1024))).StatusCode;
        }
        catch (HttpRequestException)
        {
            // The connection was closed while the rest was still being sent.
        }

        Assert.True(status is null or HttpStatusCode.RequestHeaderFieldsTooLarge);
        Assert.Equal(0, control.Keystone.Validations);
    }

    [Fact]
    public async Task A_callers_request_id_goes_on_to_other_services()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/nowhere");
        request.Headers.Add("X-Auth-Token", control.Keystone.Issue("carol", "p1", "reader").Secret);
        request.Headers.Add("X-Openstack-Request-Id", "req-9ba5c64f-38e6-46f5-8e7d-27e019097efc");
        using HttpResponseMessage response = await control.Http.SendAsync(request, Ct);
        Assert.NotEmpty(control.Keystone.RequestIds);
        Assert.All(control.Keystone.RequestIds, id => Assert.Equal("req-9ba5c64f-38e6-46f5-8e7d-27e019097efc", id));
        await control.Log.UntilAsync("global req-9ba5c64f-38e6-46f5-8e7d-27e019097efc", Ct);
    }

    private static async Task<HttpResponseMessage> SendAsync(RunningControl control, string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/nowhere");
        request.Headers.TryAddWithoutValidation("X-Auth-Token", token);
        return await control.Http.SendAsync(request, Ct);
    }
}
