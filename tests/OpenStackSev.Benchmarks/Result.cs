namespace OpenStackSev.Benchmarks;

/// <summary>One line of the table: what was measured, and whether it is good enough.</summary>
/// <param name="Baseline">What this machine takes for something that everybody knows, measured in the same run.</param>
internal sealed record Result(string Measurement, string Value, string Bar, bool Met, string Baseline)
{
    public static string Table(IEnumerable<Result> results) => string.Join('\n',
    [
        "| measurement | result | bar | met? | this machine's baseline |",
        "|---|---|---|---|---|",
        .. results.Select(result => $"| {result.Measurement} | {result.Value} | {result.Bar} | {(result.Met ? "yes" : "**no**")} | {result.Baseline} |"),
    ]);
}
