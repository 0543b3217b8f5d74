namespace OpenStackSev.Platform;

/// <summary>The product line by CPUID.</summary>
/// <remarks>
/// Source: AMD 56860 and 57230, the family and model ranges that virtee/sev and virtee/snphost agree on. Client parts of the same
/// silicon are in these ranges too; they have no SEV, so naming them after the server part misleads nobody.
/// </remarks>
internal static class EpycProducts
{
    private const int SienaPackage = 8;

    public static EpycProduct? Of(string vendor, int family, int model, int packageType) =>
        vendor != "AuthenticAMD" ? null : (family, model) switch
        {
            (0x17, <= 0x0F) => EpycProduct.Naples,
            (0x17, >= 0x30 and <= 0x3F) => EpycProduct.Rome,
            (0x19, <= 0x0F) => EpycProduct.Milan,
            (0x19, <= 0x1F) => EpycProduct.Genoa,
            (0x19, >= 0xA0 and <= 0xAF) => packageType == SienaPackage ? EpycProduct.Siena : EpycProduct.Bergamo,
            (0x1A, <= 0x11) => EpycProduct.Turin,
            (0x1A, (>= 0x50 and <= 0x57) or (>= 0x90 and <= 0xAF) or (>= 0xC0 and <= 0xC7)) => EpycProduct.Venice,
            _ => null,
        };
}
