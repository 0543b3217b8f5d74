using System.Diagnostics;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Simulation;

namespace OpenStackSev.Benchmarks;

/// <summary>The native agent, from exec to the end of its first publication, on a simulated Milan host.</summary>
/// <remarks>Settings are the defaults. Nova is one of today: it wrote compute_id and has a provider for each of the three models.</remarks>
internal static class AgentPublication
{
    private const string Node = "compute1";
    private static readonly Guid Root = new("11111111-2222-4333-8444-555555555555");
    private const int MostRequests = 16;
    private const long MostBytes = 30_000_000;
    private static readonly TimeSpan MostCpu = TimeSpan.FromMilliseconds(50);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string agent = await NativeProgram.AgentAsync();
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            string host = Path.Join(folder, "host");
            SimulatedHost.Write(host, new SimulatedHostOptions(HostModel.Named("milan")!));
            Directory.CreateDirectory(Path.Join(host, "var/lib/nova"));
            await File.WriteAllTextAsync(Path.Join(host, "var/lib/nova/compute_id"), Root.ToString());

            (ChildCost cost, Requests requests) = await RunAsync(agent, Path.Join(folder, "usual"), host);
            (_, Requests byName) = await RunAsync(
                agent, Path.Join(folder, "by-name"), host, $"compute_id_file = /none\nnode_name = {Node}");
            (_, Requests shared) = await RunAsync(agent, Path.Join(folder, "es-share"), host, "es_share = 10");
            ChildCost nothing = await ChildCost.OfSeveralAsync(() => new ProcessStartInfo("/bin/true"));
            ChildCost sdk = await ChildCost.OfSeveralAsync(() => new ProcessStartInfo("dotnet", ["--version"]));
            return
            [
                new($"agent, exec to the end of its first publication, CPU time, best of {CpuTime.Runs}", CpuTime.Text(cost.Cpu),
                    $"at most {MostCpu.TotalMilliseconds:0} ms", cost.Cpu <= MostCpu,
                    $"/bin/true: {CpuTime.Text(nothing.Cpu)}; dotnet --version: {CpuTime.Text(sdk.Cpu)}"),
                new($"the same, peak resident memory, most of {CpuTime.Runs}",
                    Megabytes(cost.PeakBytes), $"at most {Megabytes(MostBytes)}", cost.PeakBytes <= MostBytes,
                    $"/bin/true: {Megabytes(nothing.PeakBytes)}; dotnet --version: {Megabytes(sdk.PeakBytes)}"),
                new("the same, requests", $"{requests}", $"at most {MostRequests} + {requests.NewNames}", requests.Others <= MostRequests,
                    $"other settings, not held to the bar: node_name {byName}; es_share {shared}"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Several runs with the same settings; each sees a Placement of its own.</summary>
    private static async Task<(ChildCost Cost, Requests Requests)> RunAsync(string agent, string folder, string host, string settings = "")
    {
        var rounds = new List<Round>();
        try
        {
            ChildCost cost = await ChildCost.OfSeveralAsync(() =>
            {
                var round = new Round(Path.Join(folder, $"{rounds.Count}"), host, settings);
                rounds.Add(round);
                return round.Program(agent);
            });
            return (cost, rounds.Select(round => round.Counted()).MaxBy(count => count.Others)!);
        }
        finally
        {
            foreach (Round round in rounds)
                round.Dispose();
        }
    }

    private static string Megabytes(long bytes) => $"{bytes / 1e6:0.0} MB";

    /// <param name="NewNames">Resource classes and traits that this Placement did not have: once a cloud, not once a node.</param>
    private sealed record Requests(int Others, int NewNames)
    {
        public override string ToString() => $"{Others} + {NewNames} for new names";
    }

    /// <summary>One run of the agent: a Placement that has never seen it, and a state folder of its own.</summary>
    private sealed class Round : IDisposable
    {
        private readonly FakePlacement placement = new();
        private readonly PlacementListener listener;
        private readonly string folder;

        public Round(string folder, string host, string settings)
        {
            this.folder = folder;
            placement.Add(Node, Root).With("VCPU", 128);
            foreach (EncryptionModel model in EncryptionModels.All)
                placement.Add(model.NovaProviderName(Node), parent: Root).With("MEM_ENCRYPTION_CONTEXT", 10);
            listener = PlacementListener.Start(placement);
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Join(folder, "agent.conf"),
                $"""
                [DEFAULT]
                platform_root = {host}
                state_dir = {folder}/state
                [capacity]
                {settings}

                """);
        }

        public ProcessStartInfo Program(string agent)
        {
            var start = new ProcessStartInfo(agent, ["--once", "--config-file", Path.Join(folder, "agent.conf")]);
            start.Environment.Clear();
            start.Environment["HOME"] = folder;
            start.Environment["OS_AUTH_URL"] = listener.Url;
            start.Environment["OS_USERNAME"] = "agent";
            start.Environment["OS_PASSWORD"] = "secret-of-the-fake";
            start.Environment["OS_PROJECT_NAME"] = "service";
            start.Environment["OS_PLACEMENT_ENDPOINT_OVERRIDE"] = listener.Url + "/placement";
            return start;
        }

        /// <summary>What it asked, once it is certain that it published.</summary>
        public Requests Counted()
        {
            if (placement.Find(EncryptionModel.AmdSevSnp.ProviderName(Node)) is not { Inventories.Count: 1 })
            {
                throw new InvalidOperationException(
                    "the agent ended well but published no SEV-SNP; it asked\n" + string.Join('\n', placement.Requests));
            }

            int newNames = placement.Requests.Count(request =>
                request.StartsWith("PUT /placement/resource_classes/", StringComparison.Ordinal)
                || request.StartsWith("PUT /placement/traits/", StringComparison.Ordinal));
            return new Requests(placement.Requests.Count - newNames, newNames);
        }

        public void Dispose()
        {
            listener.Dispose();
            placement.Dispose();
        }
    }
}
