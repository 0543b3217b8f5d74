using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Control;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.NodeCertificates;
using Given = OpenStackSev.Agent.Tests.Capacity.Given;

namespace OpenStackSev.Agent.Tests.Control;

/// <summary>When a node renews its certificate, what becomes of its files, and what is told when it cannot. The CA is the real one.</summary>
public sealed class CertificateLoopTests : IAsyncDisposable
{
    private const int Renewed = 1211, Told = 1212;
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private static readonly DateTimeOffset s_start = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan s_life = TimeSpan.FromHours(3);

    private readonly string folder = Directory.CreateTempSubdirectory("osev-renewal-test").FullName;
    private readonly AwaitedTime time = new();
    private readonly Events events = new();
    private readonly LatestReport reports = new();
    private readonly ConcurrentQueue<(DateTimeOffset At, string Request)> asked = [];
    private readonly NodeCertificateFiles files;
    private readonly CertificateLoop loop;
    private Func<string, RenewedCertificate> answer;

    public CertificateLoopTests()
    {
        time.SetUtcNow(s_start);
        AuthorityFolder.Create(Authority, s_start);
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP384))
        using (AuthorityFolder ca = AuthorityFolder.Open(Authority))
        {
            File.WriteAllText(CertificateFile, ca.Issue(Given.Root, NodeCertificateRequest.Of(key), s_start, s_life).Pem);
            File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
        }

        files = new NodeCertificateFiles(CertificateFile, KeyFile);
        answer = Sign;
        loop = new CertificateLoop(reports, files, (node, request, _) =>
        {
            Assert.Equal(Given.Root, node);
            asked.Enqueue((time.GetUtcNow(), request));
            return Task.FromResult(answer(request));
        }, time, new Random(1), events);
    }

    private string Authority => Path.Join(folder, "ca");
    private string CertificateFile => Path.Join(folder, "node.crt");
    private string KeyFile => Path.Join(folder, "node.key");

    public async ValueTask DisposeAsync()
    {
        await loop.StopAsync(CancellationToken.None);
        loop.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task At_two_thirds_of_its_life_the_certificate_and_its_key_are_replaced()
    {
        (string before, string keyBefore) = (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile));
        PresentCertificate present = files.Read();
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(Renewed));

        double part = (Assert.Single(asked).At - present.NotBefore) / (present.NotAfter - present.NotBefore);
        Assert.InRange(part, 0.666, 0.72);
        Assert.NotEqual(before, File.ReadAllText(CertificateFile));
        Assert.NotEqual(keyBefore, File.ReadAllText(KeyFile));
        using X509Certificate2 pair = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        Assert.True(pair.HasPrivateKey);
        Assert.True(files.Read().NotAfter > present.NotAfter);
        Assert.Equal(Secret, File.GetUnixFileMode(KeyFile));
        Assert.Equal(Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(CertificateFile));
        Assert.Empty(Directory.GetFiles(folder, "*.next"));
        Assert.Null(loop.Finding);
    }

    [Fact]
    public async Task A_successor_is_renewed_in_its_turn()
    {
        await StartAsync();
        await UntilAsync(() => events.Seen.Count(one => one == Renewed) == 3);
        Assert.Equal(3, asked.Select(one => one.Request).Distinct().Count());
    }

    [Fact]
    public async Task A_refusal_is_told_once_and_is_a_finding_until_it_is_mended()
    {
        answer = _ => throw Refused();
        await StartAsync();
        await UntilAsync(() => asked.Count == 4);
        Assert.Single(events.Seen, Told);
        Assert.Equal(CertificateCodes.NotRenewed, loop.Finding);
        HostReport body = NodeReport.Of(Outcome(), loop.Finding!).Body;
        Assert.Equal([CertificateCodes.NotRenewed], body.Findings);
        answer = Sign;
        await UntilAsync(() => events.Seen.Contains(Renewed));
        Assert.Null(loop.Finding);
    }

    [Fact]
    public async Task A_lost_answer_is_asked_for_again_with_the_same_key_and_gets_the_same_certificate()
    {
        var signed = new ConcurrentQueue<string>();
        answer = request =>
        {
            RenewedCertificate made = Sign(request);
            signed.Enqueue(made.Serial);
            return signed.Count < 3 ? throw new AttestationApiException("POST", null, null, null, "the connection broke") : made;
        };
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(Renewed));
        Assert.Equal(3, signed.Count);
        Assert.Single(signed.Distinct());
    }

    [Fact]
    public async Task A_certificate_that_has_ended_is_not_asked_for_and_is_told()
    {
        time.SetUtcNow(s_start + s_life + TimeSpan.FromMinutes(1));
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(Told));
        Assert.Equal(CertificateCodes.Expired, loop.Finding);
        Assert.Empty(asked);
        // An administrator's new one is noticed without a restart.
        using (var key = ECDsa.Create(ECCurve.NamedCurves.nistP384))
        using (AuthorityFolder ca = AuthorityFolder.Open(Authority))
        {
            File.WriteAllText(KeyFile, key.ExportPkcs8PrivateKeyPem());
            File.WriteAllText(CertificateFile, ca.Issue(Given.Root, NodeCertificateRequest.Of(key), time.GetUtcNow(), s_life).Pem);
        }

        await UntilAsync(() => loop.Finding is null);
        Assert.Empty(asked);
    }

    [Theory]
    [InlineData("another key"), InlineData("another node"), InlineData("no later end"), InlineData("no certificate")]
    public async Task An_answer_that_is_no_successor_replaces_nothing(string kind)
    {
        (string before, string keyBefore) = (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile));
        answer = request => Bad(kind, request);
        await StartAsync();
        await UntilAsync(() => asked.Count == 2);
        Assert.Equal((before, keyBefore), (File.ReadAllText(CertificateFile), File.ReadAllText(KeyFile)));
        Assert.Equal(CertificateCodes.NotRenewed, loop.Finding);
        Assert.DoesNotContain(Renewed, events.Seen);
    }

    [Fact]
    public async Task Where_a_new_key_cannot_be_kept_none_is_asked_for()
    {
        Directory.CreateDirectory(KeyFile + ".next");
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(Told));
        Assert.Empty(asked);
        Assert.Equal(CertificateCodes.NotRenewed, loop.Finding);
    }

    [Fact]
    public void A_crash_between_the_two_files_is_mended()
    {
        PresentCertificate present = files.Read();
        time.SetUtcNow(s_start + (s_life * 0.8));
        RenewedCertificate renewed = Sign(files.Request(Given.Root));
        Assert.False(files.Recover());
        // As far as it gets before the second renaming.
        File.WriteAllText(CertificateFile + ".next", renewed.Certificate);
        Assert.False(files.Recover());
        File.Move(KeyFile + ".next", KeyFile, overwrite: true);
        Assert.Throws<ArgumentException>(() => X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile));
        Assert.True(files.Recover());
        using X509Certificate2 pair = X509Certificate2.CreateFromPemFile(CertificateFile, KeyFile);
        Assert.NotEqual(present.Serial, pair.SerialNumber.ToLowerInvariant());
        Assert.False(files.Recover());
    }

    [Fact]
    public void A_key_that_was_half_written_is_made_anew()
    {
        File.WriteAllText(KeyFile + ".next", "-----BEGIN PRIVATE KEY-----\nMIG2");
        Assert.StartsWith("-----BEGIN CERTIFICATE REQUEST-----", files.Request(Given.Root), StringComparison.Ordinal);
        Assert.Equal(Secret, File.GetUnixFileMode(KeyFile + ".next"));
    }

    [Fact]
    public async Task Told_to_stop_it_ends_quietly()
    {
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(Renewed));
        await loop.StopAsync(TestContext.Current.CancellationToken);
        Assert.True(loop.ExecuteTask!.IsCompletedSuccessfully);
    }

    [Fact]
    public void Every_code_has_its_line_in_the_README()
    {
        string readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Agent", "README.md"));
        Assert.All(CertificateCodes.All, code => Assert.Contains($"| `{code}` |", readme, StringComparison.Ordinal));
    }

    /// <summary>As the control plane does.</summary>
    private RenewedCertificate Sign(string pem)
    {
        using X509Certificate2 present = X509Certificate2.CreateFromPem(File.ReadAllText(CertificateFile));
        Assert.True(NodeCertificateRequest.TryParse(pem, out NodeCertificateRequest? request, out string? problem), problem);
        using AuthorityFolder ca = AuthorityFolder.Open(Authority);
        NodeRenewal renewal = ca.Renew(present.RawData, request, time.GetUtcNow());
        Assert.Equal(RenewalRefusal.None, renewal.Refusal);
        return Answer(renewal.Successor!);
    }

    private RenewedCertificate Bad(string kind, string pem)
    {
        if (kind == "no certificate")
            return new RenewedCertificate("hello", "1", s_start, s_start);
        using var foreign = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Assert.True(NodeCertificateRequest.TryParse(pem, out NodeCertificateRequest? request, out _));
        using AuthorityFolder ca = AuthorityFolder.Open(Authority);
        return Answer(ca.Issue(
            kind == "another node" ? Guid.NewGuid() : Given.Root,
            kind == "another key" ? NodeCertificateRequest.Of(foreign) : request,
            kind == "no later end" ? s_start : time.GetUtcNow(), s_life));
    }

    private static RenewedCertificate Answer(IssuedCertificate issued) => new(issued.Pem, issued.Serial, issued.NotBefore, issued.NotAfter);

    private static AttestationApiException Refused() => new("POST", HttpStatusCode.Forbidden, HostErrors.RenewalOff.Code, null, "this control plane signs nothing");

    private static PublishOutcome Outcome() => new(
        PublishResult.Unchanged, Given.Facts(),
        new ProviderTree { RootUuid = Given.Root, RootName = Given.Node, RootFacts = [], Guards = ImmutableSortedDictionary<EncryptionModel, GuardProvider>.Empty },
        new ProviderChanges(RequiredNames.For([]), []), []);

    private async Task StartAsync()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        reports.Put(NodeReport.Of(Outcome()));
    }

    /// <summary>Lets time pass, as much as it takes.</summary>
    private async Task UntilAsync(Func<bool> reached)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            Assert.False(loop.ExecuteTask!.IsFaulted, loop.ExecuteTask.Exception?.ToString());
            time.PassWhileAwaited(TimeSpan.FromSeconds(10));
            await Task.Yield();
        }
    }

    private sealed class Events : ILogger<CertificateLoop>
    {
        public ConcurrentQueue<int> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Seen.Enqueue(eventId.Id);
    }
}
