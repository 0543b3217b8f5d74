using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Stories;

namespace OpenStackSev.Control.Tests.Validation;

/// <summary>The client has all that the application answers: nothing of an answer is lost between the two descriptions of it.</summary>
public sealed class ClientTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_validation_comes_whole()
    {
        await using var talk = await Talk.StartAsync();
        ValidationReport report = await talk.Api.ValidateAsync(ValidationRequest.Of("wishful", "debian"), Ct);
        Assert.Equal((true, "amd-sev-snp"), (report.Request.Encrypted, report.Request.Model));
        Assert.Contains(report.Findings, finding => finding is { Code: "request.trait.nonexistent", Level: "error", Fix: not null });
        talk.AssertWhole(report, AttestationJson.Default.ValidationReport);

        ValidationReport plain = await talk.Api.ValidateAsync(ValidationRequest.Of("plain", "debian", "zed"), Ct);
        Assert.Null(plain.Request.Model);
        talk.AssertWhole(plain, AttestationJson.Default.ValidationReport);
    }

    [Fact]
    public async Task Bodies_are_sent_as_they_are()
    {
        await using var talk = await Talk.StartAsync();
        using JsonDocument flavor = JsonDocument.Parse("""{"name":"f","extra_specs":{"hw:mem_encryption":"true"}}""");
        ValidationReport report = await talk.Api.ValidateAsync(new ValidationRequest { Flavor = flavor.RootElement, Image = NamedThing.Of("debian"), Release = "zed" }, Ct);
        Assert.Equal("amd-sev", report.Request.Model);
    }

    [Fact]
    public async Task An_audit_is_asked_for_looked_at_and_cancelled()
    {
        await using var talk = await Talk.StartAsync();
        Audit asked = (await talk.Api.CreateAuditAsync(new AuditRequest { Release = "2026.2" }, Ct)).Audit;
        AuditAnswer answer;
        do
            answer = await talk.Api.GetAuditAsync(asked.Id, Ct);
        while (!answer.Audit.IsFinished());
        Assert.Equal(("done", 1), (answer.Audit.Status, answer.Audit.Progress));
        Assert.Contains(answer.Audit.Result!.Findings, finding => finding.Code == "request.trait.nonexistent");
        talk.AssertWhole(answer, AttestationJson.Default.AuditAnswer);

        await talk.Api.CancelAuditAsync(asked.Id, Ct);
        AuditList listed = await talk.Api.ListAuditsAsync(Ct);
        Assert.Equal((asked.Id, "done"), (Assert.Single(listed.Audits).Id, listed.Audits[0].Status));
        talk.AssertWhole(listed, AttestationJson.Default.AuditList);
        AttestationApiException e = await Assert.ThrowsAsync<AttestationApiException>(() => talk.Api.GetAuditAsync(Guid.NewGuid(), Ct));
        Assert.Equal(ValidationErrors.AuditNotFound.Code, e.Code);
    }

    [Fact]
    public async Task An_explanation_comes_whole()
    {
        await using var talk = await Talk.StartAsync();
        Explanation hosts = await talk.Api.ExplainAsync(new ExplanationRequest { Flavor = NamedThing.Of("snp.small"), Image = NamedThing.Of("debian") }, Ct);
        Assert.Equal((false, "compute1"), (hosts.Hosts!.Fits, Assert.Single(hosts.Hosts.Hosts).Name));
        talk.AssertWhole(hosts, AttestationJson.Default.Explanation);
        // No host was judged yet: nothing speaks against this one, and nothing is left out.
        Assert.Equal(["a host that is neither untrusted nor quarantined"], hosts.Request!.AskedOfFilter);
        Assert.DoesNotContain(hosts.Request.NotLookedAt, part => part.Contains("SevTrustFilter", StringComparison.Ordinal));
        Assert.DoesNotContain(hosts.Hosts.Hosts[0].Obstacles, obstacle => obstacle.Subject == "SevTrustFilter");

        Explanation operation = await talk.Api.ExplainAsync(
            new ExplanationRequest { Flavor = NamedThing.Of("snp.small"), Image = NamedThing.Of("debian"), Operation = "suspend" }, Ct);
        Assert.Equal(("suspend", false), (operation.Operation!.Operation, operation.Operation.Safe));
        talk.AssertWhole(operation, AttestationJson.Default.Explanation);
    }

    /// <summary>The application, a client of an administrator's, and what was said.</summary>
    private sealed class Talk(RunningControl control, AttestationClient client, Recorder recorder) : IAsyncDisposable
    {
        public IAttestationApi Api => client.Api;

        public static async Task<Talk> StartAsync()
        {
            RunningControl control = await RunningControl.StartAsync(services: StoryCloud.Map);
            var recorder = new Recorder(control.Keystone.Issue("alice", "admin-project", "admin").Secret) { InnerHandler = new SocketsHttpHandler() };
            return new(control, new AttestationClient(recorder, control.Url), recorder);
        }

        /// <summary>Written again, the last answer is what it was, but for what is null.</summary>
        public void AssertWhole<T>(T answer, JsonTypeInfo<T> type)
        {
            JsonNode? sent = WithoutNulls(JsonNode.Parse(recorder.Last)), read = JsonNode.Parse(JsonSerializer.Serialize(answer, type));
            Assert.True(JsonNode.DeepEquals(sent, WithoutNulls(read)), $"{sent}\n{read}");
        }

        public async ValueTask DisposeAsync()
        {
            client.Dispose();
            await control.DisposeAsync();
        }

        private static JsonNode? WithoutNulls(JsonNode? node)
        {
            if (node is JsonObject members)
            {
                foreach ((string name, JsonNode? value) in members.ToArray())
                {
                    if (WithoutNulls(value) is null)
                        members.Remove(name);
                }
            }
            else if (node is JsonArray items)
            {
                foreach (JsonNode? item in items)
                    WithoutNulls(item);
            }

            return node;
        }
    }

    private sealed class Recorder(string token) : DelegatingHandler
    {
        private readonly ConcurrentStack<string> bodies = new();

        public string Last => bodies.TryPeek(out string? body) ? body : "";

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.Add("X-Auth-Token", token);
            HttpResponseMessage response = await base.SendAsync(request, cancellationToken);
            await response.Content.LoadIntoBufferAsync(cancellationToken);
            bodies.Push(await response.Content.ReadAsStringAsync(cancellationToken));
            return response;
        }
    }
}
