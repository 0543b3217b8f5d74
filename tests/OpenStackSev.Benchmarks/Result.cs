namespace OpenStackSev.Benchmarks;

/// <summary>One line of the table: what was measured, and whether it is good enough.</summary>
/// <param name="Baseline">What this machine takes for something that everybody knows, measured in the same run.</param>
internal sealed record Result(string Measurement, string Value, string Bar, bool Met, string Baseline)
{
    private string Line => $"| {Measurement} | {Value} | {Bar} | {(Met ? "yes" : "**no**")} | {Baseline} |";

    public static string Table(IEnumerable<Result> results) => string.Join('\n',
    [
        "| measurement | result | bar | met? | this machine's baseline |",
        "|---|---|---|---|---|",
        .. results.Select(result => result.Line),
    ]);
}
