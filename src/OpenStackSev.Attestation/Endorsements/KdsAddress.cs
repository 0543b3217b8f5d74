using System.Globalization;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>Where AMD's key distribution service (KDS) keeps what, as paths below its address.</summary>
/// <remarks>Source: AMD 57230, "VCEK Certificate and KDS Interface Specification".</remarks>
public static class KdsAddress
{
    /// <summary>AMD's service.</summary>
    public static Uri Amd { get; } = new("https://kdsintf.amd.com");

    /// <summary>The VCEK of one chip at one TCB, DER. It never changes.</summary>
    /// <param name="line">Turin and Venice are asked with the 8 bytes that name the chip: KDS answers 404 to all 64.</param>
    /// <param name="chipId">CHIP_ID of a report, 64 bytes, or hwID of a VCEK.</param>
    /// <param name="reportedTcb">REPORTED_TCB, which derives the key, and not CURRENT_TCB.</param>
    /// <exception cref="ArgumentException">The chip id is masked or of another size, or the TCB is one of another generation.</exception>
    public static string Vcek(ProductLine line, ReadOnlySpan<byte> chipId, TcbVersion reportedTcb)
    {
        int size = line.ChipIdSize();
        if (chipId.Length != 64 && chipId.Length != size)
            throw new ArgumentException($"a chip id of {line} has {size} bytes, not {chipId.Length}", nameof(chipId));
        if (!chipId.ContainsAnyExcept((byte)0))
            throw new ArgumentException("the chip id is masked: KDS cannot be asked for its VCEK", nameof(chipId));
        if (reportedTcb.Layout != line.Layout())
            throw new ArgumentException($"TCB '{reportedTcb}' is not one of {line}", nameof(reportedTcb));
        string fmc = reportedTcb.Fmc is { } value ? $"fmcSPL={Two(value)}&" : "";
        return $"/vcek/v1/{line}/{Convert.ToHexStringLower(chipId[..size])}?{fmc}blSPL={Two(reportedTcb.Bootloader)}"
            + $"&teeSPL={Two(reportedTcb.Tee)}&snpSPL={Two(reportedTcb.Snp)}&ucodeSPL={Two(reportedTcb.Microcode)}";
    }

    /// <summary>ASK and ARK, PEM, in this order.</summary>
    public static string VcekChain(ProductLine line) => $"/vcek/v1/{line}/cert_chain";

    /// <summary>ASVK and ARK, PEM, in this order.</summary>
    public static string VlekChain(ProductLine line) => $"/vlek/v1/{line}/cert_chain";

    /// <summary>Revocations among the issuers of VCEKs, DER, signed by the ARK.</summary>
    public static string VcekRevocations(ProductLine line) => $"/vcek/v1/{line}/crl";

    /// <summary>Revocations among the issuers of VLEKs, DER, signed by the ARK.</summary>
    public static string VlekRevocations(ProductLine line) => $"/vlek/v1/{line}/crl";

    private static string Two(byte value) => value.ToString("00", CultureInfo.InvariantCulture);
}
