using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Results;

namespace OpenStackSev.Control.Timeline;

/// <summary>Records with their sentences, as one reader may see them. Pure.</summary>
internal static class SubjectTimeline
{
    /// <param name="rows">Of one instance, the latest first.</param>
    /// <param name="withHost">False for tenants: hosts and chips are taken out before anything is put into words.</param>
    public static InstanceHistory OfInstance(IReadOnlyList<HistoryRow> rows, bool withHost)
    {
        JsonElement[] bodies = [.. rows.Select(row => InstanceViews.Body(row, withHost))];
        string[] told = Told(rows, bodies);
        return new InstanceHistory([.. rows.Select((row, index) => new InstanceHistoryRecord(row.Id, row.Time, row.Kind, bodies[index], told[index]))]);
    }

    /// <param name="rows">Of one host, the latest first.</param>
    public static HostHistory OfHost(IReadOnlyList<HistoryRow> rows)
    {
        JsonElement[] bodies = [.. rows.Select(row => InstanceViews.Body(row, withHost: true))];
        string[] told = Told(rows, bodies);
        return new HostHistory([.. rows.Select((row, index) => new HostHistoryRecord(row.Id, row.Time, row.Kind, bodies[index], told[index]))]);
    }

    /// <summary>Of one subject, the latest first.</summary>
    public static IReadOnlyList<IncidentRecord> Incidents(IReadOnlyList<HistoryRow> rows, bool withHost)
    {
        JsonElement[] bodies = [.. rows.Select(row => InstanceViews.Body(row, withHost))];
        string[] sentences = Told(rows, bodies);
        var told = rows.Select((row, index) => (row.Id, Body: bodies[index], What: sentences[index])).ToDictionary(one => one.Id);
        return
        [
            .. IncidentRules.Of(rows.Reverse()).Reverse()
                .Select(incident => IncidentViews.Of(incident, [.. incident.Records.Select(row => told[row.Id].What)], told[incident.Number].Body)),
        ];
    }

    /// <summary>Each with the record of the same kind before it, when that is among them.</summary>
    private static string[] Told(IReadOnlyList<HistoryRow> rows, JsonElement[] bodies)
    {
        var told = new string[rows.Count];
        var before = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        for (int index = rows.Count - 1; index >= 0; index--)
        {
            string kind = rows[index].Kind;
            told[index] = Sentences.Of(kind, bodies[index], before.TryGetValue(kind, out JsonElement earlier) ? earlier : null);
            before[kind] = bodies[index];
        }

        return told;
    }
}
