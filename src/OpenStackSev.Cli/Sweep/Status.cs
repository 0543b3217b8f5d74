using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Cli.Hosts;

namespace OpenStackSev.Cli.Sweep;

/// <summary><c>osev sweep status</c>: whether the cloud's instances are looked after.</summary>
internal static class Status
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("status", "Show the last and the next look at the cloud's instances, who is due and who does not answer.",
            "osev sweep status", "osev sweep status -f json")
        {
            ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            SweepStatus status = await control.Api.GetSweepAsync(ct);
            console.WriteList(status, SweepStatusJson.Default.SweepStatus, ["FIELD", "VALUE"], Rows(status));
            return ExitCode.Ok;
        });
        return command;
    }

    private static IEnumerable<string[]> Rows(SweepStatus status)
    {
        SweptNumbers instances = status.Instances;
        yield return ["sweeps", status.Enabled ? "yes" : "no: another control plane does, or [sweep] enabled is off"];
        yield return ["encrypted instances", Text(instances.Encrypted)];
        yield return ["due", Text(instances.Due)];
        yield return ["open", Text(instances.Open)];
        yield return ["overdue", Text(instances.Overdue)];
        yield return ["silent", Text(instances.Silent)];
        foreach (string[] row in Rows(status.Notifications))
            yield return row;
        yield return ["next", status.NextAt is { } next ? List.Time(next) : "none"];
        if (status.Last is not { } last)
        {
            yield return ["last", "none since the start"];
            yield break;
        }

        yield return ["last", $"{List.Time(last.StartedAt)}, {last.Listing}{(last.IsComplete ? "" : ", broke off")}, {(last.FinishedAt - last.StartedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture)} s"];
        yield return ["last full", last.FullListingAt is { } full ? List.Time(full) : "none"];
        yield return ["listed", $"{Text(last.Listed)}, encrypted {Text(last.Encrypted)}"];
        yield return ["found", $"new {last.New}, changed {last.Changed}, moved {last.Moved}, gone {last.Gone}"];
        yield return ["did", $"opened {last.Opened}, judged silent {last.Silent}, nudged {last.Nudged}"];
        foreach (SweepFailure failure in last.Failures)
            yield return ["failed", $"{failure.Code} {Text(failure.Count)} times, last: {failure.Detail}"];
    }

    private static IEnumerable<string[]> Rows(NotificationStatus? heard)
    {
        if (heard is null)
            yield break;
        yield return ["notifications", heard.State switch
        {
            "off" => "off: changes are found at the next look; [notifications] transport_url is not set",
            "connected" => $"connected since {List.Time(heard.Since)}, {heard.Broker}",
            _ => $"{heard.State} since {List.Time(heard.Since)}: {heard.Code}: {heard.Detail}",
        }];
        if (heard.State == "off")
            yield break;
        yield return ["heard", $"handled {heard.Handled}, ignored {heard.Ignored}, unreadable {heard.Unreadable}, given up {heard.Failed}, given back {heard.Returned}"];
        if (heard is { LastAt: { } at })
            yield return ["last heard", $"{List.Time(at)}{(heard.LagSeconds is { } lag ? string.Create(CultureInfo.InvariantCulture, $", {lag:0.0} s old") : "")}"];
        yield return ["queue", $"{heard.Queue}: {(heard.Waiting is { } waiting ? string.Create(CultureInfo.InvariantCulture, $"{waiting} waiting") : "not looked at yet")}{(heard.FoundFull > 0 ? $", at its bound {heard.FoundFull} times" : "")}"];
    }

    private static string Text(int count) => count.ToString(CultureInfo.InvariantCulture);
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(SweepStatus))]
internal sealed partial class SweepStatusJson : JsonSerializerContext;
