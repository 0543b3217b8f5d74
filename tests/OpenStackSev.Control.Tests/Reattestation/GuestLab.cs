using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Hosts;
using OpenStackSev.Control.Tests.Stories;
using OpenStackSev.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>A control plane with two enrolled hosts, whose chips a simulated authority endorsed, and a Nova with instances on them.</summary>
internal sealed class GuestLab : IAsyncDisposable
{
    public const string Host = "compute1", OtherHost = "compute2", Project = "p1";

    public static readonly Guid Instance = new(StoryCloud.Snp);
    public static readonly Guid Node = new(StoryCloud.Host), OtherNode = new("22222222-2222-4333-8444-555555555555");

    // Keys of RSA are slow to make, and all tests may have the same.
    private static readonly Lazy<SimulatedAuthority> s_authority = new(() => SimulatedAuthority.Create(
        SimulatedLine.Turin, new() { KeyBits = 2048, Time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 25, 0, 0, 0, TimeSpan.Zero)) }));

    private static readonly SimulatedTcb s_tcb = SimulatedLine.Turin.UsualTcb;

    private readonly Dictionary<string, string> servers = new(StringComparer.Ordinal)
    {
        [StoryCloud.Snp] = StoryCloud.Server(StoryCloud.Snp, Project, StoryCloud.SpecsOf("amd-sev-snp")),
        [StoryCloud.Sev] = StoryCloud.Server(StoryCloud.Sev, Project, StoryCloud.SpecsOf("amd-sev")),
        [StoryCloud.Plain] = StoryCloud.Server(StoryCloud.Plain, Project, "{}"),
    };

    private RunningControl? control;

    private GuestLab()
    {
    }

    public static SimulatedAuthority Authority => s_authority.Value;
    public static string Root => Convert.ToHexStringLower(SHA256.HashData(Authority.Ark.Certificate));
    public RunningControl Control => control!;

    /// <summary>Of <see cref="Host"/>.</summary>
    public SimulatedSecurityProcessor Chip { get; } = new(Authority, [1, 2, 3, 4, 5, 6, 7, 8], s_tcb);

    /// <summary>Of <see cref="OtherHost"/>.</summary>
    public SimulatedSecurityProcessor OtherChip { get; } = new(Authority, [9, 2, 3, 4, 5, 6, 7, 8], s_tcb);

    /// <summary>Of nobody's host.</summary>
    public SimulatedSecurityProcessor StrangeChip { get; } = new(Authority, [8, 8, 8, 8, 8, 8, 8, 8], s_tcb);

    /// <param name="cloud">Instead of the cloud with the three instances.</param>
    /// <param name="withEndorsements">The folder has the issuers and their revocation list.</param>
    public static async Task<GuestLab> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null, bool withEndorsements = true, Action<IServiceCollection>? replace = null,
        Action<WebApplication>? cloud = null)
    {
        var lab = new GuestLab();
        var values = new Dictionary<string, string>(settings ?? new Dictionary<string, string>(), StringComparer.Ordinal);
        values.TryAdd("hosts.allow_service_user", "true");
        values.TryAdd("hosts.chip_approval", "first_use");
        values.TryAdd("endorsements.simulated_roots", Root);
        lab.control = await RunningControl.StartAsync(values, services: cloud ?? (app => StoryCloud.Map(app, lab.servers.GetValueOrDefault)), replace: replace);
        if (withEndorsements)
            lab.Endorse();
        await lab.ReportAsync(Node, Host, lab.Chip);
        await lab.ReportAsync(OtherNode, OtherHost, lab.OtherChip);
        return lab;
    }

    /// <summary>Nova has it elsewhere, or in another way, from now on; null for nowhere.</summary>
    public void Set(Guid instance, string? server)
    {
        if (server is null)
            servers.Remove(instance.ToString());
        else
            servers[instance.ToString()] = server;
    }

    public void Move(string host) => Set(Instance, StoryCloud.Server(Instance.ToString(), Project, StoryCloud.SpecsOf("amd-sev-snp"), host));

    public void Endorse(SimulatedCrlOptions? revocations = null)
    {
        var folder = new EndorsementFolder(Path.Join(Control.StateFolder, "endorsements"));
        DateTimeOffset now = Control.Time.GetUtcNow();
        folder.Write(EndorsementFile.Authority(AuthorityRole.Ark, ProductLine.Turin), Authority.Ark.Certificate, now);
        folder.Write(EndorsementFile.Authority(AuthorityRole.Ask, ProductLine.Turin), Authority.Ask.Certificate, now);
        folder.Write(EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek), Authority.IssueCrl(revocations), now);
    }

    /// <summary>What is asked of evidence from now on.</summary>
    public Task PolicyAsync(string document) => Control.App.Services.GetRequiredService<HistoryWriter>().AppendAsync(Policies.Given.Record(Policies.Given.Version(1, document, active: true)));

    public async Task ReportAsync(Guid node, string name, SimulatedSecurityProcessor chip, SimulatedTcb? tcb = null)
    {
        HostReport report = Given.Report(ChipId(chip)) with { Name = name };
        byte[] reported = (tcb ?? chip.Tcb).Encode(SimulatedLine.Turin);
        string text = Convert.ToHexStringLower([.. reported.Reverse()]);
        report = report with { Facts = report.Facts with { Firmware = report.Facts.Firmware! with { CurrentTcb = text, ReportedTcb = text } } };
        using HttpResponseMessage response = await SendAsync(HttpMethod.Put, $"/v1/hosts/{node}", ("X-Auth-Token", Control.Keystone.Issue("agent", "service", "service").Secret),
            JsonSerializer.Serialize(report, AttestationJson.Default.HostReport));
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    public static string ChipId(SimulatedSecurityProcessor chip) => Convert.ToHexStringLower(chip.ChipId).PadRight(128, '0');

    /// <summary>What Nova gets for an instance.</summary>
    public async Task<VendordataAnswer> VendordataAsync(Guid instance)
    {
        using HttpResponseMessage response = await VendordataRawAsync(instance);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonSerializer.Deserialize(body, AttestationJson.Default.VendordataAnswer)!;
    }

    public Task<HttpResponseMessage> VendordataRawAsync(Guid instance, string userData = "", string role = "service") => SendAsync(
        HttpMethod.Post, "/v1/vendordata", ("X-Auth-Token", Control.Keystone.Issue("nova", "service", role).Secret), $$"""
        {"project-id":"{{Project}}","instance-id":"{{instance}}","image-id":"33333333-3333-4333-8333-333333333333","user-data":"{{userData}}",
         "hostname":"web","metadata":{"a":"b"},"boot-roles":"member,reader"}
        """);

    /// <summary>A guest with its ticket and a key of its own.</summary>
    public async Task<SimulatedGuest> GuestAsync(Guid? instance = null, SimulatedSecurityProcessor? chip = null) =>
        new(this, (await VendordataAsync(instance ?? Instance)).OpenstackSev!, chip ?? Chip);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, (string Name, string Value) header, string? body = null)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.TryAddWithoutValidation(header.Name, header.Value);
        if (body is not null)
        {
            request.Content = new StringContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        return Control.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>What a user of the project, or with other roles, is answered.</summary>
    public async Task<JsonElement> LookAsync(string path, params IReadOnlyList<string> roles)
    {
        using HttpResponseMessage response = await Control.GetAsync(path, roles.Count == 0 ? ["reader"] : roles);
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.IsSuccessStatusCode, body);
        return JsonDocument.Parse(body).RootElement;
    }

    public async Task<InstanceAttestation> AttestationAsync(Guid? instance = null, params IReadOnlyList<string> roles)
    {
        JsonElement body = await LookAsync($"/v1/instances/{instance ?? Instance}/attestation", roles);
        return body.Deserialize(AttestationJson.Default.InstanceAttestation)!;
    }

    public async ValueTask DisposeAsync()
    {
        Chip.Dispose();
        OtherChip.Dispose();
        StrangeChip.Dispose();
        await Control.DisposeAsync();
    }
}
