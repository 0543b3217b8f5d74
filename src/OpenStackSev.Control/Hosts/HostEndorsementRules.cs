using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Hosts;

/// <summary>Codes of keys that a host may not bring. What is wrong with a certificate itself has the codes of the verifier.</summary>
public static class HostEndorsementCodes
{
    public static Check ChipNotApproved { get; } = new("endorsements.chip.not_approved", Stage.Endorsement, Verdict.None,
        "a host brings keys of its own approved chips");

    public static Check TcbNotReported { get; } = new("endorsements.tcb.not_reported", Stage.Endorsement, Verdict.None,
        "a host brings keys of the TCB that it reports");

    public static IReadOnlyList<Check> All { get; } = [ChipNotApproved, TcbNotReported];
}

/// <summary>Which keys a host may bring. Pure.</summary>
/// <remarks>A genuine key of another chip would do no harm. It would fill the folder, and hide who asks for what.</remarks>
internal static class HostEndorsementRules
{
    private const int ChipDigits = 128;

    /// <param name="key">Parsed, not yet verified.</param>
    /// <param name="chips">Of the host.</param>
    /// <param name="report">Its last one.</param>
    /// <returns>Null for a key that it may bring.</returns>
    public static Finding? Refuses(VekCertificate key, IReadOnlyList<HostChip> chips, HostReport report)
    {
        string[] approved = [.. chips.Where(chip => chip.Status == ChipStatus.Approved).Select(chip => chip.ChipId)];
        if (key.ChipId is { } id ? !approved.Contains(Padded(id.Span), StringComparer.Ordinal) : approved.Length == 0)
        {
            return HostEndorsementCodes.ChipNotApproved.Finds(key.Name, $"an approved chip of this host; it has {approved.Length}",
                key.ChipId is { } other ? Padded(other.Span)[..16] + "…" : "a VLEK");
        }

        if (report.Facts.Firmware is not { } firmware)
            return HostEndorsementCodes.TcbNotReported.Finds(key.Name, "a TCB that the host reports", "its report has none");
        TcbVersion? reported = HostTcb.Of(firmware.ReportedTcb, key.Line), current = HostTcb.Of(firmware.CurrentTcb, key.Line);
        return key.Tcb == reported || key.Tcb == current ? null
            : HostEndorsementCodes.TcbNotReported.Finds(key.Name, $"{reported}", key.Tcb.ToString());
    }

    // From Turin on a chip's name has 8 bytes, and CHIP_ID the same with zeros after them.
    private static string Padded(ReadOnlySpan<byte> chip) => Convert.ToHexStringLower(chip).PadRight(ChipDigits, '0');
}
