using System.Diagnostics.CodeAnalysis;

namespace OpenStackSev.Attestation.Sev;

/// <summary>What a platform answers to PDH_CERT_EXPORT: PDH, PEK, OCA and CEK. Parsed, not yet believed.</summary>
/// <remarks>Source: AMD 55766 "PDH_CERT_EXPORT". The CEK has no signature of AMD's here: that one is given out by AMD, by the chip's id.</remarks>
public sealed record SevChain(SevCertificate Pdh, SevCertificate Pek, SevCertificate Oca, SevCertificate Cek)
{
    public const int ExportSize = 4 * SevCertificate.Size;

    /// <returns>False with the first thing that is wrong; never throws on input.</returns>
    public static bool TryParse(ReadOnlySpan<byte> export, [NotNullWhen(true)] out SevChain? chain, [NotNullWhen(false)] out Finding? malformed)
    {
        const int Size = SevCertificate.Size;
        chain = null;
        if (export.Length != ExportSize)
        {
            malformed = SevCodes.Size.Finds("PDH_CERT_EXPORT", $"{ExportSize} bytes", $"{export.Length}");
            return false;
        }

        if (!SevCertificate.TryParse(export[..Size], SevUsage.Pdh, out SevCertificate? pdh, out malformed)
            || !SevCertificate.TryParse(export.Slice(Size, Size), SevUsage.Pek, out SevCertificate? pek, out malformed)
            || !SevCertificate.TryParse(export.Slice(2 * Size, Size), SevUsage.Oca, out SevCertificate? oca, out malformed)
            || !SevCertificate.TryParse(export.Slice(3 * Size, Size), SevUsage.Cek, out SevCertificate? cek, out malformed))
        {
            return false;
        }

        chain = new(pdh, pek, oca, cek);
        return true;
    }
}
