namespace OpenStackSev.Attestation.Snp;

/// <summary>From which firmware on a host refuses SEV-ES guests while SEV-SNP is on: the mitigation of CVE-2025-48514.</summary>
/// <remarks>
/// Source: AMD-SB-3023, footnote 2; Linux 4b28f0846ef6, <c>sev_firmware_allows_es</c>. The firmware acts on CURRENT_TCB. No threshold is known for
/// later generations. OpenStackSev.Platform has the same for a machine's own facts; a test holds them together.
/// </remarks>
public static class SevEsThreshold
{
    /// <summary>Lowest SNP part of CURRENT_TCB that withdraws it; null where none is known.</summary>
    public static byte? Of(ProductLine line) => line switch
    {
        ProductLine.Milan or ProductLine.Genoa => 0x1B,
        ProductLine.Turin => 0x04,
        _ => null,
    };
}
