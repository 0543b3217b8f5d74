using System.Diagnostics;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Endorsements;

/// <summary>Bytes that were made to mislead or to exhaust a reader.</summary>
public sealed class HostileBytesTests
{
    [Fact]
    public void A_table_with_PEM_in_an_entry_brings_no_root()
    {
        byte[] pem = Encoding.ASCII.GetBytes(Given.Milan.Ark.CertificatePem);
        byte[] table = SimulatedCertificateTable.Encode([new(SimulatedCertificateTable.Crl, pem)]);
        EndorsementBundle bundle = EndorsementBundle.Of(table, "table");
        Assert.Empty(bundle.Authorities);
        Assert.Single(bundle.Findings);
        Assert.Single(EndorsementBundle.Of(pem, "file").Roots);
    }

    // A long exponent costs who verifies, and nothing who sends it.
    [Theory]
    [InlineData(16, 3), InlineData(1024, 3), InlineData(2047, 3), InlineData(8200, 3), InlineData(65536, 3), InlineData(120_000, 3)]
    [InlineData(2048, 2048), InlineData(3072, 3072), InlineData(4096, 4096), InlineData(8192, 8192)]
    public void An_absurd_RSA_key_is_refused_or_quick(int modulusBits, int exponentBits)
    {
        byte[] der = WithKey(Given.Milan.Ask.Certificate, RsaKey(modulusBits, exponentBits));
        Stopwatch clock = Stopwatch.StartNew();
        bool read = AuthorityCertificate.TryParse(der, out AuthorityCertificate? certificate, out _);
        bool believed = read && certificate!.Issued(certificate);
        Assert.False(believed);
        Assert.True(!read || modulusBits is >= 2048 and <= 8192);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    [Theory]
    [InlineData("-----BEGIN A-----"), InlineData("-----BEGIN "), InlineData("-----BEGIN A-----\n-----"), InlineData("-----BEGIN -----END A")]
    public void Beginnings_without_an_end_are_refused_soon(string beginning)
    {
        StringBuilder text = new(EndorsementBundle.MaximumSize);
        for (int i = 0; i < 1024; i++)
            text.Append(beginning);
        while (text.Length < EndorsementBundle.MaximumSize - 5)
            text.Append("-----");
        Stopwatch clock = Stopwatch.StartNew();
        Assert.NotEmpty(EndorsementBundle.Of(Encoding.ASCII.GetBytes(text.ToString()), "file").Findings);
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(1));
    }

    [Fact]
    public void A_whole_block_behind_a_broken_one_is_read()
    {
        EndorsementBundle bundle = EndorsementBundle.Of(Encoding.ASCII.GetBytes(
            "ark.pem\n-----BEGIN CERTIFICATE-----\nAAAA\n" + Given.Milan.VcekChainPem + "-----BEGIN "), "file");
        Assert.Equal(["SEV-Milan", "ARK-Milan"], bundle.Authorities.Select(a => a.Name));
        Assert.Equal("one that is not", Assert.Single(bundle.Findings).Actual);
    }

    [Theory]
    [InlineData(0x30), InlineData(0x31), InlineData(0xA0), InlineData(0x24)]
    public void What_is_nested_very_deep_is_refused(byte tag)
    {
        byte[] der = [0x05, 0x00];
        while (der.Length < 15_000)
            der = [tag, 0x82, (byte)(der.Length >> 8), (byte)der.Length, .. der];
        der = [0x30, 0x82, (byte)(der.Length >> 8), (byte)der.Length, .. der];
        Assert.False(RevocationList.TryParse(der, null, out _, out _));
        Assert.False(AuthorityCertificate.TryParse(der, out _, out _));
        Assert.False(VekCertificate.TryParse(der, out _, out _));
    }

    // An ASK whose notAfter, of 13 characters, is another time.
    [Theory]
    [InlineData("000000000000Z"), InlineData("991332256161Z"), InlineData("491231235960Z"), InlineData("ZZZZZZZZZZZZZ"), InlineData("4912312359+99")]
    public void A_date_that_is_none_is_refused(string date)
    {
        byte[] der = [.. Given.Milan.Ask.Certificate];
        int at = der.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x17, 13]);
        Encoding.ASCII.GetBytes(date).CopyTo(der, at + 2);
        Assert.False(AuthorityCertificate.TryParse(der, out _, out _));
    }

    [Fact]
    public void A_guests_key_on_an_unknown_or_explicit_curve_is_refused()
    {
        using ECDsa named = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] der = named.ExportSubjectPublicKeyInfo();
        Assert.True(ConfirmationKey.TryFromSubjectPublicKeyInfo(der, out _));
        der[22] ^= 0x40;    // an OID that no platform knows
        Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(der, out _));
        using ECDsa described = ECDsa.Create(named.ExportExplicitParameters(includePrivateParameters: false));
        Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(described.ExportSubjectPublicKeyInfo(), out _));
        foreach (ECCurve curve in new[] { ECCurve.NamedCurves.brainpoolP256r1, ECCurve.NamedCurves.brainpoolP384r1, ECCurve.NamedCurves.nistP521 })
        {
            using ECDsa other = ECDsa.Create(curve);
            Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(other.ExportSubjectPublicKeyInfo(), out _));
        }
    }

    private static byte[] RsaKey(int modulusBits, int exponentBits)
    {
        AsnWriter key = new(AsnEncodingRules.DER);
        using (key.PushSequence())
        {
            key.WriteInteger((System.Numerics.BigInteger.One << modulusBits) - 105);
            key.WriteInteger((System.Numerics.BigInteger.One << exponentBits) - 1 - (exponentBits > 3 ? 58 : 0));
        }
        AsnWriter info = new(AsnEncodingRules.DER);
        using (info.PushSequence())
        {
            using (info.PushSequence())
            {
                info.WriteObjectIdentifier("1.2.840.113549.1.1.1");
                info.WriteNull();
            }
            info.WriteBitString(key.Encode());
        }
        return info.Encode();
    }

    private static byte[] WithKey(byte[] certificate, byte[] keyInfo)
    {
        AsnReader outer = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
        AsnReader body = outer.ReadSequence();
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                for (int part = 0; body.HasData; part++)
                {
                    ReadOnlyMemory<byte> value = body.ReadEncodedValue();
                    writer.WriteEncodedValue(part == 6 ? keyInfo : value.Span);
                }
            }
            while (outer.HasData)
                writer.WriteEncodedValue(outer.ReadEncodedValue().Span);
        }
        return writer.Encode();
    }
}
