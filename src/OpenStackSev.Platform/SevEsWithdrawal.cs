namespace OpenStackSev.Platform;

/// <summary>Whether this firmware refuses SEV-ES guests while SNP is initialized, the mitigation of CVE-2025-48514.</summary>
/// <remarks>
/// Source: AMD-SB-3023, footnote 2; Linux 4b28f0846ef6, <c>sev_firmware_allows_es</c>: TCB_VERSION.snp of CURRENT_TCB (the firmware
/// acts on CURRENT, not on REPORTED) at or past 0x1B on Zen 3 and Zen 4, at or past 0x04 on Zen 5. Linux knows no threshold for
/// later generations and lets SEV-ES be; so do we.
/// </remarks>
public static class SevEsWithdrawal
{
    public const byte Zen3AndZen4Threshold = 0x1B;
    public const byte Zen5Threshold = 0x04;

    /// <summary>True when withdrawn, null when <paramref name="product"/> is unknown and so is the layout of its TCB_VERSION.</summary>
    public static bool? Applies(EpycProduct? product, ulong currentTcb) => product switch
    {
        EpycProduct.Milan or EpycProduct.Genoa or EpycProduct.Bergamo or EpycProduct.Siena =>
            SnpVersion(product.Value, currentTcb) >= Zen3AndZen4Threshold,
        EpycProduct.Turin => SnpVersion(product.Value, currentTcb) >= Zen5Threshold,
        EpycProduct.Venice => false,
        EpycProduct.Naples or EpycProduct.Rome => false,    // no SNP, so nothing to withdraw for
        _ => null,
    };

    /// <summary>Byte 6 of TCB_VERSION up to Zen 4; byte 3 from Turin on, where FMC came first.</summary>
    public static byte SnpVersion(EpycProduct product, ulong tcb) =>
        (byte)(tcb >> (product is EpycProduct.Turin or EpycProduct.Venice ? 24 : 48));
}
