using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Cli.Hosts;

namespace OpenStackSev.Cli.Enforcement;

/// <summary><c>osev enforcement status</c>: what follows from verdicts, and whether it stands still.</summary>
internal static class Status
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("status", "Show what follows from verdicts: by which rules, how many instances stand how and why, and whether it stands still.",
            "osev enforcement status", "osev enforcement status -f json")
        {
            ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            Write(console, await control.Api.GetEnforcementAsync(ct));
            return ExitCode.Ok;
        });
        return command;
    }

    public static void Write(CommandConsole console, EnforcementStatus status) =>
        console.WriteList(status, EnforcementDocuments.Default.EnforcementStatus, ["FIELD", "VALUE"], Rows(status));

    private static IEnumerable<string[]> Rows(EnforcementStatus status)
    {
        yield return ["enforces", status.Enabled ? "yes" : "no: another control plane does, or [enforcement] enabled is off"];
        yield return ["mode", status.Rules.Mode];
        yield return ["rules", $"{status.Rules.File ?? "built-in"}, {status.Rules.Digest}"];
        if (status.Rules.Problem is { } problem)
            yield return ["rules file", $"wrong, older rules hold: {problem}"];
        EnforcementBreaker breaker = status.Breaker;
        yield return ["breaker", breaker.Open ? $"OPEN since {List.Time(breaker.OpenedAt ?? default)}: {breaker.Reason}; go on with osev enforcement resume" : "closed"];
        if (breaker.ResumedAt is { } resumed)
            yield return ["resumed", $"{List.Time(resumed)} by {breaker.ResumedBy}"];
        yield return ["left this hour", $"{Text(status.Budget.LeftThisHour)} of {Text(status.Budget.MostAnHour)}, at most {Text(status.Budget.MostARun)} at one look"];
        foreach (EnforcementCount count in status.Instances)
            yield return [count.Standing, $"{Text(count.Count)}{(count.Reason is { } reason ? " " + reason : "")}"];
        if (status.Instances.Count == 0)
            yield return ["instances", "none that something speaks against"];
        yield return ["next", status.NextAt is { } next ? List.Time(next) : "none"];
        if (status.Last is not { } last)
        {
            yield return ["last", "none since the start"];
            yield break;
        }

        yield return ["last", $"{List.Time(last.StartedAt)}, noticed {Text(last.Noticed)}, done {Text(last.Done)}, undone {Text(last.Undone)}, withheld {Text(last.Withheld)}"];
        foreach (EnforcementFailure failure in last.Failures)
            yield return ["failed", $"{failure.Code} {Text(failure.Count)} times, last: {failure.Detail}"];
    }

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);
}

internal sealed record EnforcementListDocument(IReadOnlyList<EnforcementInstance> Instances);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(EnforcementStatus))]
[JsonSerializable(typeof(EnforcementListDocument))]
[JsonSerializable(typeof(EnforcementInstance))]
internal sealed partial class EnforcementDocuments : JsonSerializerContext;
