using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Control;

/// <summary>Agents report to a control plane by the certificates of their nodes; people ask it with tokens of the real Keystone.</summary>
public sealed class HostTests(Stack stack) : IAsyncLifetime
{
    private ControlPlane? control;
    private SimulatedNode? node;

    private ControlPlane Control => control!;

    public async ValueTask InitializeAsync()
    {
        await stack.Cloud.EmptyGuardProvidersAsync();
        control = await ControlPlane.StartAsync("heartbeat_interval = 5");
        node = await SimulatedNode.OfAsync("compute1", "--model", "milan", "--asids", "8", "--min-sev-asid", "6", "--sockets", "2");
    }

    public async ValueTask DisposeAsync()
    {
        node?.Dispose();
        if (control is not null)
            await control.DisposeAsync();
    }

    [Fact(Skip = Release.SameOnAll, SkipUnless = nameof(Release.IsForAll), SkipType = typeof(Release))]
    public async Task An_agent_reports_by_its_nodes_certificate_and_its_chips_are_approved()
    {
        Guid uuid = (await stack.Cloud.ProviderAsync("compute1"))!.Uuid;
        using Process agent = Programs.StartAgent(await AgentAsync(uuid));
        Task<Ended> ended = Programs.EndOfAsync(agent, TimeSpan.FromMinutes(5));
        JsonElement host = default;
        await RealCloud.EventuallyAsync(async () => (host = await ShownAsync()).ValueKind == JsonValueKind.Object, () => "compute1 did not report");
        Assert.Equal((uuid, "pending", true), (host.GetProperty("node").GetGuid(), host.GetProperty("enrolment").GetString(), host.GetProperty("report").GetProperty("facts").GetProperty("simulated").GetBoolean()));
        Assert.Equal(2, host.GetProperty("chips").GetArrayLength());

        Ended approved = await Control.OsevAsync("osev", "host", "approve", "compute1", "-f", "json");
        Assert.True(approved.ExitCode == 0, approved.ToString());
        Assert.Contains("\"enrolled\"", approved.Output, StringComparison.Ordinal);
        Assert.Matches(",compute1,unknown,[^,]*,enrolled,reports,", (await Control.OsevAsync("osev", "host", "list", "-f", "csv")).Output);
        Assert.Equal(0, (await Programs.StopAsync(agent, ended)).ExitCode);

        await RealCloud.EventuallyAsync(async () => (await ShownAsync()).GetProperty("silent").GetBoolean(), () => "compute1 is not marked silent");
        string history = (await Control.OsevAsync("osev", "host", "history", "compute1", "-f", "csv", "-c", "kind")).Output;
        // What it is trusted for changes meanwhile, when the control plane gets to it.
        Assert.Equal(["KIND", "host.silent", "host.chip.approved", "host.reported", "host.chip.registered"],
            history.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(kind => kind != "host.trust.changed"));
    }

    [Fact(Skip = Release.SameOnAll, SkipUnless = nameof(Release.IsForAll), SkipType = typeof(Release))]
    public async Task Each_certificate_that_is_not_the_nodes_own_is_refused_by_its_code()
    {
        Guid uuid = (await stack.Cloud.ProviderAsync("compute1"))!.Uuid, other = Guid.NewGuid();
        Assert.Equal((200, null), await ReportAsync(uuid, await Control.IssueAsync(uuid)));
        Assert.Equal((403, "attestation.node_certificate.other_node"), await ReportAsync(uuid, await Control.IssueAsync(other)));
        Assert.Equal((401, "attestation.node_certificate.missing"), await ReportAsync(uuid, null));
        string revoked = await Control.IssueAsync(uuid);
        await Control.RevokeAsync(uuid);
        Assert.Equal((401, "attestation.node_certificate.revoked"), await ReportAsync(uuid, revoked));
        await using ControlPlane foreign = await ControlPlane.StartAsync();
        Assert.Equal((401, "attestation.node_certificate.untrusted"), await ReportAsync(uuid, await foreign.IssueAsync(uuid)));
    }

    [Fact(Skip = Release.SameOnAll, SkipUnless = nameof(Release.IsForAll), SkipType = typeof(Release))]
    public async Task An_expired_certificate_is_refused_by_its_code()
    {
        Guid uuid = Guid.NewGuid();
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        string folder = Directory.CreateTempSubdirectory("osev-expired-").FullName;
        string file = Path.Join(folder, "node.crt");
        using (var ca = NodeCertificates.AuthorityFolder.Open(Control.Authority))
        {
            await File.WriteAllTextAsync(file, ca.Issue(uuid, NodeCertificates.NodeCertificateRequest.Of(key), DateTimeOffset.UtcNow.AddDays(-3), TimeSpan.FromDays(2)).Pem,
                TestContext.Current.CancellationToken);
        }

        await File.WriteAllTextAsync(Path.Join(folder, "node.key"), key.ExportPkcs8PrivateKeyPem(), TestContext.Current.CancellationToken);
        Assert.Equal((401, "attestation.node_certificate.expired"), await ReportAsync(uuid, file));
        Directory.Delete(folder, recursive: true);
    }

    [Fact(Skip = Release.SameOnAll, SkipUnless = nameof(Release.IsForAll), SkipType = typeof(Release))]
    public async Task A_tenant_of_the_real_Keystone_sees_no_host_and_a_wrong_token_nothing()
    {
        Ended tenant = await Control.OsevAsync("osev-demo", "host", "list");
        Assert.Equal(1, tenant.ExitCode);
        Assert.Contains("attestation.forbidden", tenant.Error, StringComparison.Ordinal);
        Assert.Equal((401, "attestation.token.invalid"), await AskAsync("gAAAAABinvented"));
        Assert.Equal((401, "attestation.token.missing"), await AskAsync(null));
    }

    private async Task<string> AgentAsync(Guid uuid)
    {
        string certificate = await Control.IssueAsync(uuid);
        string file = node!.Configuration(
            "[control]", $"endpoint = {Control.Url}", $"certificate = {certificate}", $"key = {Path.ChangeExtension(certificate, ".key")}", $"cafile = {Control.ServerCertificate}");
        return file;
    }

    private async Task<JsonElement> ShownAsync()
    {
        Ended ended = await Control.OsevAsync("osev", "host", "show", "compute1", "-f", "json");
        if (ended.ExitCode != 0)
            return default;
        using JsonDocument document = JsonDocument.Parse(ended.Output);
        return document.RootElement.Clone();
    }

    private async Task<(int Status, string? Code)> ReportAsync(Guid node, string? certificate)
    {
        JsonNode report = JsonNode.Parse("""{"name":"x","agent_version":"0","facts":{},"chips":[],"capacity":[],"findings":[]}""")!;
        using HttpClient client = Control.Client(certificate);
        using HttpResponseMessage response = await client.PutAsync($"/v1/hosts/{node}", JsonContent.Create(report), TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await CodeAsync(response));
    }

    private async Task<(int Status, string? Code)> AskAsync(string? token)
    {
        using HttpClient client = Control.Client();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/hosts");
        if (token is not null)
            request.Headers.Add("X-Auth-Token", token);
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, await CodeAsync(response));
    }

    private static async Task<string?> CodeAsync(HttpResponseMessage response) =>
        (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))?["errors"]?[0]?["code"];
}
