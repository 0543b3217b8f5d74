using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class CertificateTests(Chains chains)
{
    public static TheoryData<SimulatedLine> Lines => [.. Enum.GetValues<SimulatedLine>()];

    [Theory]
    [InlineData("snp/milan-v2-debug/vcek.der", SimulatedLine.Milan, true)]
    [InlineData("snp/milan-v2/vcek.der", SimulatedLine.Milan, true)]
    [InlineData("snp/milan-v3/vcek.pem", SimulatedLine.Milan, false)]
    [InlineData("snp/genoa-v3/vcek.pem", SimulatedLine.Genoa, false)]
    [InlineData("snp/turin-v5/vcek.pem", SimulatedLine.Turin, false)]
    public void A_VCEK_of_the_same_chip_and_TCB_has_the_structure_of_the_real_one(string path, SimulatedLine line, bool trailerField)
    {
        byte[] real = RealVectors.Certificate(path);
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(real);
        byte Level(string oid) => (byte)new AsnReader(parsed.Extensions[oid]!.RawData, AsnEncodingRules.DER).ReadInteger();
        SimulatedTcb tcb = new(line.HasFmc ? Level(SimulatedOid.FmcSpl) : null, Level(SimulatedOid.BootloaderSpl), Level(SimulatedOid.TeeSpl),
            Level(SimulatedOid.SnpSpl), Level(SimulatedOid.MicrocodeSpl));
        using SimulatedKey key = chains[line].IssueVcek(parsed.Extensions[SimulatedOid.HwId]!.RawData, tcb, new()
        {
            NotBefore = new(parsed.NotBefore),
            ExplicitTrailerField = trailerField,
        });
        Assert.Equal(Structure(real), Structure(key.Certificate));
    }

    [Fact]
    public void A_VLEK_of_the_same_provider_and_TCB_has_the_structure_of_the_real_one()
    {
        byte[] real = RealVectors.Certificate("snp/milan-vlek-v3/vlek.der");
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(real);
        using SimulatedKey key = chains[SimulatedLine.Milan].IssueVlek("CN=cc-us-east-2.amazonaws.com", new(null, 4, 0, 24, 217),
            new() { NotBefore = new(parsed.NotBefore) });
        Assert.Equal(Structure(real), Structure(key.Certificate));
    }

    [Theory, InlineData(SimulatedLine.Milan), InlineData(SimulatedLine.Genoa), InlineData(SimulatedLine.Turin)]
    public void Roots_have_the_structure_of_the_real_ones(SimulatedLine line)
    {
        byte[] Real(string role) => RealVectors.Certificate($"roots/{line.ToString().ToLowerInvariant()}_{role}.der");
        static SimulatedCertificateOptions OfThatTime(byte[] real)
        {
            using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(real);
            return new() { NotBefore = new(parsed.NotBefore) };
        }
        byte[] ark = Real("ark"), ask = Real("ask"), asvk = Real("asvk");
        using SimulatedAuthority authority = SimulatedAuthority.Create(line,
            new() { KeyBits = 2048, Ark = OfThatTime(ark), Ask = OfThatTime(ask), Asvk = OfThatTime(asvk) });
        Assert.Equal(Structure(ark), Structure(authority.Ark.Certificate));
        Assert.Equal(Structure(ask), Structure(authority.Ask.Certificate));
        Assert.Equal(Structure(asvk), Structure(authority.Asvk.Certificate));
    }

    [Theory, MemberData(nameof(Lines))]
    public void Chains_are_good_for_a_verifier_that_trusts_the_root(SimulatedLine line)
    {
        SimulatedAuthority authority = chains[line];
        using SimulatedSecurityProcessor processor = new(authority);
        Assert.True(Chains(processor.Vcek.Certificate, authority.Ask, authority.Ark));
        Assert.True(Chains(processor.Vlek.Certificate, authority.Asvk, authority.Ark));
        Assert.False(Chains(processor.Vcek.Certificate, authority.Asvk, authority.Ark));
    }

    [Fact]
    public void Everything_says_that_it_is_simulated()
    {
        SimulatedAuthority authority = chains[SimulatedLine.Turin];
        using SimulatedSecurityProcessor processor = new(authority);
        byte[][] all = [authority.Ark.Certificate, authority.Ask.Certificate, authority.Asvk.Certificate,
            processor.Vcek.Certificate, processor.Vlek.Certificate];
        Assert.All(all, certificate =>
        {
            using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate);
            Assert.Contains("O=OpenStackSev simulation", parsed.Subject, StringComparison.Ordinal);
            Assert.Contains("O=OpenStackSev simulation", parsed.Issuer, StringComparison.Ordinal);
            Assert.DoesNotContain("Advanced Micro Devices", Encoding.Latin1.GetString(certificate), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Keys_are_as_long_as_AMDs_unless_asked_otherwise()
    {
        using SimulatedAuthority authority = SimulatedAuthority.Create(SimulatedLine.Venice);
        Assert.Equal(4096, authority.Ark.Key.KeySize);
    }

    [Fact]
    public void A_VCEK_is_valid_for_seven_years_and_a_VLEK_for_one()
    {
        using SimulatedSecurityProcessor processor = new(chains[SimulatedLine.Genoa]);
        using X509Certificate2 vcek = X509CertificateLoader.LoadCertificate(processor.Vcek.Certificate);
        using X509Certificate2 vlek = X509CertificateLoader.LoadCertificate(processor.Vlek.Certificate);
        Assert.Equal(vcek.NotBefore.AddYears(7), vcek.NotAfter);
        Assert.Equal(vlek.NotBefore.AddYears(1), vlek.NotAfter);
    }

    [Fact]
    public void Extensions_can_be_left_out_replaced_doubled_and_added()
    {
        string[] Oids(SimulatedKeyOptions options)
        {
            using SimulatedKey key = chains[SimulatedLine.Turin].IssueVcek(new byte[8], SimulatedLine.Turin.UsualTcb, options);
            return [.. Structure(key.Certificate).Where(line => line.Contains(" 1.3.6.1.4.1.3704.", StringComparison.Ordinal)
                || line.Contains(" 2.5.29.", StringComparison.Ordinal)).Select(line => line.Trim())];
        }
        string[] sound = Oids(new());
        Assert.Equal(sound.Where(oid => !oid.EndsWith(".3.9", StringComparison.Ordinal)),
            Oids(new() { Extensions = SimulatedExtension.Omit(SimulatedOid.FmcSpl) }));
        Assert.Equal(sound, Oids(new() { Extensions = SimulatedExtension.Replace(SimulatedOid.HwId, 4, 0) }));
        Assert.Equal([.. sound, sound[0]], Oids(new() { Extensions = SimulatedExtension.Twice(SimulatedOid.StructVersion) }));
        Assert.Equal(sound.Length + 1, Oids(new() { Extensions = SimulatedExtension.Add(SimulatedOid.BasicConstraints, true, 0x30, 0) }).Length);
    }

    [Fact]
    public void Each_wrong_certificate_is_wrong_in_what_was_asked()
    {
        SimulatedAuthority authority = chains[SimulatedLine.Genoa];
        byte[] chip = new byte[64];
        X509Certificate2 Vcek(SimulatedKeyOptions options)
        {
            using SimulatedKey key = authority.IssueVcek(chip, SimulatedLine.Genoa.UsualTcb, options);
            return X509CertificateLoader.LoadCertificate(key.Certificate);
        }
        Assert.Contains("CN=SEV-OTHER,", Vcek(new() { SubjectCommonName = "SEV-OTHER" }).Subject + ",", StringComparison.Ordinal);
        Assert.Contains("CN=SEV-Milan,", Vcek(new() { IssuerCommonName = "SEV-Milan" }).Issuer + ",", StringComparison.Ordinal);
        Assert.Contains("CN=SEV-VLEK-Genoa,", Vcek(new() { IssuedByTheOther = true }).Issuer + ",", StringComparison.Ordinal);
        Assert.Equal([7], Vcek(new() { Serial = 7 }).SerialNumberBytes.ToArray());
        Assert.Equal([0x16, 3, .. "Foo"u8], Vcek(new() { ProductName = "Foo" }).Extensions[SimulatedOid.ProductName]!.RawData);
        Assert.Equal([2, 1, 9], Vcek(new() { StructVersion = 9 }).Extensions[SimulatedOid.StructVersion]!.RawData);
        Assert.Equal([4, 64, .. chip], Vcek(new() { HwIdAsOctetString = true }).Extensions[SimulatedOid.HwId]!.RawData);
        Assert.Equal(256, Vcek(new() { Curve = ECCurve.NamedCurves.nistP256 }).GetECDsaPublicKey()!.KeySize);
        Assert.Equal("1.2.840.113549.1.1.12", Vcek(new() { SignatureScheme = SimulatedSignatureScheme.Pkcs1Sha384 }).SignatureAlgorithm.Value);
        Assert.Equal(new DateTime(2050, 1, 2, 3, 4, 5, DateTimeKind.Utc),
            Vcek(new() { NotAfter = new(2050, 1, 2, 3, 4, 5, TimeSpan.Zero) }).NotAfter.ToUniversalTime());
        using RSA stranger = RSA.Create(2048);
        Assert.False(Chains(Vcek(new() { SignedBy = stranger }).RawData, authority.Ask, authority.Ark));
        Assert.True(Chains(Vcek(new() { SignatureScheme = SimulatedSignatureScheme.PssSha256 }).RawData, authority.Ask, authority.Ark));
    }

    [Fact]
    public void An_ASK_that_another_root_signed_and_one_that_is_no_CA_do_not_chain()
    {
        using RSA stranger = RSA.Create(2048);
        Assert.False(AskChains(new() { SignedBy = stranger }));
        Assert.False(AskChains(new() { Extensions = SimulatedExtension.Replace(SimulatedOid.BasicConstraints, 0x30, 0) }));
        Assert.True(AskChains(new()));

        static bool AskChains(SimulatedCertificateOptions options)
        {
            using SimulatedAuthority authority = SimulatedAuthority.Create(SimulatedLine.Turin, new() { KeyBits = 2048, Ask = options });
            using SimulatedKey key = authority.IssueVcek(new byte[8], SimulatedLine.Turin.UsualTcb);
            return Chains(key.Certificate, authority.Ask, authority.Ark);
        }
    }

    private static bool Chains(byte[] leaf, SimulatedIssuer issuer, SimulatedIssuer root)
    {
        using X509Certificate2 end = X509CertificateLoader.LoadCertificate(leaf);
        using X509Chain chain = new();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(root.Certificate));
        chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(issuer.Certificate));
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        return chain.Build(end);
    }

    /// <summary>Tag and nesting of every element, and the value of all that is not a key, a signature, an identifier of a key or O.</summary>
    private static List<string> Structure(byte[] certificate)
    {
        List<string> lines = [];
        string oid = "";
        Walk(certificate, 0);
        return lines;

        void Walk(ReadOnlyMemory<byte> encoded, int depth)
        {
            AsnReader reader = new(encoded, AsnEncodingRules.DER);
            while (reader.HasData)
            {
                Asn1Tag tag = reader.PeekTag();
                ReadOnlyMemory<byte> content = reader.PeekContentBytes();
                reader.ReadEncodedValue();
                string value = "";
                if (tag == Asn1Tag.ObjectIdentifier)
                    value = oid = new AsnReader(new byte[] { 6, (byte)content.Length }.Concat(content.ToArray()).ToArray(), AsnEncodingRules.DER)
                        .ReadObjectIdentifier();
                else if (!tag.IsConstructed && tag != Asn1Tag.PrimitiveBitString && oid is not ("2.5.4.10" or "2.5.29.14" or "2.5.29.35"))
                    value = Convert.ToHexString(content.Span);
                lines.Add($"{new string(' ', depth)}{tag} {value}");
                if (tag.IsConstructed)
                    Walk(content, depth + 1);
            }
        }
    }
}
