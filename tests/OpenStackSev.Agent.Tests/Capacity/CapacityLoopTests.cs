using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Tests.Capacity;

/// <summary>When rounds happen, and that no failure of the cloud ends the service.</summary>
public sealed class CapacityLoopTests : IDisposable
{
    private const int Written = 1001, WaitingForNode = 1005, Failed = 1006, Stopped = 1007, ConflictLasts = 1008, Refused = 1009;
    private readonly FakePlacement placement = new();
    private readonly AwaitedTime time = new();
    private readonly Events events = new();
    private readonly string folder = Directory.CreateTempSubdirectory("osev-loop-test").FullName;
    private readonly OpenStackConnection cloud;
    private readonly CapacityStateFolder state;
    private readonly CapacityLoop loop;

    public CapacityLoopTests()
    {
        placement.Add(Given.Node, Given.Root).With("MEM_ENCRYPTION_CONTEXT", 10);
        cloud = FakeCloud.Connect(placement);
        state = CapacityStateFolder.Open(folder);
        var options = new CapacityOptions { NodeName = Given.Node };
        var publisher = new CapacityPublisher(
            () => Given.Facts(), ct => NodeIdentity.ReadAsync(options, folder, null, ct), new PlacementMirror(cloud.Placement), state, options);
        loop = new CapacityLoop(publisher, options, time, new Random(1), events);
    }

    public void Dispose()
    {
        loop.Dispose();
        state.Dispose();
        cloud.Dispose();
        placement.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task The_first_round_waits_for_its_share_of_the_jitter()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        Assert.Empty(placement.Requests);
        await UntilAsync(Written);
    }

    [Theory]
    [InlineData(HttpStatusCode.ServiceUnavailable, Failed)]
    [InlineData(HttpStatusCode.Forbidden, Refused)]
    [InlineData(HttpStatusCode.NotAcceptable, Refused)]
    public async Task A_failing_cloud_is_asked_again_until_it_works(HttpStatusCode outage, int logged)
    {
        placement.Outage = outage;
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(logged);
        placement.Outage = null;
        await UntilAsync(Written);
        Assert.False(loop.ExecuteTask!.IsCompleted);
    }

    [Fact]
    public async Task A_node_that_Nova_has_not_registered_yet_is_waited_for()
    {
        placement.Remove(Given.Root);
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(WaitingForNode);
        placement.Add(Given.Node).With("MEM_ENCRYPTION_CONTEXT", 10);
        await UntilAsync(Written);
    }

    [Fact]
    public async Task A_conflict_that_lasts_is_told_and_no_longer_hurried()
    {
        placement.BeforeWrite = _ => placement.Find(Given.Node)!.Generation++;
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(ConflictLasts);
        placement.BeforeWrite = null;
        await UntilAsync(Written);
    }

    [Fact]
    public async Task A_stop_ends_it_at_once_and_leaves_what_is_published()
    {
        await loop.StartAsync(TestContext.Current.CancellationToken);
        await UntilAsync(Written);
        await loop.StopAsync(TestContext.Current.CancellationToken);
        Assert.Contains(Stopped, events.Seen);
        Assert.NotNull(placement.Find("compute1:sev"));
    }

    /// <summary>Lets time pass, as much as it takes, until the loop has said that.</summary>
    private async Task UntilAsync(int eventId)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!hung.IsCancellationRequested && !events.Seen.Contains(eventId))
        {
            time.PassWhileAwaited();
            await Task.Yield();
        }

        Assert.Contains(eventId, events.Seen);
        events.Seen.Clear();
    }

    private sealed class Events : ILogger<CapacityLoop>
    {
        public ConcurrentBag<int> Seen { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Seen.Add(eventId.Id);
    }
}
