using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Control;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack;
using Given = OpenStackSev.Agent.Tests.Capacity.Given;

namespace OpenStackSev.Agent.Tests.Control;

/// <summary>Trust ends when the judge is dead, at whatever hour that is, and nothing else does.</summary>
public sealed class TrustLoopTests : IAsyncDisposable
{
    private const int TrustEnded = 1205, TrustStays = 1206;
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(300);
    private static readonly string[] s_baselines = ["CUSTOM_SEV_TCB_SB_3015", "CUSTOM_SEV_TCB_SB_3019"];
    private static readonly string[] s_others = ["CUSTOM_OPERATOR_POOL", "CUSTOM_SEV_CPU_MILAN", "CUSTOM_SEV_QUARANTINED", "CUSTOM_SEV_TCB_"];

    private readonly string folder = Directory.CreateTempSubdirectory("osev-agent-").FullName;
    private readonly FakePlacement placement = new();
    private readonly AwaitedTime time = new();
    private readonly Events events;
    private readonly OpenStackConnection cloud;
    private readonly List<TrustLoop> loops = [];

    public TrustLoopTests()
    {
        events = new(time);
        FakePlacement.Provider node = placement.Add(Given.Node, Given.Root).With(SevTraits.Trusted);
        foreach (string trait in s_baselines.Concat(s_others))
            node.With(trait);
        cloud = FakeCloud.Connect(placement);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (TrustLoop loop in loops)
        {
            await loop.StopAsync(CancellationToken.None);
            loop.Dispose();
        }

        cloud.Dispose();
        placement.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private FakePlacement.Provider Node => placement.Find(Given.Node)!;

    [Fact]
    public async Task Trust_and_baselines_end_one_lifetime_after_the_last_word_and_no_other_trait_does()
    {
        LastWord word = await StartAsync();
        DateTimeOffset heard = time.GetUtcNow();
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
        Assert.Equal(s_others, Node.Traits);
        Assert.Equal(s_lifetime, Assert.Single(events.Logged).At - heard);
        Assert.True(word.Remaining <= TimeSpan.Zero);
    }

    [Fact]
    public async Task The_first_word_s_lifetime_counts_and_not_the_usual_one_that_was_waited_for_before()
    {
        LastWord word = LastWord.Open(folder, time);
        Start(word);
        DateTimeOffset heard = time.GetUtcNow() + TimeSpan.FromSeconds(5);
        await UntilAsync(() => time.GetUtcNow() >= heard);
        heard = time.GetUtcNow();
        word.Heard(Given.Root, s_lifetime);
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
        Assert.True(s_lifetime < LastWord.UsualProofLifetime);
        Assert.Equal(s_lifetime, Assert.Single(events.Logged).At - heard);
    }

    [Fact]
    public async Task While_words_come_trust_stays()
    {
        LastWord word = await StartAsync();
        for (int i = 0; i < 20; i++)
        {
            DateTimeOffset next = time.GetUtcNow() + (s_lifetime / 2);
            await UntilAsync(() => time.GetUtcNow() >= next);
            word.Heard(Given.Root, s_lifetime);
        }

        Assert.Contains(SevTraits.Trusted, Node.Traits);
        Assert.Empty(events.Seen);
    }

    [Fact]
    public async Task Trust_that_somebody_writes_again_while_the_silence_lasts_ends_again()
    {
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
        Node.With(SevTraits.Trusted);
        await UntilAsync(() => events.Seen.Count() == 2);
        Assert.Equal([TrustEnded, TrustEnded], events.Seen);
        Assert.Equal(s_others, Node.Traits);
    }

    [Fact]
    public async Task An_agent_that_starts_after_a_lifetime_of_silence_ends_trust_first()
    {
        LastWord.Open(folder, time).Heard(Given.Root, s_lifetime);
        time.Advance(s_lifetime);
        DateTimeOffset started = time.GetUtcNow();
        Start(LastWord.Open(folder, time));
        await UntilAsync(() => events.Seen.Contains(TrustEnded), advance: false);
        Assert.Equal(started, time.GetUtcNow());
    }

    [Fact]
    public async Task An_agent_without_a_node_waits_for_its_name_and_then_ends_trust()
    {
        File.WriteAllText(Path.Join(folder, "control.json"), "not what it was");
        LastWord word = LastWord.Open(folder, time);
        Start(word);
        DateTimeOffset later = time.GetUtcNow() + TimeSpan.FromMinutes(1);
        await UntilAsync(() => time.GetUtcNow() >= later);
        Assert.Contains(SevTraits.Trusted, Node.Traits);
        word.IsAbout(Given.Root);
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
    }

    [Fact]
    public async Task While_Placement_is_away_it_is_tried_again_and_told_once()
    {
        placement.Outage = HttpStatusCode.ServiceUnavailable;
        await StartAsync();
        await UntilAsync(() => placement.Requests.Count > 20);
        Assert.Single(events.Seen, TrustStays);
        Assert.Contains(SevTraits.Trusted, Node.Traits);
        placement.Outage = null;
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
        Assert.Equal(s_others, Node.Traits);
    }

    [Fact]
    public async Task Who_writes_at_the_same_moment_is_not_overwritten()
    {
        int writes = 0;
        placement.BeforeWrite = _ =>
        {
            if (writes++ < 3)
            {
                Node.With($"CUSTOM_NEW_{writes}");
                Node.Generation++;
            }
        };
        DateTimeOffset heard = time.GetUtcNow();
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
        Assert.Equal([.. s_others, "CUSTOM_NEW_1", "CUSTOM_NEW_2", "CUSTOM_NEW_3"], Node.Traits.OrderBy(trait => trait.StartsWith("CUSTOM_NEW", StringComparison.Ordinal)));
        Assert.Equal(s_lifetime, Assert.Single(events.Logged).At - heard);
    }

    [Fact]
    public async Task A_writer_who_never_rests_is_told_and_tried_again()
    {
        placement.BeforeWrite = _ => Node.Generation++;
        await StartAsync();
        await UntilAsync(() => events.Seen.Contains(TrustStays));
        placement.BeforeWrite = null;
        await UntilAsync(() => events.Seen.Contains(TrustEnded));
    }

    [Fact]
    public async Task A_node_that_is_gone_has_no_trust_to_end()
    {
        placement.Remove(Given.Root);
        await StartAsync();
        int before = placement.Requests.Count;
        await UntilAsync(() => placement.Requests.Count > before + 3);
        Assert.Empty(events.Seen);
    }

    private async Task<LastWord> StartAsync()
    {
        LastWord word = LastWord.Open(folder, time);
        word.Heard(Given.Root, s_lifetime);
        Start(word);
        await Task.Yield();
        return word;
    }

    private void Start(LastWord word)
    {
        TrustLoop loop = new(word, new TrustRemoval(cloud.Placement).RemoveAsync, time, new Random(1), events);
        loops.Add(loop);
        _ = loop.StartAsync(TestContext.Current.CancellationToken);
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

    private sealed class Events(TimeProvider time) : ILogger<TrustLoop>
    {
        public ConcurrentQueue<(int Event, DateTimeOffset At)> Logged { get; } = [];

        public IEnumerable<int> Seen => Logged.Select(logged => logged.Event);

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => Logged.Enqueue((eventId.Id, time.GetUtcNow()));
    }
}
