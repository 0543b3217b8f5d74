using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Gates;

/// <summary><c>osev gate list</c>: stacks that wait until a server has proved itself.</summary>
internal static class List
{
    private static readonly string[] s_columns = ["INSTANCE", "PROJECT", "STACK", "GATE", "STANDING", "CODE", "FAILURE", "SINCE"];
    private static readonly string[] s_standings = ["waiting", "signalling", "opened", "closed", "refused", "ended"];

    public static Command Create(CommandConsole console)
    {
        Option<string?> project = new("--project") { Description = "Only this project's, by its id. For those who may see others than their own.", HelpName = "ID" };
        Option<string?> standing = new("--standing") { Description = "Only those that stand so.", HelpName = string.Join('|', s_standings) };
        standing.AcceptOnlyFromAmong(s_standings);
        OsevCommand command = new("list", "List the gates of stacks that servers name, and what became of them.",
            "osev gate list", "osev gate list --standing refused -f csv -c instance -c code")
        {
            project, standing, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            IReadOnlyList<InstanceGate> all = await AllAsync(control, parsed.GetValue(project), parsed.GetValue(standing), ct);
            console.WriteList(new GateListDocument(all), GateDocuments.Default.GateListDocument, s_columns, all.Select(gate => new[]
            {
                gate.Instance.ToString(), gate.Project, gate.Stack, gate.Resource, gate.Standing, gate.Code ?? "", gate.Failure ?? "", Instances.List.Time(gate.Since),
            }));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>One gate in a line, for <c>osev instance show</c>.</summary>
    public static string Words(InstanceGate gate)
    {
        string why = (gate.Detail ?? gate.Code) is { } detail ? $": {detail}" : "";
        string failure = gate.Failure is { } code ? $"; the last failure was {code}: {gate.FailureDetail}" : "";
        return $"{gate.Standing}, resource {gate.Resource} of stack {gate.Stack}{why}{failure}";
    }

    private static async Task<IReadOnlyList<InstanceGate>> AllAsync(Hosts.ControlPlane control, string? project, string? standing, CancellationToken ct)
    {
        var all = new List<InstanceGate>();
        Guid? marker = null;
        do
        {
            GateList page = await control.Api.ListGatesAsync(null, marker, project, standing, ct);
            all.AddRange(page.Gates);
            // A service that repeats itself must not keep us for ever.
            marker = page.Marker is { } next && next != marker && page.Gates.Count > 0 ? next : null;
        }
        while (marker is not null);
        return all;
    }
}

internal sealed record GateListDocument(IReadOnlyList<InstanceGate> Gates);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GateListDocument))]
internal sealed partial class GateDocuments : JsonSerializerContext;
