using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>A VCEK or a VLEK: the key that signs reports of one chip, or of one cloud provider, at one TCB. Parsed, not yet believed.</summary>
/// <remarks>
/// Source: AMD 57230, "VCEK Certificate Fields" and "VLEK Certificate Fields": object identifiers below 1.3.6.1.4.1.3704.1.
/// The serial number is 0 in all of them, so that no CRL can name one.
/// </remarks>
public sealed class VekCertificate
{
    private const string Prefix = "1.3.6.1.4.1.3704.1.";

    private readonly CertificateReader _reader;
    private readonly ConcurrentBag<ECDsa> _keys = [];

    private VekCertificate(ReadOnlyMemory<byte> der, CertificateReader reader, ECDsa key) =>
        (Der, _reader, _) = (der, reader, Return(key));

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>VCEK or VLEK, by the subject's common name.</summary>
    public required SigningKey Kind { get; init; }

    /// <summary>productName, e.g. <c>Milan-B0</c>.</summary>
    public required string ProductName { get; init; }

    /// <summary>By <see cref="ProductName"/>.</summary>
    public required ProductLine Line { get; init; }

    /// <summary>The TCB that derives the key.</summary>
    public required TcbVersion Tcb { get; init; }

    /// <summary>hwID: 64 bytes, or 8 from Turin on; null in a VLEK.</summary>
    public required ReadOnlyMemory<byte>? ChipId { get; init; }

    /// <summary>cspID, e.g. <c>CN=cc-us-east-2.amazonaws.com</c>; null in a VCEK.</summary>
    public required string? Provider { get; init; }

    /// <summary>Common name, <c>SEV-VCEK</c> or <c>SEV-VLEK</c>.</summary>
    public string Name => _reader.SubjectName;

    /// <summary>Common name of the issuer, e.g. <c>SEV-Milan</c>.</summary>
    public string IssuerName => _reader.IssuerName;

    public DateTimeOffset NotBefore => _reader.NotBefore;
    public DateTimeOffset NotAfter => _reader.NotAfter;

    internal ReadOnlyMemory<byte> Issuer => _reader.Issuer;
    internal CertificateReader Reader => _reader;

    /// <summary>Whether this key signed <paramref name="report"/>. Safe to call from many threads.</summary>
    public bool Signed(AttestationReport report)
    {
        ECDsa key = _keys.TryTake(out ECDsa? known) ? known : ReadKey(Der)!;
        try
        {
            return ReportSignature.Verify(report, key);
        }
        finally
        {
            Return(key);
        }
    }

    // One ECDsa is not for two threads at a time, and importing one costs as much as a verification: as many are kept as were used at once.
    private bool Return(ECDsa key)
    {
        _keys.Add(key);
        return true;
    }

    /// <param name="der">Anything.</param>
    /// <param name="certificate">Null when the bytes are no VCEK or VLEK.</param>
    /// <param name="malformed">Why not: <c>snp.certificate.malformed</c> or <c>snp.vek.extension</c>.</param>
    public static bool TryParse(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out VekCertificate? certificate,
        [NotNullWhen(false)] out Finding? malformed)
    {
        certificate = null;
        byte[] copy = der.Length <= CertificateReader.MaximumSize ? der.ToArray() : [];
        if (CertificateReader.Read(copy) is not { } reader)
            return Refuse(SnpCodes.CertificateMalformed, "an X.509 certificate", $"{der.Length} bytes that are none", out malformed);
        SigningKey? kind = reader.SubjectName switch { "SEV-VCEK" => SigningKey.Vcek, "SEV-VLEK" => SigningKey.Vlek, _ => null };
        if (kind is null)
            return Refuse(SnpCodes.CertificateMalformed, "a certificate of SEV-VCEK or SEV-VLEK", $"'{reader.SubjectName}'", out malformed);
        string? wrong = ReadExtensions(reader, kind.Value, out string product, out ProductLine line, out TcbVersion tcb,
            out ReadOnlyMemory<byte>? chipId, out string? provider);
        if (wrong is not null)
            return Refuse(SnpCodes.VekExtension, $"the extensions of a {reader.SubjectName["SEV-".Length..]}", wrong, out malformed);
        if (!reader.PublicKey.Span.StartsWith(s_p384) || ReadKey(copy) is not { } key)
            return Refuse(SnpCodes.CertificateMalformed, "a key on the curve P-384", $"another key in '{reader.SubjectName}'", out malformed);
        certificate = new(copy, reader, key)
        {
            Kind = kind.Value,
            ProductName = product,
            Line = line,
            Tcb = tcb,
            ChipId = chipId,
            Provider = provider,
        };
        malformed = null;
        return true;
    }

    private static bool Refuse(Check check, string expected, string actual, out Finding? malformed)
    {
        malformed = check.Finds("certificate", expected, actual);
        return false;
    }

    /// <returns>What is wrong, else null.</returns>
    private static string? ReadExtensions(CertificateReader reader, SigningKey kind, out string product, out ProductLine line,
        out TcbVersion tcb, out ReadOnlyMemory<byte>? chipId, out string? provider)
    {
        (line, tcb, chipId, provider) = (default, default, null, null);
        product = Text(reader, "2") ?? "";
        if (Number(reader, "1") is not (0 or 1) || SnpProducts.LineNamed(product) is not { } named)
            return "structVersion or productName is missing or unknown";
        line = named;
        int structVersion = Number(reader, "1")!.Value;
        if ((structVersion == 1) != (line.Layout() == TcbLayout.Turin))
            return $"structVersion {structVersion} does not go with {product}";
        if (Number(reader, "3.1") is not { } bootloader || Number(reader, "3.2") is not { } tee || Number(reader, "3.3") is not { } snp
            || Number(reader, "3.8") is not { } microcode)
        {
            return "a part of the TCB is missing or is not a number from 0 to 255";
        }
        byte? fmc = Number(reader, "3.9");
        if (fmc.HasValue != (structVersion == 1))
            return structVersion == 1 ? "fmcSPL is missing or is not a number from 0 to 255" : "fmcSPL does not belong in structVersion 0";
        tcb = new(fmc, bootloader, tee, snp, microcode);

        ReadOnlyMemory<byte>? hardware = reader.Extension(Prefix + "4");
        bool hasProvider = reader.Extension(Prefix + "5") is not null;
        if (kind == SigningKey.Vcek)
        {
            chipId = hardware is { } raw ? ChipIdOf(raw, line.ChipIdSize()) : null;
            return chipId is null ? $"hwID is missing or has not {line.ChipIdSize()} bytes" : hasProvider ? "cspID does not belong in a VCEK" : null;
        }
        provider = Text(reader, "5");
        return provider is null ? "cspID is missing or malformed" : hardware is not null ? "hwID does not belong in a VLEK" : null;
    }

    // By exact length first: a raw chip id may begin with the two bytes of an OCTET STRING's header.
    private static ReadOnlyMemory<byte>? ChipIdOf(ReadOnlyMemory<byte> value, int size)
    {
        if (value.Length == size)
            return value;
        return value.Length == size + 2 && value.Span[0] == 0x04 && value.Span[1] == size ? value[2..] : null;
    }

    // INTEGERs above 0x7F carry a leading zero: the last byte alone is not the number.
    private static byte? Number(CertificateReader reader, string suffix)
    {
        if (reader.Extension(Prefix + suffix) is not { } value)
            return null;
        try
        {
            AsnReader asn = new(value, AsnEncodingRules.DER);
            return asn.TryReadInt32(out int number) && !asn.HasData && number is >= 0 and <= 255 ? (byte)number : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    private static string? Text(CertificateReader reader, string suffix)
    {
        if (reader.Extension(Prefix + suffix) is not { } value || value.Length > 256)
            return null;
        try
        {
            AsnReader asn = new(value, AsnEncodingRules.DER);
            string text = asn.ReadCharacterString(UniversalTagNumber.IA5String);
            return !asn.HasData && text.Length > 0 && text.All(c => c is >= ' ' and <= '~') ? text : null;
        }
        catch (AsnContentException)
        {
            return null;
        }
    }

    // Through the certificate, because importing the bare key makes .NET multiply the point by the curve's order, which costs more than
    // to verify a signature; on P-384 (cofactor 1) that a point is on the curve, which OpenSSL checks here, is enough.
    private static ECDsa? ReadKey(ReadOnlyMemory<byte> der)
    {
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der.Span);
            return certificate.GetECDsaPublicKey();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    // SubjectPublicKeyInfo of an uncompressed point on the named curve secp384r1, up to the point: another curve of 384 bits begins otherwise.
    private static readonly byte[] s_p384 = Convert.FromHexString("3076301006072A8648CE3D020106052B8104002203620004");
}
