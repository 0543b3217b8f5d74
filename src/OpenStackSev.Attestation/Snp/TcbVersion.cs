namespace OpenStackSev.Attestation.Snp;

/// <summary>Which byte of a TCB_VERSION is which part.</summary>
public enum TcbLayout
{
    /// <summary>Milan, Genoa, Bergamo and Siena: bootloader, TEE, four reserved, SNP, microcode.</summary>
    Milan,

    /// <summary>Turin and Venice: FMC, bootloader, TEE, SNP, three reserved, microcode.</summary>
    Turin,
}

/// <summary>Security version numbers of the parts below a guest.</summary>
/// <param name="Fmc">First mutable code; null where the product has none, which is before Turin.</param>
/// <param name="Bootloader">Bootloader of the security processor.</param>
/// <param name="Tee">Its operating system.</param>
/// <param name="Snp">SNP firmware.</param>
/// <param name="Microcode">Lowest microcode of all cores.</param>
/// <remarks>Source: AMD 56860, "Structure of the TCB_VERSION", for Milan and Genoa and for Turin.</remarks>
public readonly record struct TcbVersion(byte? Fmc, byte Bootloader, byte Tee, byte Snp, byte Microcode)
{
    /// <summary>Length on the wire, in bytes.</summary>
    public const int Size = 8;

    public TcbLayout Layout => Fmc.HasValue ? TcbLayout.Turin : TcbLayout.Milan;

    /// <param name="wire">8 bytes.</param>
    /// <param name="layout">Nothing in the bytes tells it.</param>
    /// <param name="reservedIsZero">Whether the bytes that are no part are zero.</param>
    public static TcbVersion Read(ReadOnlySpan<byte> wire, TcbLayout layout, out bool reservedIsZero)
    {
        if (layout == TcbLayout.Turin)
        {
            reservedIsZero = !wire[4..7].ContainsAnyExcept((byte)0);
            return new(wire[0], wire[1], wire[2], wire[3], wire[7]);
        }
        reservedIsZero = !wire[2..6].ContainsAnyExcept((byte)0);
        return new(null, wire[0], wire[1], wire[6], wire[7]);
    }

    /// <summary>True when every part is at least the matching part of <paramref name="minimum"/>.</summary>
    /// <remarks>Partial order: one part may be newer and another older, so there is no CompareTo.</remarks>
    public bool Meets(TcbVersion minimum) =>
        Fmc.HasValue == minimum.Fmc.HasValue      // never across generations: Turin added FMC and moved the rest
        && (Fmc ?? 0) >= (minimum.Fmc ?? 0) && Bootloader >= minimum.Bootloader && Tee >= minimum.Tee
        && Snp >= minimum.Snp && Microcode >= minimum.Microcode;

    /// <summary>For people, e.g. <c>bootloader 4, tee 0, snp 24, microcode 219</c>.</summary>
    public override string ToString() =>
        (Fmc is { } fmc ? $"fmc {fmc}, " : "") + $"bootloader {Bootloader}, tee {Tee}, snp {Snp}, microcode {Microcode}";
}
