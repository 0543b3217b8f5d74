using System.Diagnostics;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Simulation;

namespace OpenStackSev.Benchmarks;

/// <summary>The native agent, from exec to the end of its first publication, on a simulated Milan host whose Nova offers every model.</summary>
internal static class AgentPublication
{
    private const string Node = "compute1";
    private const int MostRequests = 16;
    private const long MostBytes = 30_000_000;
    private static readonly TimeSpan MostCpu = TimeSpan.FromMilliseconds(50);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string agent = await NativeAgent.FindOrPublishAsync();
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            string host = Path.Join(folder, "host");
            SimulatedHost.Write(host, new SimulatedHostOptions(HostModel.Named("milan")!));
            var rounds = new List<Round>();
            ChildCost cost;
            try
            {
                cost = await ChildCost.BestOfAsync(() =>
                {
                    var round = new Round(Path.Join(folder, $"round{rounds.Count}"), host);
                    rounds.Add(round);
                    return round.Program(agent);
                });
                foreach (Round round in rounds)
                    round.ThrowUnlessPublished();
            }
            finally
            {
                foreach (Round round in rounds)
                    round.Dispose();
            }

            ChildCost nothing = await ChildCost.BestOfAsync(() => new ProcessStartInfo("/bin/true"));
            ChildCost sdk = await ChildCost.BestOfAsync(() => new ProcessStartInfo("dotnet", ["--version"]));
            int requests = rounds.Max(round => round.Requests.Count);
            int newNames = rounds[0].Requests.Count(request =>
                request.StartsWith("PUT /placement/resource_classes/", StringComparison.Ordinal) || request.StartsWith("PUT /placement/traits/", StringComparison.Ordinal));
            return
            [
                new($"agent, exec to the end of its first publication, CPU time, best of {CpuTime.Runs}", CpuTime.Text(cost.Cpu),
                    $"at most {MostCpu.TotalMilliseconds:0} ms", cost.Cpu <= MostCpu,
                    $"/bin/true: {CpuTime.Text(nothing.Cpu)}; dotnet --version: {CpuTime.Text(sdk.Cpu)}"),
                new("the same, peak resident memory", Megabytes(cost.PeakBytes), $"at most {Megabytes(MostBytes)}", cost.PeakBytes <= MostBytes,
                    $"/bin/true: {Megabytes(nothing.PeakBytes)}; dotnet --version: {Megabytes(sdk.PeakBytes)}"),
                new("the same, requests", $"{requests}, of them {newNames} for new names", $"at most {MostRequests} + {newNames}",
                    requests - newNames <= MostRequests, "a token and one write are 2"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static string Megabytes(long bytes) => $"{bytes / 1e6:0.0} MB";

    /// <summary>One run of the agent: a Placement that has never seen it, and a state folder of its own.</summary>
    private sealed class Round : IDisposable
    {
        private readonly FakePlacement placement = new();
        private readonly PlacementListener listener;
        private readonly string folder;

        public Round(string folder, string host)
        {
            this.folder = folder;
            Guid root = placement.Add(Node).With("VCPU", 128).Uuid;
            foreach (EncryptionModel model in EncryptionModels.All)
                placement.Add(model.NovaProviderName(Node), parent: root).With("MEM_ENCRYPTION_CONTEXT", 10);
            listener = PlacementListener.Start(placement);
            Directory.CreateDirectory(folder);
            File.WriteAllText(Path.Join(folder, "agent.conf"),
                $"""
                [DEFAULT]
                platform_root = {host}
                state_dir = {folder}/state
                [capacity]
                node_name = {Node}

                """);
        }

        public List<string> Requests => placement.Requests;

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

        public void ThrowUnlessPublished()
        {
            if (placement.Find(EncryptionModel.AmdSevSnp.ProviderName(Node)) is not { Inventories.Count: 1 })
                throw new InvalidOperationException("the agent ended well but published no SEV-SNP; it asked\n" + string.Join('\n', Requests));
        }

        public void Dispose()
        {
            listener.Dispose();
            placement.Dispose();
        }
    }
}
