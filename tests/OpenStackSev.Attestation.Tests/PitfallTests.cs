using System.Formats.Asn1;
using System.Security.Cryptography;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests;

/// <summary>What other verifiers of SEV-SNP got wrong. Single checks are in <see cref="EachCheckAloneTests"/>, signatures in ReportSignatureTests.</summary>
public sealed class PitfallTests
{
    private static readonly Dictionary<string, (string Code, Func<AttestationResult> Judge)> s_refused = new(StringComparer.Ordinal)
    {
        ["a self-made ARK"] = ("snp.root.untrusted", SelfMadeArk),
        ["a VLEK in a VCEK's place"] = ("snp.vek.role", () => Milan(chip =>
            Given.Judged(chip, SimulatedSecurityProcessor.Sign(chip.Fields.Encode(), chip.Vlek), key: chip.Vlek))),
        ["mixed product chains"] = ("snp.product.mismatch", () => Odd(new() { ProductName = "Genoa" }, f => f with { Cpu = SimulatedCpu.Genoa })),
        ["an expired VLEK"] = ("snp.certificate.expired", () => Milan(chip =>
            Given.Judged(chip, chip.Report(chip.Fields with { SigningKey = 1 }), now: Given.Now.AddDays(366)))),
        ["a stale CRL"] = ("snp.crl.stale", () => WithCrl(new() { ThisUpdate = Given.Now.AddYears(-2), NextUpdate = Given.Now.AddDays(-1) })),
        ["a revoked ASK"] = ("snp.issuer.revoked", () => WithCrl(new() { Revoked = [Given.Milan.Ask.Serial] })),
        ["a masked chip"] = ("snp.chip_id.masked", () => Milan(f => f with { ChipId = new byte[64] })),
        ["a cloned chip id"] = ("snp.chip_id.mismatch", () => Milan(f => f with { ChipId = [.. Enumerable.Repeat((byte)0xC1, 64)] })),
    };

    public static TheoryData<string> Refused => [.. s_refused.Keys];

    [Theory, MemberData(nameof(Refused))]
    public void Each_is_refused_with_its_own_code(string evidence)
    {
        AttestationResult result = s_refused[evidence].Judge();
        string[] codes = [.. result.Findings.Select(f => f.Code)];
        Assert.Contains(s_refused[evidence].Code, codes);
        Assert.Empty(codes.Intersect(s_refused.Values.Select(r => r.Code).Where(code => code != s_refused[evidence].Code)));
        Assert.True(result.Verdict is Verdict.Contraindicated or Verdict.None);
    }

    // A. Trust anchor and chain

    // https://github.com/google/go-sev-guest/issues/185
    [Fact]
    public void A_root_that_evidence_brings_is_not_even_read()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        EndorsementBundle bundle = EndorsementBundle.Of(chip.CertificateTable(), "table");
        Assert.Equal(["SEV-Milan"], bundle.Authorities.Select(a => a.Name));
        Assert.Empty(bundle.Roots);
    }

    // https://github.com/microsoft/TEE-Attestation-Verification/issues/140
    [Fact]
    public void The_trusted_key_in_another_certificate_is_another_root()
    {
        byte[] other = Resigned(Given.Milan.Ark, "451022172305Z");
        using SimulatedSecurityProcessor chip = Given.Chip();
        Assert.True(AuthorityCertificate.TryParse(other, out AuthorityCertificate? ark, out _));
        Assert.True(ark.Issued(ark) && ark.Issued(Given.Parsed(Given.Milan.Ask)));
        AttestationResult result = Given.Judged(chip, chip.Report(chip.Fields),
            issuers: TrustedIssuers.From([ark], [Given.Parsed(Given.Milan.Ask)], [], new HashSet<string>(StringComparer.Ordinal) { Given.Milan.Ark.Fingerprint }));
        Assert.Equal("snp.root.untrusted", Assert.Single(result.Findings).Code);
    }

    [Theory]
    [InlineData(SimulatedSignatureScheme.PssSha256), InlineData(SimulatedSignatureScheme.Pkcs1Sha384)]
    public void A_certificate_that_is_signed_in_another_way_is_refused(SimulatedSignatureScheme scheme) =>
        Assert.Equal("snp.vek.signature", Assert.Single(Odd(new() { SignatureScheme = scheme }).Findings).Code);

    // https://github.com/virtee/snpguest/issues/57
    [Theory]
    [InlineData(true), InlineData(false)]
    public void AMDs_own_deviations_from_X509_are_taken(bool explicitTrailerField) =>
        Assert.Empty(Odd(new() { ExplicitTrailerField = explicitTrailerField }).Findings);

    [Fact]
    public void A_VCEK_that_the_ASVK_issued_is_refused() =>
        Assert.Contains(Odd(new() { IssuedByTheOther = true }).Findings, f => f.Code == "snp.vek.role");

    // B. Binding of key and report

    [Theory]
    [InlineData(SimulatedLine.Milan), InlineData(SimulatedLine.Turin)]
    public void A_report_of_one_chip_is_refused_with_the_key_of_another_at_the_same_TCB(SimulatedLine line)
    {
        using SimulatedSecurityProcessor chip = Given.Chip(line), other = new(Given.Of(line), RandomNumberGenerator.GetBytes(line.ChipIdLength));
        byte[] report = SimulatedSecurityProcessor.Sign(chip.Fields.Encode(), other.Vcek);
        Assert.Equal("snp.chip_id.mismatch", Assert.Single(Given.Judged(chip, report, key: other.Vcek).Findings).Code);
    }

    [Fact]
    public void A_chip_id_that_looks_like_DER_is_read_as_it_is()
    {
        byte[] chipId = [0x04, 0x3E, .. RandomNumberGenerator.GetBytes(62)];
        using SimulatedSecurityProcessor chip = new(Given.Milan, chipId);
        Assert.Equal(chipId, Given.Parsed(chip.Vcek).ChipId!.Value.ToArray());
        Assert.Empty(Given.Judged(chip, chip.Report(chip.Fields)).Findings);
    }

    [Theory]
    [InlineData(SimulatedOid.BootloaderSpl), InlineData(SimulatedOid.TeeSpl), InlineData(SimulatedOid.SnpSpl), InlineData(SimulatedOid.MicrocodeSpl),
     InlineData(SimulatedOid.StructVersion), InlineData(SimulatedOid.ProductName), InlineData(SimulatedOid.HwId)]
    public void A_missing_extension_is_never_skipped(string oid)
    {
        Assert.Equal("snp.vek.extension", RefusedKey(SimulatedExtension.Omit(oid)));
        Assert.Equal("snp.certificate.malformed", RefusedKey(SimulatedExtension.Twice(oid)));
    }

    [Theory]
    [InlineData(0x02, 0x02, 0x01, 0x18), InlineData(0x02, 0x01, 0xFF), InlineData(0x04, 0x01, 0x18), InlineData(0x18), InlineData(0x02, 0x00),
     InlineData(0x02, 0x02, 0x00, 0x18), InlineData(0x02, 0x01, 0x18, 0x00)]
    public void A_patch_level_is_one_INTEGER_from_0_to_255(params int[] value) =>
        Assert.Equal("snp.vek.extension", RefusedKey(SimulatedExtension.Replace(SimulatedOid.SnpSpl, [.. value.Select(b => (byte)b)])));

    // https://github.com/enarx/steward/issues/50
    [Fact]
    public void The_key_is_that_of_REPORTED_TCB_and_not_of_CURRENT_TCB()
    {
        AttestationResult result = Milan(f => f with { CurrentTcb = f.CurrentTcb with { Microcode = 255 }, CommittedTcb = f.CommittedTcb with { Microcode = 255 } });
        Assert.Empty(result.Findings);
    }

    // https://github.com/virtee/snphost/issues/125
    [Fact]
    public void Turin_is_asked_for_with_eight_bytes_and_FMC_and_read_in_its_own_layout()
    {
        using SimulatedSecurityProcessor chip = Given.Chip(SimulatedLine.Turin);
        byte[] wire = chip.Report(chip.Fields with { Version = 2 });
        Assert.True(AttestationReport.TryParse(wire, TcbLayout.Turin, out AttestationReport? report, out _));
        Assert.Equal((byte?)1, report.ReportedTcb.Fmc);
        Assert.Equal($"/vcek/v1/Turin/{Convert.ToHexStringLower(chip.ChipId)}?fmcSPL=01&blSPL=01&teeSPL=01&snpSPL=04&ucodeSPL=81",
            KdsAddress.Vcek(ProductLine.Turin, report.ChipId.Span, report.ReportedTcb));
    }

    // C. Parsers

    [Theory]
    [InlineData(0xA0), InlineData(0xAF)]
    public void Bergamo_and_Siena_are_endorsed_by_Genoas_keys(byte model)
    {
        using SimulatedSecurityProcessor chip = Given.Chip(SimulatedLine.Genoa);
        AttestationResult result = Given.Judged(chip, chip.Report(chip.Fields with { Cpu = new(0x19, model, 2) }));
        Assert.Empty(result.Findings);
        Assert.Equal(SnpProduct.BergamoOrSiena, result.Product);
    }

    // https://github.com/edgelesssys/constellation/pull/3495
    [Fact]
    public void Bits_of_PLATFORM_INFO_that_nobody_knows_are_kept_and_refused_only_by_a_policy_that_says_so()
    {
        AttestationResult result = Milan(f => f with { PlatformInfo = 0x8000_0000_0000_0065 });
        Assert.Empty(result.Findings);
        Assert.Equal(0x8000_0000_0000_0000, result.Report!.PlatformInfo.UnknownBits);
        Assert.Equal("snp.platform.not_allowed", Assert.Single(Milan(f => f with { PlatformInfo = 0x8000_0000_0000_0065 },
            AppraisalPolicy.Default with { Platform = new() { UnknownBits = Stance.Refused } }).Findings).Code);
    }

    [Fact]
    public void A_report_of_version_2_with_a_masked_chip_is_genuine_and_its_chip_is_for_the_policy()
    {
        AttestationResult result = Milan(f => f with { Version = 2, ChipId = new byte[64] });
        Assert.True(result.Genuine);
        Assert.Equal(["snp.chip_id.masked"], result.Findings.Select(f => f.Code));
    }

    [Theory]
    [InlineData(0u), InlineData(1u), InlineData(6u), InlineData(0xFFFFFFFFu)]
    public void A_version_that_is_not_known_is_named_and_is_neither_old_nor_new(uint version)
    {
        Finding finding = Assert.Single(Milan(f => f with { Version = version }).Findings);
        Assert.Equal(("snp.report.version", "2 to 5", version.ToString()), (finding.Code, finding.Expected, finding.Actual));
    }

    // E. Policy

    [Fact]
    public void A_VMPL_counts_only_when_it_is_named()
    {
        Assert.Equal("snp.vmpl.not_allowed", Assert.Single(Milan(f => f with { Vmpl = 1 }).Findings).Code);
        Assert.Empty(Milan(f => f with { Vmpl = 1 }, AppraisalPolicy.Default with { Vmpls = [0, 1] }).Findings);
        Assert.Single(Milan(f => f, AppraisalPolicy.Default with { Vmpls = [1] }).Findings);
    }

    [Fact]
    public void A_minimum_is_not_met_by_firmware_that_can_be_rolled_back()
    {
        AppraisalPolicy policy = AppraisalPolicy.Default with
        {
            MinimumFirmware = new Dictionary<ProductLine, Attestation.Snp.FirmwareVersion> { [ProductLine.Milan] = new(1, 55, 30) },
        };
        AttestationResult provisional = Milan(f => f with { CurrentFirmware = new(1, 55, 31), CommittedFirmware = new(1, 55, 29) }, policy);
        Assert.Equal("snp.firmware.below_minimum", Assert.Single(provisional.Findings).Code);
        Assert.Empty(Milan(f => f with { CurrentFirmware = new(1, 55, 31), CommittedFirmware = new(1, 55, 30) }, policy).Findings);
    }

    [Fact]
    public void A_build_is_compared_together_with_its_version()
    {
        Assert.True(new Attestation.Snp.FirmwareVersion(1, 56, 0) > new Attestation.Snp.FirmwareVersion(1, 55, 22));
        Assert.Empty(Milan(f => f with { CommittedFirmware = new(1, 56, 0) }).Findings);
    }

    // F. Revocation

    [Fact]
    public void A_revoked_ASVK_is_found_in_the_list_of_either_keys()
    {
        foreach (SigningKey of in new[] { SigningKey.Vcek, SigningKey.Vlek })
        {
            RevocationList list = Given.Parsed(Given.Milan.IssueCrl(new() { Revoked = [Given.Milan.Asvk.Serial] }), of);
            Assert.Contains(Milan(chip => Given.Judged(chip, chip.Report(chip.Fields with { SigningKey = 1 }), revocations: [list])).Findings,
                f => f is { Code: "snp.issuer.revoked", Subject: "SEV-VLEK-Milan" });
        }
    }

    [Fact]
    public void The_list_beside_the_VCEKs_does_not_stand_for_that_beside_the_VLEKs()
    {
        RevocationList list = Given.Parsed(Given.Milan.IssueCrl(), SigningKey.Vcek);
        AppraisalPolicy policy = AppraisalPolicy.Default with { Crl = CrlUse.Required };
        Assert.Contains(Milan(chip => Given.Judged(chip, chip.Report(chip.Fields with { SigningKey = 1 }), policy, revocations: [list])).Findings,
            f => f.Code == "snp.crl.missing");
        Assert.Empty(Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), policy, revocations: [list])).Findings);
    }

    // All VCEKs have this serial number: a list with it would otherwise revoke all of them, or none.
    [Fact]
    public void A_revoked_serial_number_0_is_nobodys() => Assert.Empty(WithCrl(new() { Revoked = [0] }).Findings);

    [Fact]
    public void The_next_key_gets_its_own_issuer_whatever_the_last_one_was()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        TrustedIssuers issuers = Given.Issuers([Given.Milan]);
        foreach (bool vlek in new[] { false, true, false })
        {
            EndorsementChain chain = EndorsementChain.Of(Given.Parsed(vlek ? chip.Vlek : chip.Vcek), issuers);
            Assert.Equal(vlek ? AuthorityRole.Asvk : AuthorityRole.Ask, chain.Issuer!.Role);
            Assert.Empty(chain.Check(Given.Now, AppraisalPolicy.Default));
        }
    }

    // Everything verifies within the chain, names and all: only that nobody trusts its root is wrong.
    private static AttestationResult SelfMadeArk()
    {
        using SimulatedAuthority own = Given.Authority(SimulatedLine.Milan);
        using SimulatedSecurityProcessor chip = new(own);
        HashSet<string> named = new(StringComparer.Ordinal) { Given.Milan.Ark.Fingerprint };
        TrustedIssuers issuers = TrustedIssuers.From([Given.Parsed(own.Ark), Given.Parsed(Given.Milan.Ark)], [Given.Parsed(own.Ask), Given.Parsed(Given.Milan.Ask)], [], named);
        return Given.Judged(chip, chip.Report(chip.Fields), issuers: issuers);
    }

    private static AttestationResult Milan(Func<SimulatedSecurityProcessor, AttestationResult> judge)
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        return judge(chip);
    }

    private static AttestationResult Milan(Func<ReportFields, ReportFields> change, AppraisalPolicy? policy = null) =>
        Milan(chip => Given.Judged(chip, chip.Report(change(chip.Fields)), policy, key: chip.Vcek));

    private static AttestationResult Odd(SimulatedKeyOptions options, Func<ReportFields, ReportFields>? change = null)
    {
        using SimulatedSecurityProcessor chip = new(Given.Milan, vcekOptions: options);
        return Given.Judged(chip, chip.Report((change ?? (f => f))(chip.Fields)));
    }

    private static AttestationResult WithCrl(SimulatedCrlOptions options) =>
        Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), revocations: [Given.Parsed(Given.Milan.IssueCrl(options))]));

    private static string? RefusedKey(Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>> extensions)
    {
        using SimulatedKey key = Given.Milan.IssueVcek(new byte[64], SimulatedLine.Milan.UsualTcb, new() { Extensions = extensions });
        return VekCertificate.TryParse(key.Certificate, out _, out Finding? malformed) ? null : malformed.Code;
    }

    // The certificate with another end of its validity, signed anew by its own key.
    private static byte[] Resigned(SimulatedIssuer issuer, string notAfter)
    {
        byte[] der = [.. issuer.Certificate];
        ReadOnlyMemory<byte> body = new AsnReader(der, AsnEncodingRules.DER).ReadSequence().PeekEncodedValue();
        int validity = der.AsSpan().IndexOf((ReadOnlySpan<byte>)[0x17, 13]);
        System.Text.Encoding.ASCII.GetBytes(notAfter).CopyTo(der, validity + 15 + 2);
        byte[] signature = issuer.Key.SignData(body.Span, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
        signature.CopyTo(der, der.Length - signature.Length);
        return der;
    }
}
