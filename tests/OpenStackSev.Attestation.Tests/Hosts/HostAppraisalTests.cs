using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Hosts;

/// <summary>A host by its own word, and by what its chip signed.</summary>
public sealed class HostAppraisalTests
{
    private static readonly SimulatedSecurityProcessor s_chip = Given.Chip();

    private static readonly PlatformClaims s_claims = new()
    {
        Line = ProductLine.Milan,
        Product = "milan",
        StartsEncryptedGuests = true,
        Snp = true,
        RmpInitialized = true,
        CurrentTcb = new(null, 4, 0, 24, 219),
        ReportedTcb = new(null, 4, 0, 24, 219),
        Firmware = new(1, 55, 22),
        Smt = true,
        Tsme = false,
        CiphertextHiding = false,
        AliasChecked = true,
        MaskedChip = false,
        Iommu = true,
        DebugLocked = true,
        Fused = true,
        Kernel = "6.11.0-9-generic",
        Chips = [new string('a', 128)],
    };

    private static readonly Dictionary<string, Func<HostAppraisalResult>> s_cases = new(StringComparer.Ordinal)
    {
        ["host.product.unknown"] = () => Claimed(c => c with { Line = null, Product = null }),
        ["host.rmp.not_initialized"] = () => Claimed(c => c with { RmpInitialized = false }),
        ["host.facts.contradicted"] = () => Proven(f => f, claims: c => c with { Smt = !Signed(f => f).PlatformInfo.SmtEnabled }),
        ["host.product.not_trusted"] = () => Claimed(c => c, AppraisalPolicy.Default with { RefusedProducts = [ProductLine.Milan] }),
        ["host.chip.denied"] = () => Claimed(c => c, AppraisalPolicy.Default with { DeniedChips = [new string('a', 128)] }),
        ["host.chip.not_allowed"] = () => Claimed(c => c, AppraisalPolicy.Default with { AllowedChips = [new string('b', 128)] }),
        ["host.chip.masked"] = () => Claimed(c => c with { MaskedChip = true }),
        ["host.tcb.below_minimum"] = () => Claimed(c => c with { ReportedTcb = new(null, 4, 0, 23, 219) }),
        ["host.tcb.uncommitted"] = () => Proven(f => f with { CurrentTcb = f.CurrentTcb with { Snp = 25 } }, AppraisalPolicy.Default with { ProvisionalFirmware = Stance.Refused }),
        ["host.firmware.below_minimum"] = () => Claimed(c => c with { Firmware = new(1, 55, 21) }),
        ["host.mitigation.missing"] = () => Proven(f => f, AppraisalPolicy.Default with { CurrentMitigations = new Dictionary<ProductLine, ulong> { [ProductLine.Milan] = 1UL << 63 } }),
        ["host.platform.not_allowed"] = () => Claimed(c => c, AppraisalPolicy.Default with { Platform = new() { Smt = Stance.Refused } }),
        ["host.platform.required"] = () => Claimed(c => c with { AliasChecked = false }),
        ["host.platform.unknown"] = () => Claimed(c => c with { Iommu = null }),
        ["host.debug.unlocked"] = () => Claimed(c => c with { DebugLocked = false }),
        ["host.part.unfused"] = () => Claimed(c => c with { Fused = false }),
        ["host.kernel.below_minimum"] = () => Claimed(c => c with { Kernel = "6.8.0-48-generic" }, AppraisalPolicy.Default with { Hosts = new() { MinimumKernel = new(6, 11) } }),
    };

    public static TheoryData<string> Codes => [.. s_cases.Keys];

    [Theory]
    [MemberData(nameof(Codes))]
    public void Each_check_fails_alone_with_its_tier(string code)
    {
        Finding finding = Assert.Single(s_cases[code]().Findings);
        Assert.Equal(code, finding.Code);
        Assert.Equal(HostCodes.All.Single(check => check.Code == code).Tier, finding.Tier);
    }

    [Fact]
    public void Every_check_has_a_case() => Assert.Equal(HostCodes.All.Select(check => check.Code), s_cases.Keys);

    [Fact]
    public void A_sound_host_has_no_findings_by_word_or_by_proof()
    {
        Assert.Empty(Claimed(c => c).Findings);
        HostAppraisalResult proven = Proven(f => f);
        Assert.Empty(proven.Findings);
        Assert.Equal((HostEvidenceKind.GuestReport, Verdict.Affirming), (proven.Evidence, proven.Verdict));
    }

    [Fact]
    public void Certificates_of_the_security_processor_that_do_not_hold_speak_against_the_host()
    {
        byte[] export = new OpenStackSev.Simulation.Sev.SimulatedSevPlatform([1, 2, 3]).Export();
        Assert.Empty(Claimed(c => c with { SevCertificates = export }).Findings);
        byte[] other = [.. new OpenStackSev.Simulation.Sev.SimulatedSevPlatform([4, 5, 6]).Export()[..2084], .. export[2084..]];
        Assert.Equal(["sev.pdh.signature"], CodesOf(Claimed(c => c with { SevCertificates = other })));
        // What cannot be read proves nothing and blames nobody.
        Assert.Empty(Claimed(c => c with { SevCertificates = new byte[5] }).Findings);
    }

    [Fact]
    public void The_worse_of_the_two_words_counts()
    {
        // The chip signed an older TCB than the host claims, and the host a lower one than its chip once signed.
        Assert.Equal(["host.tcb.below_minimum"], CodesOf(Proven(f => f with { ReportedTcb = f.ReportedTcb with { Snp = 5 } }, isContemporary: false)));
        Assert.Equal(["host.tcb.below_minimum"], CodesOf(Proven(f => f, claims: c => c with { ReportedTcb = new(null, 4, 0, 5, 219) }, isContemporary: false)));
    }

    [Fact]
    public void A_difference_is_a_contradiction_only_where_the_host_said_it_at_the_time()
    {
        PlatformClaims Other(PlatformClaims claims) => claims with { Smt = !Signed(f => f).PlatformInfo.SmtEnabled };
        Assert.Empty(Proven(f => f, claims: Other, isContemporary: false).Findings);
        Assert.Equal(["host.facts.contradicted"], CodesOf(Proven(f => f, claims: Other)));
    }

    [Fact]
    public void A_report_of_version_2_names_no_product_and_is_judged_by_its_keys()
    {
        AttestationReport report = Signed(f => f with { Version = 2, ReportedTcb = f.ReportedTcb with { Snp = 5 }, CommittedTcb = f.CommittedTcb with { Snp = 5 } }, TcbLayout.Milan);
        Assert.Null(report.Product);
        HostAppraisalResult result = HostAppraisal.Appraise(
            new(s_claims with { Line = null, ReportedTcb = null, CurrentTcb = null, Firmware = null }, new PlatformProof(report, ProductLine.Milan, Given.Now, Simulated: true)), AppraisalPolicy.Default);
        Assert.Contains("host.tcb.below_minimum", CodesOf(result));
        Assert.Equal(BulletinState.Open, result.Bulletins[0].State);
    }

    [Fact]
    public void Bulletins_are_judged_by_the_report_where_there_is_one()
    {
        Assert.Equal(("mitigated", "mitigated", "open"), Standings(Claimed(c => c)));
        Assert.Equal(("open", "mitigated", "open"), Standings(Proven(f => f with { ReportedTcb = f.ReportedTcb with { Snp = 23 } }, isContemporary: false)));
        Assert.Equal(("unknown", "unknown", "unknown"), Standings(Claimed(c => c with { ReportedTcb = null, AliasChecked = null })));
        Assert.Equal(("not_judged", "not_judged", "not_judged"), Standings(Claimed(c => c with { Line = null, Product = "rome" })));
        HostBulletin open = Claimed(c => c with { ReportedTcb = new(null, 4, 0, 23, 219) }).Bulletins[0];
        Assert.Equal("snp ≥ 24, has snp 23", open.Missing);
    }

    [Fact]
    public void An_advisory_bulletin_is_shown_and_makes_no_finding()
    {
        HostAppraisalResult result = Claimed(c => c);
        Assert.Equal(BulletinState.Open, result.Bulletins.Single(one => one.Bulletin.Advisory).State);
        Assert.Empty(result.Findings);
    }

    [Theory]
    [InlineData("6.11", true, "6.11")]
    [InlineData("6.11.0-9-generic", false, "6.11")]
    [InlineData("7.2.2+deb14-amd64", false, "7.2")]
    [InlineData("6.1", true, "6.1")]
    [InlineData("6", false, null)]
    [InlineData("", false, null)]
    [InlineData("6.x", false, null)]
    [InlineData("6.11rc1", false, null)]
    [InlineData("1000.1", false, null)]
    public void Kernel_releases_are_read_as_far_as_they_can_be_compared(string text, bool whole, string? version)
    {
        Assert.Equal(whole, KernelVersion.TryParse(text, out _));
        Assert.Equal(version, KernelVersion.TryReadRelease(text, out KernelVersion read) ? read.ToString() : null);
    }

    private static HostAppraisalResult Claimed(Func<PlatformClaims, PlatformClaims> change, AppraisalPolicy? policy = null) =>
        HostAppraisal.Appraise(new(change(s_claims), null), policy ?? AppraisalPolicy.Default);

    private static HostAppraisalResult Proven(Func<ReportFields, ReportFields> change, AppraisalPolicy? policy = null, Func<PlatformClaims, PlatformClaims>? claims = null, bool isContemporary = true)
    {
        AttestationReport sound = Signed(f => f), report = Signed(change);
        PlatformClaims asSigned = s_claims with
        {
            CurrentTcb = report.CurrentTcb,
            ReportedTcb = isContemporary ? report.ReportedTcb : sound.ReportedTcb,
            Smt = report.PlatformInfo.SmtEnabled,
            Tsme = report.PlatformInfo.TsmeEnabled,
            CiphertextHiding = report.PlatformInfo.CiphertextHidingEnabled,
            AliasChecked = report.PlatformInfo.AliasCheckComplete,
        };
        return HostAppraisal.Appraise(new(claims?.Invoke(asSigned) ?? asSigned, new PlatformProof(report, ProductLine.Milan, Given.Now, Simulated: true),
            isContemporary ? new PlatformProof(report, ProductLine.Milan, Given.Now, Simulated: true) : null), policy ?? AppraisalPolicy.Default);
    }

    private static AttestationReport Signed(Func<ReportFields, ReportFields> change, TcbLayout? layout = null)
    {
        Assert.True(AttestationReport.TryParse(s_chip.Report(change(s_chip.Fields)), layout, out AttestationReport? report, out _));
        return report;
    }

    private static IEnumerable<string> CodesOf(HostAppraisalResult result) => result.Findings.Select(finding => finding.Code);

    private static (string, string, string) Standings(HostAppraisalResult result)
    {
        string[] states = [.. result.Bulletins.Select(one => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(one.State.ToString()))];
        return (states[0], states[1], states[2]);
    }
}
