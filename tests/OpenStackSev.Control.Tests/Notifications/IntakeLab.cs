using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>The real intake in the real application with a fake cloud; the test is the queue.</summary>
internal sealed class IntakeLab : IAsyncDisposable
{
    private readonly NotificationIntake intake;

    private IntakeLab(SweptCloud cloud, NotificationIntake intake, WaitedForTime time) => (Cloud, this.intake, Time) = (cloud, intake, time);

    public SweptCloud Cloud { get; }
    public FakeNova Nova => Cloud.Nova;

    /// <summary>The intake's own clock: only its pauses wait by it.</summary>
    public WaitedForTime Time { get; }

    public static async Task<IntakeLab> StartAsync(params IReadOnlyList<(string Key, string Value)> settings)
    {
        SweptCloud cloud = await SweptCloud.StartAsync([("sweep.nudges", "0"), .. settings]);
        var time = new WaitedForTime(cloud.Now);
        // By a clock that runs: what it holds back would wait for ever by one that stands still.
        var budget = new NovaBudget(new NotificationOptions { RequestsPerSecond = 1_000_000 }, TimeProvider.System);
        var instances = new InstanceFollowUp(cloud.Of<SweptInstances>(), cloud.Of<FleetListing>(), cloud.Of<InstanceSteps>(), cloud.Of<TicketDelivery>(), cloud.Of<GateWatch>(), budget, cloud.Options,
            cloud.Of<ReattestationOptions>(), cloud.Control.Time, cloud.Of<ILogger<InstanceFollowUp>>());
        var started = new NotificationIntake(instances, cloud.Of<ServiceFollowUp>(), cloud.Of<FlavorFollowUp>(), cloud.Of<NotificationJournal>(), cloud.Of<NotificationOptions>(),
            time, cloud.Of<ILogger<NotificationIntake>>());
        await started.StartAsync(TestContext.Current.CancellationToken);
        return new IntakeLab(cloud, started, time);
    }

    /// <summary>What the queue is told about a message that is delivered now.</summary>
    public async Task<Delivered> DeliverAsync(byte[] body)
    {
        var delivered = new Delivered();
        await intake.TakeAsync(body, delivered.Receipt);
        return delivered;
    }

    /// <summary>Delivers, again when it is given back, until it is acknowledged.</summary>
    public async Task HearAsync(params IReadOnlyList<byte[]> bodies)
    {
        foreach (Delivered one in await Task.WhenAll(bodies.Select(DeliverAsync)))
            Assert.Equal("done", await one.Answer);
    }

    public async ValueTask DisposeAsync()
    {
        await intake.StopAsync(CancellationToken.None);
        intake.Dispose();
        await Cloud.DisposeAsync();
    }
}

/// <summary>One delivery: its answer comes once.</summary>
internal sealed class Delivered
{
    private readonly TaskCompletionSource<string> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Receipt Receipt => new(() => End("done"), () => End("returned"));

    public Task<string> Answer => answer.Task.WaitAsync(TimeSpan.FromMinutes(5), TestContext.Current.CancellationToken);

    public bool IsAnswered => answer.Task.IsCompleted;

    private ValueTask End(string how)
    {
        answer.SetResult(how);      // throws for a second one
        return ValueTask.CompletedTask;
    }
}

/// <summary>A clock that stands still and that tells when somebody waits by it.</summary>
internal sealed class WaitedForTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    private readonly Channel<bool> waits = Channel.CreateUnbounded<bool>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        waits.Writer.TryWrite(true);
        return timer;
    }

    /// <summary>Somebody waits: from here on time may pass.</summary>
    public ValueTask<bool> SomebodyWaitsAsync() => waits.Reader.ReadAsync(TestContext.Current.CancellationToken);
}
