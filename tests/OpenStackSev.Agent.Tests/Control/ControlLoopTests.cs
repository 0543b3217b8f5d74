using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Control;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Platform;
using Given = OpenStackSev.Agent.Tests.Capacity.Given;

namespace OpenStackSev.Agent.Tests.Control;

/// <summary>When reports go, and what a silent control plane costs.</summary>
public sealed class ControlLoopTests : IDisposable
{
    private const int NotEnrolled = 1202, Enrolled = 1203, Failed = 1204;
    private static readonly HostReportAnswer s_answer = new(EnrolmentState.Enrolled, [], ProofLifetime: 300, Interval: 60, default);

    private readonly string folder = Directory.CreateTempSubdirectory("osev-agent-").FullName;
    private readonly AwaitedTime time = new();
    private readonly Events events = new();
    private readonly LatestReport reports = new();
    private readonly ConcurrentQueue<NodeReport> sent = [];
    private readonly LastWord word;
    private readonly ControlLoop loop;
    private Func<HostReportAnswer> answer = () => s_answer;

    public ControlLoopTests()
    {
        word = LastWord.Open(folder, time);
        loop = new ControlLoop(reports, (report, _) =>
        {
            sent.Enqueue(report);
            return Task.FromResult(answer());
        }, word, new ControlOptions(), time, new Random(1), events);
    }

    public void Dispose()
    {
        loop.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Nothing_is_reported_before_the_first_round()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(sent);
        reports.Put(Report());
        await UntilAsync(() => sent.Count == 1);
    }

    [Fact]
    public async Task Each_round_is_reported_and_without_rounds_the_last_one_at_the_interval_that_was_asked_for()
    {
        await StartAsync();
        reports.Put(Report());
        await UntilAsync(() => sent.Count == 2, advance: false);
        await UntilAsync(() => sent.Count == 3);
        NodeReport[] all = [.. sent];
        Assert.NotSame(all[0], all[1]);
        Assert.Same(all[1], all[2]);
    }

    [Fact]
    public async Task A_failing_control_plane_is_asked_later_and_later_whatever_the_rounds_do()
    {
        answer = () => throw Unreachable();
        await StartAsync();
        int before = sent.Count;
        for (int i = 0; i < 50; i++)
            reports.Put(Report());
        Assert.Equal(before, sent.Count);
        await UntilAsync(() => sent.Count > before);
        Assert.Single(events.Seen, Failed);
        answer = () => s_answer;
        await UntilAsync(() => events.Seen.Contains(Enrolled));
    }

    [Fact]
    public async Task Each_answer_is_a_word_and_says_how_long_it_holds()
    {
        await StartAsync();
        await UntilAsync(() => sent.Count > 3);
        Assert.Equal((Given.Root, TimeSpan.FromSeconds(300)), (word.Node, word.ProofLifetime));
        Assert.InRange(word.Remaining, TimeSpan.FromSeconds(200), TimeSpan.FromSeconds(300));
    }

    [Fact]
    public async Task A_refusal_is_no_word_but_tells_the_node()
    {
        answer = () => throw new AttestationApiException("PUT", HttpStatusCode.Unauthorized, HostErrors.CertificateRevoked.Code, null, "revoked");
        await StartAsync();
        await UntilAsync(() => sent.Count > 3);
        Assert.Equal(Given.Root, word.Node);
        Assert.True(word.Remaining < LastWord.UsualProofLifetime);
    }

    [Fact]
    public async Task Chips_that_nobody_approved_are_told()
    {
        answer = () => s_answer with { Enrolment = EnrolmentState.Pending };
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(NotEnrolled));
    }

    [Fact]
    public void A_report_says_what_the_round_saw()
    {
        HostReport body = Report().Body;
        Assert.Equal((Given.Node, "milan", true), (body.Name, body.Facts.Product, body.Facts.Sev));
        Assert.Equal([new string('a', 128)], body.Chips);
        Assert.Equal(["capacity.guests.without_allocation"], body.Findings);
    }

    [Fact]
    public void A_report_says_what_the_security_processor_said()
    {
        HostFacts facts = Report(Given.Facts() with { SnpPlatformStatus = Given.SnpStatus() }).Body.Facts;
        Assert.Equal(
            new HostFirmware
            {
                Api = "1.58",
                Build = 65,
                CurrentTcb = "5100000004010101",
                ReportedTcb = "4800000003010101",
                AliasChecked = true,
                RmpInitialized = true,
                CiphertextHidingCapable = true,
                MaskedChipKey = true,
            },
            facts.Firmware);
        Assert.Equal(new HostSevFirmware { Api = "1.55", Build = 29, State = "initialized", SevEs = true, Guests = 2 }, facts.SevFirmware);
        Assert.Equal((true, true, null), (facts.Tsme, facts.DebugLocked, facts.Fused));
        Assert.Equal([1, 2, 3], facts.SevCertificates!);
    }

    [Fact]
    public void A_report_says_what_libvirt_said_as_far_as_it_can_be_meant()
    {
        HostVirtualization virtualization = Report().Body.Facts.Virtualization!;
        Assert.Equal((Given.Node, "10.0.0", "8.2.2", true, 10, 0), (virtualization.HostName, virtualization.Libvirt, virtualization.Qemu,
            virtualization.Sev, virtualization.MaximumGuests, virtualization.MaximumSevEsGuests));
        Assert.Equal(["sev"], virtualization.LaunchSecurity);

        VirtualizationFacts odd = new("a\u0007b", null, "", new DomainCapabilities(null, uint.MaxValue, 1_000_001, []), TimeSpan.Zero);
        virtualization = Report(Given.Facts() with { Virtualization = odd }).Body.Facts.Virtualization!;
        Assert.Equal(("ab", null, null, null, null, null), (virtualization.HostName, virtualization.Libvirt, virtualization.Qemu,
            virtualization.Sev, virtualization.MaximumGuests, virtualization.MaximumSevEsGuests));
        Assert.Null(Report(Given.Facts() with { Virtualization = null }).Body.Facts.Virtualization);
    }

    [Theory, InlineData(0, "uninitialized"), InlineData(1, "initialized"), InlineData(2, "working"), InlineData(7, "7")]
    public void A_state_of_the_platform_has_its_word(byte state, string word) =>
        Assert.Equal(word, Report(Given.Facts() with { SevPlatformStatus = Given.Facts().SevPlatformStatus! with { State = state } }).Body.Facts.SevFirmware!.State);

    private static AttestationApiException Unreachable() => new("PUT", null, null, null, "cannot connect");

    private static NodeReport Report(PlatformFacts? facts = null) => NodeReport.Of(new PublishOutcome(
        PublishResult.Unchanged, facts ?? Given.Facts(),
        new ProviderTree { RootUuid = Given.Root, RootName = Given.Node, RootFacts = [], Guards = ImmutableSortedDictionary<EncryptionModel, GuardProvider>.Empty },
        new ProviderChanges(RequiredNames.For([]), []),
        [new CapacityFinding(CapacityCodes.ForeignGuests, Given.Node, "some"), new CapacityFinding(CapacityCodes.ForeignGuests, "other", "some")]));

    private async Task StartAsync()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        reports.Put(Report());
        await UntilAsync(() => !sent.IsEmpty);
    }

    /// <summary>Lets time pass, as much as it takes.</summary>
    private async Task UntilAsync(Func<bool> reached, bool advance = true)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            if (advance)
                time.PassWhileAwaited();
            await Task.Yield();
        }
    }

    private sealed class Events : ILogger<ControlLoop>
    {
        public ConcurrentBag<int> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Seen.Add(eventId.Id);
    }
}
