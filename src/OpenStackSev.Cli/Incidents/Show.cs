using System.CommandLine;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Incidents;

/// <summary><c>osev incident</c>: an incident as a filled-in record, in Markdown.</summary>
internal static class Show
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> subject = Subject.Argument("incident", "Number of an incident; or UUID of a server, or UUID or name of a compute node, for its latest one.");
        Option<bool> all = new("--list") { Description = "List all incidents of that server or compute node, the latest first." };
        OsevCommand command = new("incident", "Print the record of an incident as Markdown: number, time, symptom, what was checked in order, result, prevention.",
            "osev incident 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11", "osev incident compute1 --list", "osev incident 4711 > incident-4711.md", "osev incident 4711 -f json")
        {
            subject, all, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            string named = parsed.GetRequiredValue(subject);
            if (long.TryParse(named, out long number))
                Write(console, await control.Api.GetIncidentAsync(number, ct));
            else
                await OfSubjectAsync(console, control, named, parsed.GetValue(all), ct);
            return ExitCode.Ok;
        });
        return command;
    }

    private static async Task OfSubjectAsync(CommandConsole console, Hosts.ControlPlane control, string named, bool all, CancellationToken ct)
    {
        Subject found = await Subject.OfAsync(control, named, ct);
        IncidentList list = found.Instance is not null ? await control.Api.ListInstanceIncidentsAsync(found.Id, ct) : await control.Api.ListHostIncidentsAsync(found.Id, ct);
        if (all)
        {
            console.WriteList(list, IncidentsJson.Default.IncidentList, ["NUMBER", "BEGAN", "ENDED", "SYMPTOM"], list.Incidents.Select(incident => new[]
            {
                incident.Number.ToString(), Instances.List.Time(incident.OpenedAt), incident.ClosedAt is { } closed ? Instances.List.Time(closed) : "lasts", incident.Symptom,
            }));
            return;
        }

        Write(console, list.Incidents is [var latest, ..] ? latest
            : throw new CommandException($"there was no incident of {named}{(list.Complete ? "" : " in its latest records")}", $"osev history {named} shows what happened"));
    }

    private static void Write(CommandConsole console, IncidentRecord incident)
    {
        if (console.Format is OutputFormat.Json or OutputFormat.Yaml)
            console.WriteJson(incident, IncidentsJson.Default.IncidentRecord);
        else
            console.Out.Write(IncidentMarkdown.Of(incident));
    }
}
