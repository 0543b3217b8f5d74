using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Maintenance;

/// <summary>The firmware that is asked about.</summary>
/// <param name="Tcb">CURRENT_TCB after the update; null where only a version was named.</param>
/// <param name="Version">SNP firmware; null where only a TCB was named.</param>
internal sealed record UpgradeTarget(TcbVersion? Tcb, FirmwareVersion? Version, string Words);

/// <summary>What an update of a host's firmware takes away, before it bites, and what it brings. Pure.</summary>
internal static class UpgradeRules
{
    /// <summary>SEV-ES guests are not started any more while SEV-SNP is on.</summary>
    public const string SevEsWithdrawn = "upgrade.sev_es.withdrawn";

    /// <param name="instances">On the host.</param>
    /// <param name="target">Null for the thresholds that are known.</param>
    public static UpgradeCheck Check(HostState host, HostReport report, IReadOnlyList<InstanceState> instances, UpgradeTarget? target)
    {
        PlatformClaims facts = HostClaims.Of(report);
        UpgradeLoss[] losses = SevEs(facts, instances, target) is { } loss ? [loss] : [];
        return new UpgradeCheck(
            host.Node, host.Name, losses, [.. Gains(facts, target)], Steps(host.Name, losses), report.Facts.Product, report.Facts.Firmware?.CurrentTcb, target?.Words);
    }

    private static UpgradeLoss? SevEs(PlatformClaims facts, IReadOnlyList<InstanceState> instances, UpgradeTarget? target)
    {
        if (facts.Line is not { } line || SevEsThreshold.Of(line) is not { } least)
            return null;
        StrandedInstance[] stranded =
        [
            .. instances.Where(one => one.Model == EncryptionModel.AmdSevEs.NovaName).OrderBy(one => one.Instance)
                .Select(one => new StrandedInstance(one.Instance, one.Name, one.Project, one.Model, one.Status)),
        ];
        (string when, string detail) = facts switch
        {
            { Snp: false } => ("never", "SEV-SNP is off here, and only with it on are SEV-ES guests refused; turning it on is such a change too"),
            { CurrentTcb: { } now } when now.Snp >= least => ("now", $"the firmware is past it (snp {now.Snp}): what is stopped here does not start again"),
            _ when target is null => ("threshold", "the first firmware past it starts no SEV-ES guest while SEV-SNP is on"),
            _ when target.Tcb is not { } asked => ("unknown", "a firmware version does not say which SNP part CURRENT_TCB gets: name the TCB"),
            _ when target.Tcb.Value.Snp >= least => ("target", $"it has snp {target.Tcb.Value.Snp}: after the update no SEV-ES guest starts here while SEV-SNP is on"),
            _ => ("never", $"it has snp {target.Tcb!.Value.Snp}, which is below"),
        };
        return new UpgradeLoss(SevEsWithdrawn, when, $"CURRENT_TCB snp ≥ {least}", detail + " (CVE-2025-48514)", stranded);
    }

    private static IEnumerable<UpgradeGain> Gains(PlatformClaims facts, UpgradeTarget? target)
    {
        foreach (Bulletin bulletin in KnownBulletins.All)
        {
            HostBulletin now = HostBulletins.Of(bulletin, new HostEvidence(facts, Proof: null));
            if (now.State is not (BulletinState.Open or BulletinState.Unknown))
                continue;
            bool? closes = null;
            if (target is not null)
            {
                // REPORTED_TCB follows once the update is committed; what was not named stays as it is known.
                PlatformClaims then = facts with { CurrentTcb = target.Tcb ?? facts.CurrentTcb, ReportedTcb = target.Tcb ?? facts.ReportedTcb, Firmware = target.Version ?? facts.Firmware };
                closes = HostBulletins.Of(bulletin, new HostEvidence(then, Proof: null)).State switch { BulletinState.Mitigated => true, BulletinState.Open => false, _ => null };
            }

            yield return new UpgradeGain(bulletin.Id, bulletin.Title, bulletin.Cves, now.Missing ?? "", closes);
        }
    }

    private static IReadOnlyList<string> Steps(string name, UpgradeLoss[] losses)
    {
        UpgradeLoss[] due = [.. losses.Where(loss => loss.When != "never" && loss.Stranded.Count > 0)];
        if (due.Length == 0)
            return [];
        string number = EncryptionModel.AmdSevEs.NovaProviderName(name);
        return
        [
            $"set the host aside, so that nothing new comes: osev host quarantine {name} --reason 'firmware update' --disable-service",
            $"move the {due.Sum(loss => loss.Stranded.Count)} instances away first, or resize them to amd-sev-snp: osev host drain {name}",
            $"only then update the firmware and reboot; the number of Nova's {number} becomes 0 with it",
            $"Nova 34 (2026.2) leaves a server in ERROR that is deleted while the number of {number} is 0 and it still holds one: giving the number back cures it, then delete again",
            $"let it prove itself, then: osev host release {name}",
        ];
    }
}
