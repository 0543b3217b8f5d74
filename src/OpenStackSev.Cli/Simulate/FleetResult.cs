using System.Globalization;
using OpenStackSev.Simulation.Fleet;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary>What came of a fleet's rounds.</summary>
/// <param name="Simulated">Always true: none of it says anything about hardware.</param>
/// <param name="Wrong">Lies that were affirmed, and honest instances that got no verdict.</param>
internal sealed record FleetResult(
    bool Simulated, Uri Url, int Instances, int Chips, int Rounds, int Wrong, IReadOnlyList<FleetGroup> Outcomes, IReadOnlyList<FleetLatency> Latencies)
{
    public static readonly string[] Headers = ["LIE", "VERDICT", "CODE", "COUNT"];

    public static FleetResult Of(Uri url, int chips, IReadOnlyList<IReadOnlyList<FleetOutcome>> rounds)
    {
        (FleetOutcome Outcome, SimulatedLie Lie)[] all = [.. rounds.SelectMany((round, number) => round.Select(outcome => (outcome, LieOf(outcome, isFirst: number == 0))))];
        return new FleetResult(
            Simulated: true, url, rounds[0].Count, chips, rounds.Count, all.Count(one => IsWrong(one.Outcome, one.Lie)),
            [
                .. all.GroupBy(one => (one.Lie, one.Outcome.Verdict, one.Outcome.Code)).OrderBy(group => group.Key.Lie).ThenByDescending(group => group.Count())
                    .Select(group => new FleetGroup(Guest.WordOf(group.Key.Lie), group.Key.Verdict, group.Key.Code, group.Count())),
            ],
            [
                FleetLatency.Of("challenge", all.Select(one => one.Outcome.ChallengeTook)),
                FleetLatency.Of("evidence", all.Select(one => one.Outcome.EvidenceTook).OfType<TimeSpan>()),
            ]);
    }

    public void Write(CommandConsole console)
    {
        if (console.Format is OutputFormat.Json or OutputFormat.Yaml)
        {
            console.WriteJson(this, SimulateJson.Default.FleetResult);
            return;
        }

        console.WriteLine($"SIMULATED: {Instances} instances on {Chips} chips, {Rounds} rounds, against {Url}. This proves nothing about any hardware.");
        console.WriteLine();
        console.WriteTable(Headers, Outcomes.Select(group => new[] { group.Lie, group.Verdict ?? "-", group.Code ?? "-", group.Count.ToString(CultureInfo.InvariantCulture) }));
        console.WriteLine();
        console.WriteTable(["REQUEST", "COUNT", "P50 MS", "P95 MS", "P99 MS", "MOST MS"], Latencies.Select(one =>
            new[] { one.Request, one.Count.ToString(CultureInfo.InvariantCulture), Text(one.P50Ms), Text(one.P95Ms), Text(one.P99Ms), Text(one.MostMs) }));
    }

    /// <summary>Who has nothing to replay yet tells the truth.</summary>
    private static SimulatedLie LieOf(FleetOutcome outcome, bool isFirst) =>
        isFirst && outcome.Member.Lie == SimulatedLie.Replay ? SimulatedLie.None : outcome.Member.Lie;

    private static bool IsWrong(FleetOutcome outcome, SimulatedLie lie) => lie == SimulatedLie.None ? outcome.Verdict is null : outcome.Verdict == "affirming";

    private static string Text(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}

/// <param name="Verdict">Null where there was none.</param>
/// <param name="Code">Of the refusal, or of the first finding; null for neither.</param>
internal sealed record FleetGroup(string Lie, string? Verdict, string? Code, int Count);

/// <summary>Milliseconds by the clock, from when a request was due.</summary>
internal sealed record FleetLatency(string Request, int Count, double P50Ms, double P95Ms, double P99Ms, double MostMs)
{
    public static FleetLatency Of(string request, IEnumerable<TimeSpan> took)
    {
        double[] all = [.. took.Select(one => Math.Round(one.TotalMilliseconds, 1)).Order()];
        double At(double share) => all.Length == 0 ? 0 : all[Math.Min(all.Length - 1, (int)(all.Length * share))];
        return new(request, all.Length, At(0.5), At(0.95), At(0.99), At(1));
    }
}
