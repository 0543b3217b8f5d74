using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Reattestation;

namespace OpenStackSev.Control.Tests.Gates;

/// <summary>A control plane that dies at each step of a look in turn, and another one that goes on.</summary>
public sealed class KilledGateTests
{
    /// <summary>Far more than a look has; without an end the test would show nothing.</summary>
    private const int MostSteps = 100;

    [Fact]
    public async Task Wherever_it_dies_there_is_one_signal()
    {
        DeadlyDatabase database = new();
        await using GatedCloud cloud = await StartAsync(database);
        var places = new HashSet<string>(StringComparer.Ordinal);
        string? died = "";
        for (int step = 1; died is not null; step++)
        {
            Assert.True(step < MostSteps);
            (FakeServer server, _) = await cloud.AddAsync();
            cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
            await cloud.JudgeAsync(server.Id, Verdict.Affirming);
            database.DieAt(step);
            await cloud.LookAsync();
            died = database.DiedAt;
            database.Live();
            places.Add(died ?? "nowhere");
            await cloud.Control.RestartAsync();
            for (int i = 0; i < 3; i++)
                await cloud.LookAsync(TimeSpan.FromMinutes(2));
            Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
            Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
            Assert.Equal(1, (await cloud.HistoryAsync(server.Id)).Count(kind => kind == GateEvents.Opened));
        }

        Assert.Superset(new HashSet<string> { "before a command", "before a commit", "after a commit", "nowhere" }, places);
    }

    /// <summary>Heat takes it, and the answer is lost with the control plane, or with the connection.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Dying_between_the_signal_and_its_answer_signals_once(bool dies)
    {
        DeadlyDatabase database = new();
        await using GatedCloud cloud = await StartAsync(database);
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        bool fired = false;
        cloud.Heat.AfterSignal = () =>
        {
            if (fired)
                return;
            fired = true;
            if (dies)
                database.DieAt(1);
            else
                throw new InvalidOperationException("the answer is lost");
        };
        await cloud.LookAsync();
        Assert.True(fired);
        database.Live();
        if (dies)
            await cloud.Control.RestartAsync();
        for (int i = 0; i < 3; i++)
            await cloud.LookAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
    }

    /// <summary>Two control planes on one database look at the same moment, again and again.</summary>
    [Fact]
    public async Task Of_two_control_planes_one_signals()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        GateRound second = ActivatorUtilities.CreateInstance<GateRound>(cloud.Control.App.Services);
        for (int i = 0; i < 20; i++)
        {
            (FakeServer server, _) = await cloud.AddAsync();
            cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
            await cloud.JudgeAsync(server.Id, Verdict.Affirming);
            await Task.WhenAll(Task.Run(() => cloud.LookAsync()), Task.Run(() => second.RunAsync(TestContext.Current.CancellationToken)));
            await cloud.LookAsync(TimeSpan.FromMinutes(2));
            await second.RunAsync(TestContext.Current.CancellationToken);
            Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
            Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
        }
    }

    /// <summary>One has written down that it signals and takes its time: the other one leaves it alone until that time is over, and then looks before it sends.</summary>
    [Fact]
    public async Task A_signal_that_is_on_its_way_is_left_to_whoever_sends_it()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        GateRound second = ActivatorUtilities.CreateInstance<GateRound>(cloud.Control.App.Services);
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        TaskCompletionSource arrived = new(TaskCreationOptions.RunContinuationsAsynchronously), released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        cloud.Heat.Before = async request =>
        {
            if (!request.EndsWith("/signal", StringComparison.Ordinal))
                return;
            arrived.TrySetResult();
            await released.Task;
        };
        Task first = Task.Run(() => cloud.LookAsync(), TestContext.Current.CancellationToken);
        await arrived.Task;
        await second.RunAsync(TestContext.Current.CancellationToken);
        Assert.Empty(cloud.Heat.Signals);
        released.SetResult();
        await first;
        await second.RunAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
    }

    private static async Task<GatedCloud> StartAsync(DeadlyDatabase database)
    {
        database.Live();
        return await GatedCloud.StartAsync(replace: services =>
        {
            services.AddSingleton(provider => database.Open(Path.Join(provider.GetRequiredService<ProcessOptions>().StateDir, "control.sqlite")));
            // They read at times of their own, which are no step of a look.
            foreach (ServiceDescriptor reader in services.Where(service => service.ImplementationType is { } type && (type.IsAssignableTo(typeof(RefreshedMetrics)) || type == typeof(SilenceWatch))).ToArray())
                services.Remove(reader);
        });
    }
}
