using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Tests.Capacity;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Platform;

namespace OpenStackSev.Benchmarks;

/// <summary>From the facts of a host to what must be written, for many hosts: pools, projection and difference, without any I/O.</summary>
internal static class ProjectionCost
{
    private const int Many = 10_000, Few = 1_000;
    private const double LeastRatio = 7, MostRatio = 13;
    private static readonly TimeSpan Most = TimeSpan.FromSeconds(1);

    public static IReadOnlyList<Result> Measure()
    {
        Host[] hosts = [.. Enumerable.Range(0, Many).Select(Host.Number)];
        ProviderTree[] trees = [.. hosts.Select(host => host.Project().Desired)];
        int steps = 0;
        // Also the warm-up.
        foreach (Host host in hosts)
            steps += host.Changes();

        TimeSpan few = CpuTime.BestOf(() => Run(hosts.AsSpan(0, Few)));
        TimeSpan many = CpuTime.BestOf(() => Run(hosts));
        TimeSpan copy = CpuTime.BestOf(() => Copy(trees), repeats: 100);
        TimeSpan copyFew = CpuTime.BestOf(() => Copy(trees.AsSpan(0, Few)), repeats: 1000);
        int providers = trees.Sum(tree => 1 + tree.Guards.Count);
        double ratio = many / few;
        return
        [
            new($"projection and difference of {Many:N0} hosts ({providers:N0} providers, {steps:N0} writes), CPU time, best of "
                + CpuTime.Runs,
                CpuTime.Text(many), "at most 1 s", many <= Most,
                $"copying {providers:N0} provider records: {CpuTime.Text(copy)}"),
            new($"the same, {Many:N0} hosts ÷ {Few:N0} hosts",
                $"{ratio:0.0}", $"{LeastRatio} to {MostRatio}", ratio is >= LeastRatio and <= MostRatio,
                $"copying: {copy / copyFew:0.0}"),
        ];
    }

    private static void Run(ReadOnlySpan<Host> hosts)
    {
        foreach (Host host in hosts)
            host.Changes();
    }

    private static void Copy(ReadOnlySpan<ProviderTree> trees)
    {
        foreach (ProviderTree tree in trees)
        {
            GC.KeepAlive(tree with { });
            foreach (GuardProvider guard in tree.Guards.Values)
                GC.KeepAlive(guard with { });
        }
    }

    /// <summary>A machine and what Placement holds for it.</summary>
    private sealed record Host(PlatformFacts Facts, ObservedNode Observed)
    {
        private static readonly CapacityOptions Options = new();

        /// <summary>In turn: never published, published as it is, and published with another number.</summary>
        public static Host Number(int number)
        {
            uint sev = 10 + (uint)(number % 400), sevEs = 99;
            PlatformFacts facts = Given.Facts(sev, sevEs, sevInUse: (uint)(number % 10));
            ObservedNode empty = Given.Empty((EncryptionModel.AmdSev, (int)sev), (EncryptionModel.AmdSevSnp, (int)sevEs));
            if (number % 3 == 0)
                return new Host(facts, empty);
            int off = number % 3 == 1 ? 0 : 5;
            ObservedNode observed = empty
                .WithGuard(EncryptionModel.AmdSev, (int)sev - off, 0, number % 10)
                .WithGuard(EncryptionModel.AmdSevSnp, (int)sevEs, 0, 0);
            CapacityProjection projection = new Host(facts, observed).Project();
            return new Host(facts, observed with
            {
                AllRootTraits = observed.AllRootTraits.Union(projection.Desired.RootFacts),
                Tree = observed.Tree with { RootFacts = projection.Desired.RootFacts },
            });
        }

        public CapacityProjection Project() =>
            CapacityProjection.Of(Facts, AsidPools.From(Facts), Options, Observed, ForeignGuestCount.Unknown);

        public int Changes() => ProviderChanges.Between(Observed, Project().Desired).Steps.Length;
    }
}
