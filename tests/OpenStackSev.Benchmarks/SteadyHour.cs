using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Tests.Capacity;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Benchmarks;

/// <summary>What a node costs Placement while nothing changes: an hour of rounds, as close together as the loop makes them.</summary>
internal static class SteadyHour
{
    private const double MostAMinute = 2;

    /// <summary>The loop waits 1.0 to 1.2 of its interval.</summary>
    private const double ShortestWait = 1.0;

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            using var placement = new FakePlacement();
            placement.Add(Given.Node, Given.Root).With("VCPU", 8).With("MEM_ENCRYPTION_CONTEXT", 10);
            using OpenStackConnection cloud = FakeCloud.Connect(placement);
            using CapacityStateFolder state = CapacityStateFolder.Open(folder);
            var options = new CapacityOptions { NodeName = Given.Node };
            var agent = new CapacityPublisher(
                () => Given.Facts(),
                ct => NodeIdentity.ReadAsync(options, folder, null, ct),
                new PlacementMirror(cloud.Placement),
                state,
                options);

            PublishResult result = (await agent.PublishAsync(dryRun: false, CancellationToken.None)).Result;
            if (result != PublishResult.Applied)
                throw new InvalidOperationException($"the first round should have written, but it is {result}");
            // Reads back what it wrote.
            await agent.PublishAsync(dryRun: false, CancellationToken.None);

            int before = placement.Requests.Count, rounds = 0;
            for (TimeSpan clock = TimeSpan.Zero; clock < TimeSpan.FromHours(1); clock += options.Interval * ShortestWait)
            {
                rounds++;
                result = (await agent.PublishAsync(dryRun: false, CancellationToken.None)).Result;
                if (result != PublishResult.Unchanged)
                    throw new InvalidOperationException($"nothing changed, but round {rounds} is {result}");
            }

            double perMinute = (placement.Requests.Count - before) / 60.0;
            return
            [
                new("requests a minute while nothing changes, over a simulated hour",
                    perMinute.ToString("0.00"), $"at most {MostAMinute}", perMinute <= MostAMinute,
                    $"{rounds} rounds an hour with one GET each: {(rounds / 60.0).ToString("0.00")}"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
