using System.Numerics;
using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Snp;

/// <summary>A VCEK or VLEK: the certificate and the key that only a security processor would have.</summary>
public sealed class SimulatedKey : IDisposable
{
    internal SimulatedKey(byte[] certificate, ECDsa key) => (Certificate, Key) = (certificate, key);

    /// <summary>DER.</summary>
    public byte[] Certificate { get; }

    public string CertificatePem => PemEncoding.WriteString("CERTIFICATE", Certificate) + "\n";

    public ECDsa Key { get; }

    public void Dispose() => Key.Dispose();

    /// <summary>The key of a chip, or of a provider, at a TCB: the same each time, as in hardware.</summary>
    /// <remarks>So a report and a certificate that were made by different runs fit, without any key stored.</remarks>
    internal static ECDsa Derive(RSA issuer, ECCurve curve, string kind, byte[] holder, byte[] tcb)
    {
        byte[] info = [.. System.Text.Encoding.UTF8.GetBytes($"OpenStackSev simulation {kind} "), .. tcb, .. holder];
        return FromSecret(issuer.ExportParameters(includePrivateParameters: true).D!, info, curve);
    }

    /// <summary>A key of P-384 that follows from a secret.</summary>
    internal static ECDsa FromSecret(byte[] secret, string info) => FromSecret(secret, System.Text.Encoding.UTF8.GetBytes(info), ECCurve.NamedCurves.nistP384);

    private static ECDsa FromSecret(byte[] secret, byte[] info, ECCurve curve)
    {
        BigInteger order = curve.Oid.Value == ECCurve.NamedCurves.nistP256.Oid.Value ? OrderOfP256 : OrderOfP384;
        int length = order.GetByteCount(isUnsigned: true);
        // 16 bytes more than the order, so that the remainder is not biased.
        byte[] material = HKDF.DeriveKey(HashAlgorithmName.SHA384, secret, length + 16, info: info);
        BigInteger scalar = BigInteger.Remainder(new(material, isUnsigned: true, isBigEndian: true), order - 1) + 1;
        byte[] d = new byte[length];
        byte[] shortest = scalar.ToByteArray(isUnsigned: true, isBigEndian: true);
        shortest.CopyTo(d, length - shortest.Length);
        return ECDsa.Create(new ECParameters { Curve = curve, D = d });
    }

    internal static BigInteger OrderOfP384 { get; } = BigInteger.Parse(
        "0FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973",
        System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);

    private static BigInteger OrderOfP256 { get; } = BigInteger.Parse(
        "0FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
        System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture);
}

/// <summary>What shall be wrong with a VCEK or VLEK. Null is as AMD has it.</summary>
public sealed record SimulatedKeyOptions : SimulatedCertificateOptions
{
    public int? StructVersion { get; init; }

    public string? ProductName { get; init; }

    /// <summary>Writes hwID as an OCTET STRING within the extension, as AMD's specification and none of its certificates has it.</summary>
    public bool HwIdAsOctetString { get; init; }

    /// <summary>A key that is not the one of the chip and the TCB. It is disposed with the result.</summary>
    public ECDsa? Key { get; init; }

    /// <summary>P-384 when null; P-256 is the other one that can be derived.</summary>
    public ECCurve? Curve { get; init; }

    /// <summary>Signed by, and naming, the other of ASK and ASVK.</summary>
    public bool IssuedByTheOther { get; init; }
}
