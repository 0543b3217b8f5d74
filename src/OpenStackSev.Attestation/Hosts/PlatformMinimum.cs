using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Hosts;

/// <summary>What one source asks of a platform of one product line.</summary>
/// <param name="Source">The policy, or a bulletin.</param>
internal sealed record PlatformMinimum(string Source, TcbMinimum? Tcb, FirmwareVersion? Firmware, ulong Mitigations)
{
    public static IEnumerable<PlatformMinimum> Of(AppraisalPolicy policy, ProductLine line) =>
    [
        new("policy", policy.MinimumTcb.GetValueOrDefault(line), policy.MinimumFirmware.TryGetValue(line, out FirmwareVersion version) ? version : null,
            policy.CurrentMitigations.GetValueOrDefault(line)),
        .. policy.Bulletins.Where(bulletin => !bulletin.Advisory)
            .SelectMany(bulletin => bulletin.Requirements.Where(requirement => requirement.Line == line)
                .Select(requirement => new PlatformMinimum(bulletin.Id, requirement.MinimumTcb, requirement.MinimumFirmware, requirement.CurrentMitigations))),
    ];

    /// <param name="subject">What the version is of.</param>
    public void Check(TcbVersion? tcb, FirmwareVersion? version, string subject, List<Finding> findings)
    {
        if (tcb is { } has && Tcb is not null && !Tcb.IsMetBy(has) && Tcb.Unmet(has) is var (expected, actual))
            findings.Add(HostCodes.TcbBelowMinimum.Finds("REPORTED_TCB", $"{expected} ({Source})", actual));
        if (version is { } firmware && Firmware is { } least && firmware < least)
            findings.Add(HostCodes.FirmwareBelowMinimum.Finds(subject, $"at least {least} ({Source})", firmware.ToString()));
    }
}
