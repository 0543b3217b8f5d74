using System.Text;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Incidents;

/// <summary>An incident as a page of Markdown. Pure.</summary>
internal static class IncidentMarkdown
{
    /// <summary>What others' words could mean in Markdown.</summary>
    private const string Special = "\\`*[]<>|";

    public static string Of(IncidentRecord incident)
    {
        var page = new StringBuilder();
        void Line(string line = "") => page.Append(line).Append('\n');
        Line($"# Incident {incident.Number}");
        Line();
        Line($"- Subject: {incident.Kind} {incident.Subject}");
        Line($"- Began: {Instances.List.Time(incident.OpenedAt)}");
        Line($"- Ended: {(incident.ClosedAt is { } closed ? Instances.List.Time(closed) : "not yet")}");
        Section("Symptom");
        Line(Plain(incident.Symptom));
        if (incident.Checked.Count > 0)
        {
            Section("Checked, in this order");
            for (int number = 1; number <= incident.Checked.Count; number++)
                Line($"{number}. {Plain(incident.Checked[number - 1])}");
        }

        Section("What happened");
        Line("| time | what |");
        Line("|---|---|");
        foreach (IncidentStep step in incident.Steps)
            Line($"| {Instances.List.Time(step.Time)} | {Plain(step.What)} |");
        Section("Result");
        Line(Plain(incident.Result));
        Section("Prevention");
        foreach (string prevention in incident.Prevention)
            Line($"- {Plain(prevention)}");
        return page.ToString();

        void Section(string title)
        {
            Line();
            Line($"## {title}");
        }
    }

    private static string Plain(string text)
    {
        var plain = new StringBuilder(text.Length);
        foreach (char letter in text)
        {
            if (Special.Contains(letter))
                plain.Append('\\');
            plain.Append(char.IsControl(letter) ? ' ' : letter);
        }

        return plain.ToString();
    }
}
