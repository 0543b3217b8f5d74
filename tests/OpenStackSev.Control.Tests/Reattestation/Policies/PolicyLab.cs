using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Reattestation.Policies;

/// <summary>A control plane that trusts a simulated authority, with evidence of instances that was judged before.</summary>
internal sealed class PolicyLab : IAsyncDisposable
{
    public static readonly DateTimeOffset Now = Given.Now;
    public static readonly byte[] ChipId = [1, 2, 3, 4, 5, 6, 7, 8];

    // Keys of RSA are slow to make, and all tests may have the same.
    private static readonly Lazy<SimulatedAuthority> s_turin = new(() => Create(SimulatedLine.Turin));
    private static readonly Lazy<SimulatedAuthority> s_other = new(() => Create(SimulatedLine.Turin));

    private PolicyLab(RunningControl control) => Control = control;

    public static SimulatedAuthority Turin => s_turin.Value;

    /// <summary>In nobody's configuration.</summary>
    public static SimulatedAuthority Other => s_other.Value;

    public RunningControl Control { get; }

    public EndorsementFolder Folder => new(Path.Join(Control.StateFolder, "endorsements"));

    /// <param name="policy">Text of policy.yaml.</param>
    public static async Task<PolicyLab> StartAsync(string? policy = null) => new(await RunningControl.StartAsync(new Dictionary<string, string>
    {
        ["endorsements.simulated_roots"] = Turin.Ark.Fingerprint,
        ["hosts.allow_service_user"] = "true",
        ["hosts.chip_approval"] = "first_use",
    }, policy));

    public void Endorse()
    {
        Folder.Write(EndorsementFile.Authority(AuthorityRole.Ark, ProductLine.Turin), Turin.Ark.Certificate, Now);
        Folder.Write(EndorsementFile.Authority(AuthorityRole.Ask, ProductLine.Turin), Turin.Ask.Certificate, Now);
        Folder.Write(EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek), Turin.IssueCrl(), Now);
    }

    /// <summary>What a judged instance leaves.</summary>
    public async Task<Guid> JudgedAsync(int number, Func<ReportFields, ReportFields>? change = null, bool withKey = true, bool gone = false)
    {
        var instance = new Guid($"6e1f0f5a-3a52-4d5e-8f0a-{number:x12}");
        byte[] nonce = [.. Enumerable.Repeat((byte)number, ReportData.NonceLength)];
        byte[]? key = withKey ? [0x30, 0x00] : null;
        using var chip = new SimulatedSecurityProcessor(Turin, ChipId, SimulatedLine.Turin.UsualTcb);
        ReportFields fields = chip.Fields with { ReportData = ReportData.Of(nonce, instance, key) };
        using SimulatedKey vcek = Turin.IssueVcek(ChipId, SimulatedLine.Turin.UsualTcb);
        await Control.App.Services.GetRequiredService<HistoryWriter>().AppendAsync(Given.Record(
            new InstanceState
            {
                Instance = instance,
                Project = "p1",
                Name = $"web-{number}",
                Model = "amd-sev-snp",
                Status = "ACTIVE",
                FirstSeenAt = Now,
                SeenAt = Now,
                NextRoundAt = Now,
                GoneAt = gone ? Now : null,
            },
            new InstanceEvidence
            {
                Instance = instance,
                Report = chip.Report(change?.Invoke(fields) ?? fields),
                Nonce = nonce,
                PublicKey = key,
                Vek = vcek.Certificate,
                ReceivedAt = Now,
            }));
        return instance;
    }

    public async Task<T> SendAsync<T>(HttpMethod method, string path, string body, JsonTypeInfo<T> type, string role = "admin")
    {
        using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("X-Auth-Token", Control.Keystone.Issue("alice", "p1", role).Secret);
        using HttpResponseMessage response = await Control.Http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonSerializer.Deserialize(text, type)!;
    }

    public ValueTask DisposeAsync() => Control.DisposeAsync();

    private static SimulatedAuthority Create(SimulatedLine line) =>
        SimulatedAuthority.Create(line, new() { KeyBits = 2048, Time = new FakeTimeProvider(Now.AddHours(-12)) });
}
