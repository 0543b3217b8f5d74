using System.Numerics;
using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Snp;

/// <summary>What shall be wrong with a certificate. Null is as AMD has it.</summary>
public record SimulatedCertificateOptions
{
    public string? SubjectCommonName { get; init; }

    public string? IssuerCommonName { get; init; }

    /// <summary>O of subject and issuer, instead of <see cref="SimulatedAuthority.Organization"/>.</summary>
    public string? Organization { get; init; }

    public DateTimeOffset? NotBefore { get; init; }

    public DateTimeOffset? NotAfter { get; init; }

    public BigInteger? Serial { get; init; }

    /// <summary>Another key that signs, while the issuer's name stays.</summary>
    public RSA? SignedBy { get; init; }

    public SimulatedSignatureScheme SignatureScheme { get; init; }

    /// <summary>Whether trailerField 1, the default, is written out, which DER forbids. Null: in ARK, ASK and ASVK, not in VCEK and VLEK.</summary>
    /// <remarks>AMD writes it out in its roots and in VCEKs of 2023; VLEKs of 2024 and VCEKs of 2026 are without.</remarks>
    public bool? ExplicitTrailerField { get; init; }

    /// <summary>Makes the extensions from the right ones. See <see cref="SimulatedExtension.Omit"/> and its neighbours.</summary>
    public Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>>? Extensions { get; init; }
}

/// <summary>How a certificate or a revocation list is signed.</summary>
public enum SimulatedSignatureScheme
{
    /// <summary>RSASSA-PSS with SHA-384, MGF1 with SHA-384 and 48 bytes of salt, as AMD signs.</summary>
    PssSha384,

    /// <summary>The same with SHA-256 and 32 bytes of salt.</summary>
    PssSha256,

    /// <summary>RSASSA-PKCS1-v1_5 with SHA-384.</summary>
    Pkcs1Sha384,
}

/// <summary>One X.509 extension.</summary>
/// <param name="Value">Content of extnValue, which need not be DER: AMD's hwID is not.</param>
public sealed record SimulatedExtension(string Oid, bool Critical, byte[] Value)
{
    /// <summary>Leaves the extension out.</summary>
    public static Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>> Omit(string oid) =>
        all => all.Where(extension => extension.Oid != oid);

    /// <summary>Gives the extension another value.</summary>
    public static Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>> Replace(string oid, params byte[] value) =>
        all => all.Select(extension => extension.Oid == oid ? extension with { Value = value } : extension);

    /// <summary>Writes the extension twice, the second time with <paramref name="second"/> when that is given.</summary>
    public static Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>> Twice(string oid, byte[]? second = null) =>
        all => all.Concat(all.Where(extension => extension.Oid == oid).Select(e => e with { Value = second ?? e.Value }));

    /// <summary>Adds an extension at the end.</summary>
    public static Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>> Add(
        string oid, bool critical, params byte[] value) =>
        all => all.Append(new(oid, critical, value));
}

/// <summary>Object identifiers of the extensions.</summary>
/// <remarks>Source: AMD 57230 "VCEK certificate format", 1.3.6.1.4.1.3704.1; the others RFC 5280.</remarks>
public static class SimulatedOid
{
    private const string Amd = "1.3.6.1.4.1.3704.1.";
    public const string StructVersion = Amd + "1";
    public const string ProductName = Amd + "2";
    public const string BootloaderSpl = Amd + "3.1";
    public const string TeeSpl = Amd + "3.2";
    public const string SnpSpl = Amd + "3.3";
    public const string Spl4 = Amd + "3.4";
    public const string Spl5 = Amd + "3.5";
    public const string Spl6 = Amd + "3.6";
    public const string Spl7 = Amd + "3.7";
    public const string MicrocodeSpl = Amd + "3.8";
    public const string FmcSpl = Amd + "3.9";
    public const string HwId = Amd + "4";
    public const string CspId = Amd + "5";
    public const string SubjectKeyIdentifier = "2.5.29.14";
    public const string KeyUsage = "2.5.29.15";
    public const string BasicConstraints = "2.5.29.19";
    public const string CrlNumber = "2.5.29.20";
    public const string CrlDistributionPoints = "2.5.29.31";
    public const string AuthorityKeyIdentifier = "2.5.29.35";
}
