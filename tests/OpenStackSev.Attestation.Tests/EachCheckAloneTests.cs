using System.Security.Cryptography;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests;

/// <summary>Every check has evidence that fails by that check alone, and a code without one is listed.</summary>
public sealed class EachCheckAloneTests
{
    private static readonly Dictionary<string, Func<AttestationResult>> s_cases = new(StringComparer.Ordinal)
    {
        ["snp.report.size"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields)[..^1], key: chip.Vcek)),
        ["snp.report.version"] = () => Report(f => f with { Version = 6 }),
        ["snp.report.reserved"] = () => Resigned(report => report[0x29F] = 1),
        ["snp.report.value"] = () => Report(f => f with { Vmpl = 4 }),
        ["snp.product.unknown"] = () => Report(f => f with { Cpu = new(0x19, 0x20, 0) }),
        ["snp.tcb.order"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields with { CommittedTcb = chip.Tcb with { Snp = (byte)(chip.Tcb.Snp - 1) } }))),

        ["snp.vek.missing"] = () => Milan(chip => Verifier.Appraise(chip.Report(chip.Fields), null, AppraisalPolicy.Default, null, Given.Now)),
        ["snp.vek.role"] = () => Milan(chip => Given.Judged(chip, SimulatedSecurityProcessor.Sign(chip.Fields.Encode(), chip.Vlek), key: chip.Vlek)),
        ["snp.vek.signature"] = () => Key(new() { SignedBy = Given.Genoa.Ask.Key }),
        ["snp.issuer.missing"] = () => Issuers(m => TrustedIssuers.From([Given.Parsed(m.Ark)], [Given.Parsed(m.Asvk)], [], Named(m))),
        ["snp.issuer.role"] = () => Authority(new() { Ask = new() { Extensions = SimulatedExtension.Omit(SimulatedOid.BasicConstraints) } }),
        ["snp.issuer.signature"] = () => Authority(new() { Ask = new() { SignedBy = Given.Genoa.Ark.Key } }),
        ["snp.issuer.revoked"] = () => Crl(new() { Revoked = [Given.Milan.Ask.Serial] }),
        ["snp.root.missing"] = () => Issuers(m => TrustedIssuers.From([Given.Parsed(Given.Genoa.Ark)], [Given.Parsed(m.Ask)], [], Named(Given.Genoa))),
        ["snp.root.untrusted"] = () => Issuers(m => TrustedIssuers.From([Given.Parsed(m.Ark)], [Given.Parsed(m.Ask)], [])),
        ["snp.root.role"] = () => Authority(new() { Ark = new() { Extensions = SimulatedExtension.Omit(SimulatedOid.KeyUsage) } }),
        ["snp.certificate.expired"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields with { SigningKey = 1 }),
            now: Given.Now.AddYears(1).AddDays(2)), "snp.binding.none"),
        ["snp.certificate.not_yet_valid"] = () => Key(new() { NotBefore = Given.Now.AddDays(1) }),
        ["snp.product.mismatch"] = () => Report(f => f with { Cpu = SimulatedCpu.Genoa, CommittedFirmware = new(1, 55, 40) }),
        ["snp.crl.missing"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), AppraisalPolicy.Default with { Crl = CrlUse.Required })),
        ["snp.crl.signature"] = () => Crl(new() { SignedBy = Given.Genoa.Ark.Key }),
        ["snp.crl.stale"] = () => Crl(new() { ThisUpdate = Given.Now.AddYears(-2), NextUpdate = Given.Now.AddSeconds(-1) }),
        ["snp.crl.not_yet_valid"] = () => Crl(new() { ThisUpdate = Given.Now.AddSeconds(1) }),

        ["snp.signature.absent"] = () => Report(f => f with { MaskChipKey = true }),
        ["snp.signature.algorithm"] = () => Report(f => f with { SignatureAlgorithm = 2 }),
        ["snp.signature.padding"] = () => Altered(report => report[^1] = 1),
        ["snp.signature.range"] = () => Altered(report => report.AsSpan(0x2A0, 48).Clear()),
        ["snp.signature.mismatch"] = () => Altered(report => report[0x050] ^= 1),

        ["snp.chip_id.mismatch"] = () => Report(f => f with { ChipId = RandomNumberGenerator.GetBytes(64) }),
        ["snp.reported_tcb.mismatch"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields with { ReportedTcb = chip.Tcb with { Microcode = (byte)(chip.Tcb.Microcode - 1) } }))),
        ["snp.report_data.mismatch"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), expected: [.. Enumerable.Repeat((byte)1, 64)])),

        ["snp.chip_id.masked"] = () => Report(f => f with { ChipId = new byte[64] }),
        ["snp.binding.none"] = () => Report(f => f with { ChipId = new byte[64] }, AppraisalPolicy.Default with { MaskedChip = Stance.Allowed }),
        ["snp.chip.denied"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), AppraisalPolicy.Default with { DeniedChips = [Convert.ToHexString(chip.ChipId)] })),
        ["snp.chip.not_allowed"] = () => Report(f => f, AppraisalPolicy.Default with { AllowedChips = [new string('1', 128)] }),
        ["snp.provider.not_allowed"] = () => Report(f => f with { SigningKey = 1 }, AppraisalPolicy.Default with { AllowedProviders = ["CN=elsewhere.invalid"] }, "snp.binding.none"),
        ["snp.signing_key.not_allowed"] = () => Report(f => f, AppraisalPolicy.Default with { SigningKeys = [SigningKey.Vlek] }),
        ["snp.product.not_trusted"] = () => Report(f => f, AppraisalPolicy.Default with { RefusedProducts = [ProductLine.Milan] }),
        ["snp.vmpl.not_allowed"] = () => Report(f => f with { Vmpl = 1 }),
        ["snp.vmpl.host_requested"] = () => Report(f => f with { Vmpl = AttestationReport.HostRequestedVmpl }),
        ["snp.policy.not_allowed"] = () => Report(f => f with { Policy = 0x3_0000 | 1 << 21 }, AppraisalPolicy.Default with { GuestPolicy = new() { Cxl = Stance.Refused } }),
        ["snp.policy.debug"] = () => Report(f => f with { Policy = 0x3_0000 | 1 << 19 }),
        ["snp.policy.migration_agent"] = () => Report(f => f with { Policy = 0x3_0000 | 1 << 18 }),
        ["snp.policy.required"] = () => Report(f => f, AppraisalPolicy.Default with { GuestPolicy = new() { PageSwapOff = Stance.Required } }),
        ["snp.policy.unknown"] = () => Report(f => f with { Policy = 0x3_0000 | 1 << 26 }),
        ["snp.policy.abi"] = () => Report(f => f, AppraisalPolicy.Default with { GuestPolicy = new() { MinimumAbiMajor = 1 } }),
        ["snp.tcb.below_minimum"] = () => Report(f => f, AppraisalPolicy.Default with { MinimumTcb = ForMilan(new TcbMinimum(Microcode: 255)) }),
        ["snp.tcb.launch_below_minimum"] = () => Report(f => f, AppraisalPolicy.Default with { MinimumLaunchTcb = ForMilan(new TcbMinimum(Tee: 255)) }),
        ["snp.tcb.provisional"] = () => Milan(chip => Given.Judged(chip, chip.Report(chip.Fields with { CurrentTcb = chip.Tcb with { Microcode = 255 } }),
            AppraisalPolicy.Default with { ProvisionalFirmware = Stance.Refused })),
        ["snp.firmware.below_minimum"] = () => Report(f => f with { CommittedFirmware = new(1, 55, 21) }),
        ["snp.mitigation.missing"] = () => Report(f => f with { CurrentMitigationVector = 0x0B }, AppraisalPolicy.Default with { CurrentMitigations = ForMilan(0x0CUL) }),
        ["snp.platform.not_allowed"] = () => Report(f => f, AppraisalPolicy.Default with { Platform = new() { Smt = Stance.Refused } }),
        ["snp.platform.required"] = () => Report(f => f with { PlatformInfo = 0x5 }),
        ["snp.guest_svn.below_minimum"] = () => Report(f => f, AppraisalPolicy.Default with { MinimumGuestSvn = 1 }),
        ["snp.measurement.unknown"] = () => Values(new() { LaunchDigests = [new(new string('0', 96), "another")] }),
        ["snp.host_data.unknown"] = () => Values(new() { HostData = [new string('1', 64)] }),
        ["snp.id_key.unknown"] = () => Values(new() { IdKeyDigests = [new string('1', 96)] }),
        ["snp.author_key.unknown"] = () => Values(new() { AuthorKeyDigests = [new string('0', 96)] }),
        ["snp.family_id.unknown"] = () => Values(new() { FamilyIds = [new string('1', 32)] }),
        ["snp.image_id.unknown"] = () => Values(new() { ImageIds = [new string('1', 32)] }),
    };

    // Found while certificates are read, before there is a chain to judge.
    private static readonly Dictionary<string, Func<Finding?>> s_unreadable = new(StringComparer.Ordinal)
    {
        ["snp.certificate.malformed"] = () => Assert.Single(EndorsementBundle.Of(new byte[] { 0x30, 0x00 }, "file").Findings),
        ["snp.vek.extension"] = () => Assert.Single(EndorsementBundle.Of(Given.Milan.IssueVcek(new byte[64], SimulatedLine.Milan.UsualTcb,
            new() { Extensions = SimulatedExtension.Omit(SimulatedOid.HwId) }).Certificate, "file").Findings),
    };

    public static TheoryData<string> Alone => [.. s_cases.Keys];
    public static TheoryData<string> Unreadable => [.. s_unreadable.Keys];

    [Theory, MemberData(nameof(Alone))]
    public void Evidence_fails_by_this_check_alone(string code)
    {
        AttestationResult result = s_cases[code]();
        Finding finding = Assert.Single(result.Findings);
        Check check = SnpCodes.All.Single(c => c.Code == code);
        Assert.Equal(code, finding.Code);
        Assert.Equal(check.Tier, finding.Tier);
        Assert.Equal(check.Tier, result.Verdict);
        Assert.Equal(check.Stage > Stage.Binding, result.Genuine);
        Assert.NotEqual("", finding.Subject + finding.Expected + finding.Actual);
    }

    [Theory, MemberData(nameof(Unreadable))]
    public void A_file_fails_by_this_check_alone(string code) => Assert.Equal(code, s_unreadable[code]()?.Code);

    [Fact]
    public void No_code_is_without_evidence_that_fails_by_it_alone() =>
        Assert.Empty(SnpCodes.All.Select(check => check.Code).Except(s_cases.Keys).Except(s_unreadable.Keys));

    [Fact]
    public void Sound_evidence_has_no_finding()
    {
        foreach (SimulatedLine line in Enum.GetValues<SimulatedLine>())
        {
            using SimulatedSecurityProcessor chip = Given.Chip(line);
            AttestationResult result = Given.Judged(chip, chip.Report(chip.Fields));
            Assert.Empty(result.Findings);
            Assert.True(result is { Genuine: true, Verdict: Verdict.Affirming, Simulated: true, BoundToChip: true });
        }
    }

    private static AttestationResult Milan(Func<SimulatedSecurityProcessor, AttestationResult> judge, string? besides = null)
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        return Without(judge(chip), besides);
    }

    // What cannot be had apart: a VLEK never binds a report to a chip.
    private static AttestationResult Without(AttestationResult result, string? besides)
    {
        if (besides is null)
            return result;
        Finding[] others = [.. result.Findings.Where(f => f.Code != besides)];
        Assert.Equal(result.Findings.Count - 1, others.Length);
        return result with { Findings = others };
    }

    private static AttestationResult Report(Func<ReportFields, ReportFields> change, AppraisalPolicy? policy = null, string? besides = null) =>
        Milan(chip => Given.Judged(chip, chip.Report(change(chip.Fields)), policy), besides);

    private static AttestationResult Values(ReferenceValues values) => Report(f => f, AppraisalPolicy.Default with { ReferenceValues = values });

    private static AttestationResult Resigned(Action<byte[]> change) => Milan(chip =>
    {
        byte[] report = chip.Fields.Encode();
        change(report);
        return Given.Judged(chip, chip.Sign(report));
    });

    private static AttestationResult Altered(Action<byte[]> change) => Milan(chip =>
    {
        byte[] report = chip.Report(chip.Fields);
        change(report);
        return Given.Judged(chip, report);
    });

    private static AttestationResult Key(SimulatedKeyOptions options) => Milan(chip =>
    {
        using SimulatedSecurityProcessor odd = new(Given.Milan, vcekOptions: options);
        return Given.Judged(odd, odd.Report(odd.Fields));
    });

    private static AttestationResult Issuers(Func<SimulatedAuthority, TrustedIssuers> issuers) =>
        Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), issuers: issuers(Given.Milan)));

    private static AttestationResult Authority(SimulatedAuthorityOptions options)
    {
        using SimulatedAuthority odd = Given.Authority(SimulatedLine.Milan, options);
        using SimulatedSecurityProcessor chip = new(odd);
        return Given.Judged(chip, chip.Report(chip.Fields));
    }

    private static AttestationResult Crl(SimulatedCrlOptions options) =>
        Milan(chip => Given.Judged(chip, chip.Report(chip.Fields), revocations: [Given.Parsed(Given.Milan.IssueCrl(options))]));

    private static HashSet<string> Named(SimulatedAuthority authority) => [authority.Ark.Fingerprint];

    private static Dictionary<ProductLine, T> ForMilan<T>(T value) => new() { [ProductLine.Milan] = value };
}
