using OpenStackSev.Benchmarks;

if (args is [ControlServers.Argument, var configuration])
    return await ControlServers.RunAsync(configuration);

var measurements = new Dictionary<string, Func<Task<IReadOnlyList<Result>>>>(StringComparer.Ordinal)
{
    ["agent"] = AgentPublication.MeasureAsync,
    ["projection"] = () => Task.FromResult(ProjectionCost.Measure()),
    ["steady"] = SteadyHour.MeasureAsync,
    ["attestation"] = () => Task.FromResult(AttestationCost.Measure()),
    ["attest"] = AttestCommand.MeasureAsync,
    ["validate"] = ValidateCommand.MeasureAsync,
    ["audit"] = AuditCommand.MeasureAsync,
    ["validation"] = () => Task.FromResult(ValidationCost.Measure()),
    ["guest"] = GuestCost.MeasureAsync,
    ["control"] = ControlCost.MeasureAsync,
    ["evidence"] = EvidenceCost.MeasureAsync,
    ["fleet"] = FleetCost.MeasureAsync,
    ["enforcement"] = EnforcementCost.MeasureAsync,
    ["trust"] = TrustCost.MeasureAsync,
    ["notifications"] = NotificationCost.MeasureAsync,
    ["history"] = () => HistoryCost.MeasureAsync(rows: 1_000_000),
};

// takes minutes and 5 GB of disk: only when it is asked for
const string LargeHistory = "history-10m";
if (args.Contains(LargeHistory, StringComparer.Ordinal))
    measurements[LargeHistory] = () => HistoryCost.MeasureAsync(rows: 10_000_000);

if (args.FirstOrDefault(name => !measurements.ContainsKey(name)) is { } unknown)
{
    Console.Error.WriteLine($"error: no measurement '{unknown}'; known are {string.Join(", ", measurements.Keys)}, {LargeHistory}");
    return 64;
}

var results = new List<Result>();
foreach ((string name, Func<Task<IReadOnlyList<Result>>> measure) in measurements)
{
    if (args.Length > 0 && !args.Contains(name, StringComparer.Ordinal))
        continue;
    Console.Error.WriteLine($"measuring {name}");
    results.AddRange(await measure());
}

Console.WriteLine(Result.Table(results));
return results.All(result => result.Met) ? 0 : 1;
