using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Instances;

/// <summary><c>osev instance list</c>: instances with memory encryption, and what was found of them.</summary>
internal static class List
{
    public static Command Create(CommandConsole console)
    {
        Option<string?> project = new("--project") { Description = "Only instances of the project of this id; of all projects for an administrator who names none.", HelpName = "ID" };
        OsevCommand command = new("list", "List instances with memory encryption, and what was found of them.",
            "osev instance list", "osev instance list -f csv -c instance -c verdict", "osev instance list -f json")
        {
            project, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            InstanceSummary[] instances = [.. (await AllAsync(control, parsed.GetValue(project), ct)).OrderBy(one => one.Name, StringComparer.Ordinal).ThenBy(one => one.Instance)];
            console.WriteList(new InstanceListDocument(instances), InstancesJson.Default.InstanceListDocument,
                ["INSTANCE", "NAME", "MODEL", "STATUS", "VERDICT", "JUDGED", "NEXT ROUND", "FINDINGS"], instances.Select(one => new[]
                {
                    one.Instance.ToString(), one.Name, one.Model, one.Status, Word(one), one.JudgedAt is { } judged ? Time(judged) : "never",
                    one.RoundOpenedAt is not null ? "open" : one.NextRoundAt is { } next ? Time(next) : "none", string.Join(' ', one.Findings),
                }));
            return ExitCode.Ok;
        });
        return command;
    }

    public static string Word(InstanceSummary instance) => (instance.Verdict ?? "pending") + (instance.Simulated ? " (simulated)" : "");

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);

    private static async Task<IReadOnlyList<InstanceSummary>> AllAsync(Hosts.ControlPlane control, string? project, CancellationToken ct)
    {
        var all = new List<InstanceSummary>();
        Guid? marker = null;
        do
        {
            InstanceList page = await control.Api.ListInstancesAsync(marker: marker, project: project, ct: ct);
            all.AddRange(page.Instances);
            // A service that repeats itself must not keep us for ever.
            marker = page.Marker is { } next && next != marker && page.Instances.Count > 0 ? next : null;
        }
        while (marker is not null);
        return all;
    }
}

internal sealed record InstanceListDocument(IReadOnlyList<InstanceSummary> Instances);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceListDocument))]
[JsonSerializable(typeof(InstanceAttestation))]
[JsonSerializable(typeof(EvidenceDocument))]
internal sealed partial class InstancesJson : JsonSerializerContext;
