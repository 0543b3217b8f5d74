using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Timeline;

/// <summary>Where incidents begin and end in the history of one instance or host. Pure.</summary>
internal static class IncidentRules
{
    /// <param name="rows">Of one subject, the oldest first.</param>
    /// <returns>The oldest first.</returns>
    public static IReadOnlyList<Incident> Of(IEnumerable<HistoryRow> rows)
    {
        var incidents = new List<Incident>();
        List<HistoryRow>? open = null;
        // Each trouble of a host ends by itself: chips that are approved do not make a silent host talk.
        var troubles = new HashSet<string>(StringComparer.Ordinal);
        foreach (HistoryRow row in rows)
        {
            if (Trouble(row) is { } trouble)
            {
                open ??= [];
                troubles.Add(trouble);
            }

            if (open is null)
                continue;
            open.Add(row);
            troubles.ExceptWith(Cures(row));
            if (troubles.Count > 0)
                continue;
            incidents.Add(new Incident(open, row));
            open = null;
        }

        if (open is not null)
            incidents.Add(new Incident(open, null));
        return incidents;
    }

    /// <summary>What the record says is wrong from now on; null when it says nothing of the kind.</summary>
    private static string? Trouble(HistoryRow row) => row.Kind switch
    {
        InstanceEvents.Verdict when Verdict(row) == "contraindicated" => InstanceEvents.Verdict,
        SweepEvents.NotEncrypted => InstanceEvents.Verdict,
        // What could not be judged for want of something of ours is no trouble of the instance's.
        SweepEvents.Silent when !Read(row, Sentences.IsUnjudged) => InstanceEvents.Verdict,
        HostEvents.Silent => HostEvents.Silent,
        HostEvents.ChipChanged => HostEvents.ChipChanged,
        HostEvents.ChipConflict => HostEvents.ChipConflict,
        HostEvents.Quarantined => HostEvents.Quarantined,
        HostEvents.TrustChanged when Level(row) == "untrusted" => HostEvents.TrustChanged,
        _ => null,
    };

    /// <summary>What the record ends.</summary>
    private static string[] Cures(HistoryRow row) => row.Kind switch
    {
        InstanceEvents.Verdict when Verdict(row) is "affirming" or "warning" => [InstanceEvents.Verdict],
        SweepEvents.Gone => [InstanceEvents.Verdict],
        HostEvents.Returned => [HostEvents.Silent],
        HostEvents.Released => [HostEvents.Quarantined],
        // While it is in quarantine that is what is wrong with it.
        HostEvents.TrustChanged when Level(row) is "trusted" or "unknown" => [HostEvents.TrustChanged],
        HostEvents.ChipWithdrawn => [HostEvents.ChipChanged],
        HostEvents.ChipApproved => [HostEvents.ChipChanged, HostEvents.ChipConflict],
        // A host with another's chips writes nothing else until they are gone.
        HostEvents.Reported or HostEvents.ChipRegistered => [HostEvents.ChipConflict],
        _ => [],
    };

    private static string? Level(HistoryRow row) => Read(row, record => record.Text("level"));

    private static string? Verdict(HistoryRow row) => Read(row, record => record.Text("verdict"));

    private static T Read<T>(HistoryRow row, Func<RecordBody, T> read)
    {
        using JsonDocument body = JsonDocument.Parse(row.Body);
        return read(new RecordBody(body.RootElement));
    }
}
