using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using Quartz;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>The job, by the application's own clock.</summary>
public sealed class EnforcementJobTests
{
    [Theory, InlineData("true"), InlineData("false")]
    public async Task It_looks_at_its_interval_and_at_once_when_a_verdict_turned(string withSweep)
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(settings: [("enforcement.enabled", "true"), ("sweep.enabled", withSweep)]);
        Guid bad = await cloud.AddAsync();
        await UntilAsync(cloud, async () => (await cloud.BothAsync(bad)).Row?.Standing == EnforcementStanding.Acted);
        IScheduler scheduler = await cloud.Of<ISchedulerFactory>().GetScheduler(TestContext.Current.CancellationToken);
        Assert.NotNull(await scheduler.GetTrigger(EnforcementJob.Trigger, TestContext.Current.CancellationToken));

        // Without the clock going on, nothing but the signal starts it.
        Guid next = await cloud.AddAsync();
        cloud.Of<EnforcementSignal>().VerdictTurned();
        await UntilAsync(cloud, async () => (await cloud.BothAsync(next)).Row?.Standing == EnforcementStanding.Acted, advances: false);
    }

    [Fact]
    public async Task One_that_is_switched_off_has_no_next_time_and_says_so()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        using HttpResponseMessage response = await cloud.Control.GetAsync("/v1/enforcement", "admin");
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"enabled\":false", body, StringComparison.Ordinal);
        Assert.DoesNotContain("next_at", body, StringComparison.Ordinal);
    }

    /// <summary>Lets time pass until it is so.</summary>
    private static async Task UntilAsync(EnforcedCloud cloud, Func<Task<bool>> reached, bool advances = true)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            if (advances)
                cloud.Control.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
