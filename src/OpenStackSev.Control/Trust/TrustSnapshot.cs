using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Snapshots;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>What the scheduler's filter is told: all hosts at one time. Pure.</summary>
internal static class TrustSnapshot
{
    /// <param name="now">To the second.</param>
    public static HostsSnapshot Of(SnapshotFacts facts, DateTimeOffset now, TimeSpan lifetime)
    {
        IEnumerable<SnapshotHost> judged = facts.Rows.Select(row => Host(row, facts.Quarantines.GetValueOrDefault(row.Node), now));
        // A quarantine holds before the first judgement too.
        IEnumerable<SnapshotHost> unjudged = facts.Names.Select(host =>
            new SnapshotHost(host.Key, host.Value, TrustRules.Word(TrustLevel.Quarantined)) { Reasons = [HostEvents.Quarantined] });
        return new(HostsSnapshot.CurrentVersion, now, now + lifetime, [.. judged.Concat(unjudged).OrderBy(host => host.Node)]);
    }

    /// <summary>A row that cannot be read leaves its host unknown, and the others as they are.</summary>
    private static SnapshotHost Host(HostTrustState row, HostQuarantineState? quarantine, DateTimeOffset now)
    {
        try
        {
            return Host(row, TrustRecord.Of(row), quarantine, now);
        }
        catch (JsonException)
        {
            return new SnapshotHost(row.Node, row.Name, TrustRules.Word(quarantine is { Since: not null } ? TrustLevel.Quarantined : TrustLevel.Unknown));
        }
    }

    private static SnapshotHost Host(HostTrustState row, TrustRecord found, HostQuarantineState? quarantine, DateTimeOffset now)
    {
        TrustLevel level = TrustViews.LevelOf(row, quarantine);
        bool over = level == TrustLevel.Trusted && row.ExpiresAt <= now;
        string[] reasons = level == TrustLevel.Quarantined ? [HostEvents.Quarantined] : over ? [TrustCodes.ProofExpired.Code]
            : [.. found.Findings.Select(finding => finding.Code).Distinct(StringComparer.Ordinal)];
        return new SnapshotHost(row.Node, row.Name, TrustRules.Word(over ? TrustLevel.Unknown : level))
        {
            Reasons = reasons,
            Baselines = found.Baselines,
            ProvenAt = Seconds(row.ProvenAt),
            ExpiresAt = Seconds(level == TrustLevel.Trusted ? row.ExpiresAt : null),
            Simulated = found.Simulated,
        };
    }

    /// <summary>Down to the second: no proof counts longer for being rounded.</summary>
    private static DateTimeOffset? Seconds(DateTimeOffset? time) => time is { } value ? DateTimeOffset.FromUnixTimeSeconds(value.ToUnixTimeSeconds()) : null;
}
