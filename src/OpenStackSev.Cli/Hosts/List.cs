using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host list</c>: who reports, and whose chips are approved.</summary>
internal static class List
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("list", "List hosts that report to the control plane.",
            "osev host list", "osev host list -f csv -c name -c trust", "osev host list -f json")
        {
            ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            HostSummary[] hosts = [.. (await control.AllHostsAsync(ct)).OrderBy(host => host.Name, StringComparer.Ordinal)];
            console.WriteList(new HostListDocument(hosts), HostJson.Default.HostListDocument,
                ["NODE", "NAME", "TRUST", "TRUST UNTIL", "ENROLMENT", "HEARD", "PRODUCT", "CHIPS", "LAST SEEN"], hosts.Select(host => new[]
                {
                    host.Node.ToString(), host.Name, TrustRows.Word(host.Trust), host.TrustEnds is { } ends ? Time(ends) : "", Word(host.Enrolment), host.Silent ? "silent" : "reports",
                    (host.Product ?? "") + (host.Simulated ? " (simulated)" : ""), host.ChipCount.ToString(CultureInfo.InvariantCulture), Time(host.LastSeen),
                }));
            return ExitCode.Ok;
        });
        return command;
    }

    public static string Word(EnrolmentState state) => state switch
    {
        EnrolmentState.NoChips => "no chips",
        _ => state.ToString().ToLowerInvariant(),
    };

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}

internal sealed record HostListDocument(IReadOnlyList<HostSummary> Hosts);

internal sealed record HistoryDocument(IReadOnlyList<HostHistoryRecord> Records);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [typeof(EnrolmentWord), typeof(TrustWord)])]
[JsonSerializable(typeof(HostListDocument))]
[JsonSerializable(typeof(HostDetails))]
[JsonSerializable(typeof(HistoryDocument))]
[JsonSerializable(typeof(DrainPlan))]
[JsonSerializable(typeof(UpgradeCheck))]
internal sealed partial class HostJson : JsonSerializerContext;

internal sealed class TrustWord() : JsonStringEnumConverter<TrustLevel>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

internal sealed class EnrolmentWord() : JsonStringEnumConverter<EnrolmentState>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
