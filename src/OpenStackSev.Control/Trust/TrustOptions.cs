using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Trust;

/// <summary>How hosts earn trust, and who is told. Section <c>[trust]</c>.</summary>
public sealed class TrustOptions
{
    public static IniSection<TrustOptions> Section { get; } =
        new IniSection<TrustOptions>("trust", "How hosts earn trust, and who is told. To write traits the service's user needs Placement's leave: by its default policy that is role admin or service.")
            .Flag("enabled", "Judge hosts. Without it the scheduler gets no snapshot, and agents take trust from their nodes.",
                o => o.Enabled, (o, value) => o.Enabled = value)
            .Duration("interval", "Seconds between two looks at all hosts; the end of a proof, a quarantine, an approval or changed facts are looked at at once. 2 to 600.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromSeconds(2), TimeSpan.FromMinutes(10))
            .Duration("lifetime", "Seconds that a report which a guest's chip signed proves its host. Longer than [reattestation] interval, or each host would lose its trust between two rounds. 60 to 604800.",
                o => o.Lifetime, (o, value) => o.Lifetime = value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(7))
            .Flag("publish_traits", "Write judgement traits (CUSTOM_SEV_TRUSTED, CUSTOM_SEV_QUARANTINED, CUSTOM_SEV_TCB_*) on compute nodes in Placement, and remove those that others wrote.",
                o => o.PublishTraits, (o, value) => o.PublishTraits = value)
            .Count("placement_requests_per_second", "Requests to Placement a second, at most, while many hosts change at once. 1 to 1000.",
                o => o.RequestsPerSecond, (o, value) => o.RequestsPerSecond = value, 1, 1000)
            .Duration("snapshot_lifetime", "Seconds after which the scheduler's snapshot says nothing any more. 30 to 86400.",
                o => o.SnapshotLifetime, (o, value) => o.SnapshotLifetime = value, TimeSpan.FromSeconds(30), TimeSpan.FromDays(1));

    public bool Enabled { get; set; } = true;
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(10);
    public TimeSpan Lifetime { get; set; } = TimeSpan.FromMinutes(45);
    public bool PublishTraits { get; set; } = true;
    public int RequestsPerSecond { get; set; } = 40;
    public TimeSpan SnapshotLifetime { get; set; } = TimeSpan.FromMinutes(10);
}
