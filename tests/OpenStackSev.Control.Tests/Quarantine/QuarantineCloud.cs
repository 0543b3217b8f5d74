using System.Text;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Tests.Enforcement;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Quarantine;

/// <summary>The real application with hosts that reported and their compute services in the fake Nova.</summary>
internal sealed class QuarantineCloud : IAsyncDisposable
{
    public const string Rules = """
        mode: enforce
        rules:
          - {verdict: contraindicated, after: 0s, measures: [record]}
        projects: {"*": record}
        breaker: {share: 1, minimum: 1000}
        quarantine_request: {instances: 2, projects: 2, quarantine: enforce}
        """;

    /// <summary>Something that speaks against a host.</summary>
    public const string Blame = "snp.tcb.below_minimum";

    private QuarantineCloud(EnforcedCloud cloud, FakePlacement placement) => (Cloud, Placement) = (cloud, placement);

    public EnforcedCloud Cloud { get; }
    public FakePlacement Placement { get; }
    public FakeNova Nova => Cloud.Nova;
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    /// <param name="hosts">Names of hosts that reported.</param>
    public static async Task<QuarantineCloud> StartAsync(string rules = Rules, params IReadOnlyList<string> hosts)
    {
        var placement = new FakePlacement();
        var cloud = new QuarantineCloud(await EnforcedCloud.StartAsync(rules, policy: "\"admin\": \"role:admin or role:service\"\n", services: placement.Map), placement);
        foreach (string host in hosts.Count > 0 ? hosts : ["compute1"])
            await cloud.AddHostAsync(host);
        return cloud;
    }

    public static Guid NodeOf(string host) => ProviderIdentity.Of(host);

    public async Task AddHostAsync(string name, HostReport? report = null)
    {
        HostReport said = (report ?? Hosts.Given.Report(Hosts.Given.ChipA)) with { Name = name };
        await Cloud.Of<HistoryWriter>().ApplyAsync(new HostState
        {
            Node = NodeOf(name),
            Name = name,
            FirstSeenAt = Cloud.Now,
            LastSeenAt = Cloud.Now,
            FactsChangedAt = Cloud.Now,
            Facts = new StoredReport(said, []).Bytes(),
        }, Ct);
        Nova.Services[name] = new FakeService(NodeOf(name), name);
    }

    /// <summary>As the appraisal of the host leaves it.</summary>
    /// <param name="contraindicated">Codes; none: nothing speaks against it.</param>
    public async Task AppraiseAsync(string host, TrustLevel level, params IReadOnlyList<string> contraindicated)
    {
        HostTrustState? known = await Cloud.Of<HostTrustStates>().FindAsync(NodeOf(host), Ct);
        string findings = string.Join(',', contraindicated.Select(code => $$"""{"code":"{{code}}","tier":"contraindicated","subject":"","expected":"","actual":""}"""));
        await Cloud.Of<HistoryWriter>().ApplyAsync(new HostTrustState
        {
            Node = NodeOf(host),
            Name = host,
            Level = level,
            Since = known?.Level == level ? known.Since : Cloud.Now,
            JudgedAt = Cloud.Now,
            Result = Encoding.UTF8.GetBytes($$"""{"evidence":"platform","simulated":false,"findings":[{{findings}}],"baselines":[],"bulletins":[]}"""),
            Version = known?.Version ?? 0,
        }, Ct);
    }

    /// <summary>Instances of two projects speak against the host.</summary>
    public async Task<IReadOnlyList<Guid>> BlameAsync(string host = "compute1") =>
        [await Cloud.AddAsync(project: "p1", host: host, codes: Blame), await Cloud.AddAsync(project: "p2", host: host, codes: Blame)];

    /// <summary>A genuine report, signed by a chip of its host, says the same of one of them.</summary>
    public async Task SignAsync(Guid instance, string host = "compute1")
    {
        InstanceState state = (await Cloud.BothAsync(instance)).Instance!;
        JudgementRecord judgement = StoredResult.Of(state)!.Judgement with { BoundToChip = true, Host = new HostRecord(NodeOf(host), host, Hosts.Given.ChipA) };
        await Cloud.Of<HistoryWriter>().ApplyAsync(state with { Result = new StoredResult(judgement).Bytes() }, Ct);
    }

    public async Task LookAsync(TimeSpan later = default)
    {
        EnforcementTally tally = await Cloud.LookAsync(later);
        Assert.DoesNotContain(tally.Finished().Failures, failure => failure.Code == "unexpected");
    }

    /// <returns>Null for a host that never was in any.</returns>
    public Task<HostQuarantineState?> RowAsync(string host = "compute1") => Cloud.Of<HostTrustStates>().FindQuarantineAsync(NodeOf(host), Ct);

    /// <summary>Kinds of its history that are about quarantine, the oldest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(string host = "compute1") => [.. (await Cloud.Of<HistoryReader>().OfSubjectAsync(NodeOf(host), 1000)).Reverse().Select(row => row.Kind)
        .Where(kind => kind.StartsWith("host.quarantine", StringComparison.Ordinal) || kind == HostEvents.Released)];

    /// <summary>As an administrator.</summary>
    public async Task<(int Status, string Text)> SendAsync(HttpMethod method, string path, string? body = null, string role = "admin")
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Auth-Token", Cloud.Control.Keystone.Issue("alice", "p1", role).Secret);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Cloud.Control.Http.SendAsync(request, Ct);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(Ct));
    }

    /// <param name="disablesService">Null to say nothing of it.</param>
    public async Task QuarantineAsync(string reason = "looked at", bool? disablesService = false, string host = "compute1")
    {
        string service = disablesService is { } wish ? $",\"disable_service\":{(wish ? "true" : "false")}" : "";
        (int status, string text) = await SendAsync(HttpMethod.Post, $"/v1/hosts/{NodeOf(host)}/quarantine", $$"""{"reason":"{{reason}}"{{service}}}""");
        Assert.True(status == 200, text);
    }

    public async Task ReleaseAsync(string host = "compute1")
    {
        (int status, string text) = await SendAsync(HttpMethod.Delete, $"/v1/hosts/{NodeOf(host)}/quarantine");
        Assert.True(status == 200, text);
    }

    public ValueTask DisposeAsync() => Cloud.DisposeAsync();
}
