using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Tests.Fakes;
using Quartz;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>The job, by the application's own clock.</summary>
public sealed class SweepJobTests
{
    [Fact]
    public async Task It_sweeps_at_the_start_and_then_at_its_interval()
    {
        await using SweptCloud cloud = await SweptCloud.StartAsync(("sweep.enabled", "true"), ("api.requests_per_second", "0"));
        FakeServer server = cloud.Nova.Add();
        await UntilAsync(cloud, async () => await cloud.FindAsync(server.Id) is not null);
        // The instance is kept while the sweep goes on; what the sweep says of itself comes at its end.
        JsonNode status = await StatusAsync(cloud, "admin");
        await UntilAsync(cloud, async () => (status = await StatusAsync(cloud, "admin"))["last"] is not null && (int)status["instances"]!["encrypted"]! == 1);
        Assert.True((bool)status["enabled"]!);
        Assert.NotNull(status["next_at"]);
    }

    [Fact]
    public async Task Two_sweeps_never_run_at_once_and_a_long_one_is_not_caught_up_on()
    {
        await using SweptCloud cloud = await SweptCloud.StartAsync(("sweep.enabled", "true"));
        int running = 0, most = 0, started = 0;
        var gate = new TaskCompletionSource();
        cloud.Nova.BeforeListing = _ =>
        {
            Interlocked.Increment(ref started);
            most = Math.Max(most, Interlocked.Increment(ref running));
            gate.Task.Wait(TestContext.Current.CancellationToken);
            Interlocked.Decrement(ref running);
        };
        await UntilAsync(cloud, () => Task.FromResult(Volatile.Read(ref started) == 1));
        // Ten intervals pass while the first one waits for Nova.
        for (int i = 0; i < 10; i++)
            cloud.Control.Time.Advance(cloud.Options.Interval);
        Assert.Equal(1, Volatile.Read(ref started));
        gate.SetResult();
        await UntilAsync(cloud, () => Task.FromResult(Volatile.Read(ref started) > 2));
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task One_that_is_switched_off_has_no_next_time()
    {
        await using SweptCloud cloud = await SweptCloud.StartAsync();
        JsonNode status = await StatusAsync(cloud, "service");
        Assert.Equal((false, null, null), ((bool)status["enabled"]!, status["next_at"], status["last"]));
        Assert.Null(cloud.Control.App.Services.GetService<ISchedulerFactory>());
    }

    private static async Task<JsonNode> StatusAsync(SweptCloud cloud, string role)
    {
        using HttpResponseMessage response = await cloud.Control.GetAsync("/v1/sweep", role);
        Assert.Equal(200, (int)response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
    }

    /// <summary>Lets time pass until it is so.</summary>
    private static async Task UntilAsync(SweptCloud cloud, Func<Task<bool>> reached)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            cloud.Control.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }
}
