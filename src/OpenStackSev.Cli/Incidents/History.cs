using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Incidents;

/// <summary><c>osev history</c>: what happened to an instance or a host, and why, as a time line.</summary>
internal static class History
{
    private const int MostRecords = 10_000;

    public static Command Create(CommandConsole console)
    {
        Argument<string> subject = Subject.Argument("instance-or-host", "UUID of a server, or UUID or name of a compute node.");
        Option<int> limit = new("--limit") { Description = "At most so many of the latest records (default 200, at most 10000).", HelpName = "N", DefaultValueFactory = _ => 200 };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > MostRecords)
                result.AddError($"--limit: must be 1 to {MostRecords}");
        });
        OsevCommand command = new("history", "Show what happened to an instance or a host, and why, the oldest first. With an instance also what happened to its hosts, for those who may see them.",
            "osev history 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11", "osev history compute1 --limit 20", "osev history compute1 -f json")
        {
            subject, limit, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            Subject found = await Subject.OfAsync(control, parsed.GetRequiredValue(subject), ct);
            IReadOnlyList<StoryLine> lines = found.Instance is not null
                ? await Story.OfInstanceAsync(control.Api, found.Id, parsed.GetValue(limit), ct)
                : await Story.OfHostAsync(control.Api, found.Id, parsed.GetValue(limit), null, ct);
            Write(console, found, lines);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(CommandConsole console, Subject subject, IReadOnlyList<StoryLine> lines)
    {
        if (console.Format == OutputFormat.Table && console.Columns.Count == 0 && subject.Instance is { } instance)
            Head(console, instance);
        console.WriteList(new StoryDocument(subject.Id, subject.Instance?.Explanation, lines), IncidentsJson.Default.StoryDocument, ["TIME", "WHAT"],
            Story.Together(lines).Select(one => new[]
            {
                Instances.List.Time(one.Line.Time),
                (one.Line.Of is { } host ? $"host {host}: " : "") + one.Line.Text + (one.Times > 1 ? $" — {one.Times} times, until {Instances.List.Time(one.Last)}" : ""),
            }));
    }

    private static void Head(CommandConsole console, InstanceAttestation found)
    {
        console.WriteLine($"{found.Instance.Name} ({found.Instance.Instance}): {found.Explanation?.Summary ?? found.Instance.Verdict ?? "not judged yet"}", "bold");
        foreach (string reason in found.Explanation?.Reasons ?? [])
            console.WriteLine($"  {reason}");
        foreach (string step in found.Explanation?.NextSteps ?? [])
            console.WriteLine($"  next: {step}");
        console.WriteLine();
    }
}

internal sealed record StoryDocument(Guid Subject, InstanceExplanation? Explanation, IReadOnlyList<StoryLine> Records);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(StoryDocument))]
[JsonSerializable(typeof(IncidentRecord))]
[JsonSerializable(typeof(IncidentList))]
internal sealed partial class IncidentsJson : JsonSerializerContext;
