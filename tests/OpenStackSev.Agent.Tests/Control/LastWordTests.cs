using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Agent.Control;

namespace OpenStackSev.Agent.Tests.Control;

/// <summary>How old the control plane's last word is, whatever happens to the agent in between.</summary>
public sealed class LastWordTests : IDisposable
{
    private static readonly Guid s_node = new("11111111-2222-4333-8444-555555555555");
    private static readonly TimeSpan s_lifetime = TimeSpan.FromSeconds(300);

    private readonly string folder = Directory.CreateTempSubdirectory("osev-agent-").FullName;
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 26, 0, 0, 0, TimeSpan.Zero));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    private string File => Path.Join(folder, "control.json");

    [Fact]
    public void A_first_start_has_one_lifetime()
    {
        LastWord word = LastWord.Open(folder, time);
        Assert.Equal(LastWord.UsualProofLifetime, word.Remaining);
        Assert.Null(word.Node);
        time.Advance(LastWord.UsualProofLifetime);
        Assert.Equal(TimeSpan.Zero, word.Remaining);
    }

    [Fact]
    public void An_agent_that_crashes_and_starts_again_does_not_get_another_lifetime()
    {
        LastWord.Open(folder, time).Heard(s_node, s_lifetime);
        for (int crash = 1; crash <= 30; crash++)
        {
            time.Advance(TimeSpan.FromSeconds(10));
            LastWord word = LastWord.Open(folder, time);
            Assert.Equal((s_node, s_lifetime - TimeSpan.FromSeconds(10 * crash)), (word.Node, word.Remaining));
            word.IsAbout(s_node);
        }
    }

    [Fact]
    public void An_agent_that_never_heard_anything_does_not_get_another_lifetime_either()
    {
        LastWord.Open(folder, time);
        time.Advance(TimeSpan.FromMinutes(10));
        LastWord.Open(folder, time).IsAbout(s_node);
        time.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((s_node, TimeSpan.Zero), (LastWord.Open(folder, time).Node, LastWord.Open(folder, time).Remaining));
    }

    [Fact]
    public void A_word_that_was_heard_between_two_savings_counts_older_never_younger()
    {
        LastWord word = LastWord.Open(folder, time);
        word.Heard(s_node, s_lifetime);
        DateTime written = System.IO.File.GetLastWriteTimeUtc(File);
        time.Advance(TimeSpan.FromSeconds(14));
        word.Heard(s_node, s_lifetime);
        Assert.Equal(s_lifetime, word.Remaining);
        Assert.Equal(s_lifetime - TimeSpan.FromSeconds(14), LastWord.Open(folder, time).Remaining);
        Assert.Equal(written, System.IO.File.GetLastWriteTimeUtc(File));
        time.Advance(TimeSpan.FromSeconds(1));
        word.Heard(s_node, s_lifetime);
        Assert.Equal(s_lifetime, LastWord.Open(folder, time).Remaining);
    }

    [Fact]
    public void A_last_word_from_the_future_is_none()
    {
        LastWord.Open(folder, time).Heard(s_node, s_lifetime);
        LastWord word = LastWord.Open(folder, new FakeTimeProvider(time.GetUtcNow().AddSeconds(-1)));
        Assert.Equal((s_node, TimeSpan.Zero), (word.Node, word.Remaining));
    }

    [Fact]
    public void While_the_agent_runs_a_clock_that_is_set_changes_nothing()
    {
        WallClock clock = new();
        LastWord word = LastWord.Open(folder, clock);
        word.Heard(s_node, s_lifetime);
        clock.SetBy = TimeSpan.FromDays(10_000);
        Assert.Equal(s_lifetime, word.Remaining);
        clock.SetBy = TimeSpan.FromDays(-1_000);
        clock.Advance(TimeSpan.FromSeconds(100));
        Assert.Equal(s_lifetime - TimeSpan.FromSeconds(100), word.Remaining);
    }

    [Theory]
    [InlineData(""), InlineData("{"), InlineData("null"), InlineData("[]"), InlineData("""{"heard":"yesterday"}"""), InlineData("""{"heard":7}""")]
    public void What_cannot_be_read_is_a_lifetime_of_silence(string content)
    {
        System.IO.File.WriteAllText(File, content);
        Assert.True(LastWord.Open(folder, time).Remaining <= TimeSpan.Zero);
    }

    [Fact]
    public void So_is_a_file_of_a_size_that_it_never_has()
    {
        LastWord.Open(folder, time).Heard(s_node, s_lifetime);
        System.IO.File.AppendAllText(File, new string(' ', 4096));
        Assert.True(LastWord.Open(folder, time).Remaining <= TimeSpan.Zero);
    }

    [Theory, InlineData(0, 60), InlineData(-1, 60), InlineData(300, 300), InlineData(int.MaxValue, 86_400)]
    public void A_lifetime_is_between_a_minute_and_a_day(int told, int taken)
    {
        LastWord.Open(folder, time).Heard(s_node, TimeSpan.FromSeconds(told));
        Assert.Equal(TimeSpan.FromSeconds(taken), LastWord.Open(folder, time).ProofLifetime);
        System.IO.File.WriteAllText(File, System.IO.File.ReadAllText(File).Replace($":{taken}", $":{told}", StringComparison.Ordinal));
        Assert.Equal(TimeSpan.FromSeconds(taken), LastWord.Open(folder, time).ProofLifetime);
    }

    [Fact]
    public void Where_nothing_can_be_written_down_a_first_start_has_no_lifetime_and_says_why()
    {
        Directory.CreateDirectory(File + ".new");
        LastWord word = LastWord.Open(folder, time);
        Assert.Equal(TimeSpan.Zero, word.Remaining);
        Assert.NotNull(word.Problem);
        word.Heard(s_node, s_lifetime);
        Assert.Equal(s_lifetime, word.Remaining);
        Directory.Delete(File + ".new");
        word.Heard(s_node, s_lifetime);
        Assert.Null(word.Problem);
        Assert.Equal(s_lifetime, LastWord.Open(folder, time).Remaining);
    }

    private sealed class WallClock : FakeTimeProvider
    {
        public TimeSpan SetBy { get; set; }

        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + SetBy;

        public override long GetTimestamp() => base.GetUtcNow().Ticks;
    }
}
