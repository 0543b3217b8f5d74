using System.Security.Cryptography;

namespace OpenStackSev.Attestation.Snp;

/// <summary>SIGNATURE of a report: ECDSA P-384 over SHA-384 of the signed bytes.</summary>
/// <remarks>
/// Source: AMD 56860, "Signature Structure" and "ECDSA P-384 with SHA-384". (r, n-s) is as good as (r, s): the firmware emits both, so neither
/// is refused, and the bytes of a report are no identity of it.
/// </remarks>
public static class ReportSignature
{
    private const uint EcdsaP384Sha384 = 1;
    private const int ScalarSize = 48, SlotSize = 72;

    // Source: SEC 2, "Recommended Parameters secp384r1", n.
    private static readonly byte[] s_order = Convert.FromHexString(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");

    /// <summary>What is wrong with the form of the signature, whatever key made it. Empty when a key can be tried.</summary>
    public static IReadOnlyList<Finding> CheckForm(AttestationReport report)
    {
        if (report.SigningKey == SigningKey.None || report.ChipKeyMasked)
        {
            return [SnpCodes.SignatureAbsent.Finds("KEY_INFO", "a signing key that is not masked",
                report.ChipKeyMasked ? "MASK_CHIP_KEY is on" : "SIGNING_KEY is none")];
        }
        List<Finding>? findings = null;
        if (report.SignatureAlgorithm != EcdsaP384Sha384)
        {
            (findings ??= []).Add(SnpCodes.SignatureAlgorithm.Finds("SIGNATURE_ALGO", "1 (ECDSA P-384 with SHA-384)",
                report.SignatureAlgorithm.ToString()));
        }
        ReadOnlySpan<byte> wire = report.Signature;
        if (wire[ScalarSize..SlotSize].ContainsAnyExcept((byte)0) || wire[(SlotSize + ScalarSize)..].ContainsAnyExcept((byte)0))
            (findings ??= []).Add(SnpCodes.SignaturePadding.Finds("SIGNATURE", "zero around r and s", "other bytes"));
        Span<byte> signature = stackalloc byte[2 * ScalarSize];
        Read(wire, signature);
        if (!InRange(signature[..ScalarSize]) || !InRange(signature[ScalarSize..]))
            (findings ??= []).Add(SnpCodes.SignatureRange.Finds("SIGNATURE", "r and s from 1 to n-1", "r or s outside"));
        return findings ?? (IReadOnlyList<Finding>)[];
    }

    /// <summary>Whether <paramref name="key"/> signed the report. Its form must have been checked.</summary>
    public static bool Verify(AttestationReport report, ECDsa key)
    {
        Span<byte> hash = stackalloc byte[SHA384.HashSizeInBytes];
        SHA384.HashData(report.SignedBytes, hash);
        Span<byte> signature = stackalloc byte[2 * ScalarSize];
        Read(report.Signature, signature);
        return key.VerifyHash(hash, signature);
    }

    // Little-endian slots of 72 bytes → r ‖ s, big-endian, as IEEE P1363 has it.
    private static void Read(ReadOnlySpan<byte> wire, Span<byte> signature)
    {
        wire[..ScalarSize].CopyTo(signature);
        wire.Slice(SlotSize, ScalarSize).CopyTo(signature[ScalarSize..]);
        signature[..ScalarSize].Reverse();
        signature[ScalarSize..].Reverse();
    }

    private static bool InRange(ReadOnlySpan<byte> scalar) => scalar.ContainsAnyExcept((byte)0) && scalar.SequenceCompareTo(s_order) < 0;
}
