using System.Security.Cryptography;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>The checks that make a report genuine, and the one of its challenge.</summary>
internal static class ReportChecks
{
    public static void Structure(AttestationReport report, List<Finding> findings)
    {
        if (report.Processor is { } processor && report.Product is null)
            findings.Add(SnpCodes.ProductUnknown.Finds("CPUID", "a product from Milan to Venice", processor.ToString()));
        // LAUNCH_TCB is not compared: after a migration it came from another node.
        if (!report.CommittedTcb.Meets(report.ReportedTcb))
            findings.Add(SnpCodes.TcbOrder.Finds("COMMITTED_TCB", $"at least REPORTED_TCB ({report.ReportedTcb})", report.CommittedTcb.ToString()));
        if (!report.CurrentTcb.Meets(report.CommittedTcb))
            findings.Add(SnpCodes.TcbOrder.Finds("CURRENT_TCB", $"at least COMMITTED_TCB ({report.CommittedTcb})", report.CurrentTcb.ToString()));
    }

    public static void Endorsement(AttestationReport report, EndorsementChain? chain, List<Finding> findings)
    {
        if (chain is null)
            return;
        if (report.SigningKey != SigningKey.None && report.SigningKey != chain.Vek.Kind)
            findings.Add(SnpCodes.VekRole.Finds(chain.Vek.Name, $"a {report.SigningKey.ToString().ToUpperInvariant()}, as SIGNING_KEY says", chain.Vek.Name));
        if (report.Product is { } product && product.Line() != chain.Vek.Line)
            findings.Add(SnpCodes.ProductMismatch.Finds("CPUID", $"a processor of {chain.Vek.Line}, as the key", product.ToString()));
    }

    public static void Signature(AttestationReport report, EndorsementChain? chain, List<Finding> findings)
    {
        IReadOnlyList<Finding> malformed = ReportSignature.CheckForm(report);
        findings.AddRange(malformed);
        if (malformed.Count == 0 && chain is not null && !chain.Vek.Signed(report))
            findings.Add(SnpCodes.SignatureMismatch.Finds("SIGNATURE", $"made by this {chain.Vek.Name["SEV-".Length..]}", "it does not verify"));
    }

    public static void Binding(AttestationReport report, EndorsementChain? chain, List<Finding> findings)
    {
        if (chain is null)
            return;
        if (report.ReportedTcb != chain.Vek.Tcb)
            findings.Add(SnpCodes.ReportedTcbMismatch.Finds("REPORTED_TCB", $"{chain.Vek.Tcb}, as the key", report.ReportedTcb.ToString()));
        // A masked id is for policy to judge; a VLEK belongs to a provider and names no chip.
        if (chain.Vek.ChipId is not { } chipId || report.ChipIdMasked)
            return;
        ReadOnlySpan<byte> named = report.ChipId.Span;
        if (!named[..chipId.Length].SequenceEqual(chipId.Span) || named[chipId.Length..].ContainsAnyExcept((byte)0))
        {
            findings.Add(SnpCodes.ChipIdMismatch.Finds("CHIP_ID", $"{Convert.ToHexStringLower(chipId.Span)}, as the key",
                Convert.ToHexStringLower(named[..chipId.Length])));
        }
    }

    // What is expected is a digest of the nonce: it is not quoted.
    public static void Challenge(AttestationReport report, byte[]? expected, List<Finding> findings)
    {
        if (expected is not null && !CryptographicOperations.FixedTimeEquals(expected, report.ReportData.Span))
        {
            findings.Add(SnpCodes.ReportDataMismatch.Finds("REPORT_DATA", "what the challenge asked for",
                $"{Convert.ToHexStringLower(report.ReportData.Span[..8])}…"));
        }
    }
}
