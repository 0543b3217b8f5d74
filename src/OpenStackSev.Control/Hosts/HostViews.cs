using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Hosts;

/// <summary>Rows as the API shows them. Pure.</summary>
internal static class HostViews
{
    public static HostSummary Summary(HostState host, IReadOnlyList<HostChip> chips, HostTrustState? trust, HostQuarantineState? quarantine)
    {
        StoredReport stored = StoredReport.Of(host);
        return new(host.Node, host.Name, EnrolmentRules.Of(stored, chips), host.SilentSince is not null, stored.Report.Facts.Simulated,
            stored.Report.Chips.Count, host.FirstSeenAt, host.LastSeenAt, stored.Report.Facts.Product,
            TrustViews.LevelOf(trust, quarantine), trust?.ExpiresAt);
    }

    public static HostDetails Details(HostState host, IReadOnlyList<HostChip> chips, HostTrustState? trust, HostQuarantineState? quarantine)
    {
        StoredReport stored = StoredReport.Of(host);
        return new(host.Node, host.Name, EnrolmentRules.Of(stored, chips), host.SilentSince is not null, Chips(stored, chips), host.FirstSeenAt, host.LastSeenAt,
            stored.Report, stored.CertificateEnds, TrustViews.Of(trust, quarantine));
    }

    public static IReadOnlyList<EnrolledChip> Chips(StoredReport stored, IReadOnlyList<HostChip> chips) =>
    [
        .. chips.Select(chip => new EnrolledChip(
            chip.ChipId, EnrolmentRules.Word(chip.Status), stored.Report.Chips.Contains(chip.ChipId, StringComparer.Ordinal), chip.ApprovedBy)),
    ];
}
