using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Attestation.Tests.Results;

/// <summary>What findings make of a trustworthiness vector, and that of a status.</summary>
public sealed class TrustworthinessTests
{
    public static TheoryData<string> Codes { get; } = [.. SnpCodes.All.Select(check => check.Code)];

    [Fact]
    public void Every_code_has_a_row_and_no_row_is_of_no_code() =>
        Assert.Equal(SnpCodes.All.Select(check => check.Code), TrustworthinessTable.ByCode.Keys);

    [Theory]
    [MemberData(nameof(Codes))]
    public void A_row_says_what_its_check_says_and_the_status_is_the_verdict(string code)
    {
        Check check = SnpCodes.All.Single(c => c.Code == code);
        Assert.NotEmpty(TrustworthinessTable.ByCode[code]);
        Assert.All(TrustworthinessTable.ByCode[code], says => Assert.Equal(check.Tier, TrustworthinessVector.TierOf(says.Value)));

        Finding finding = check.Finds("", "", "");
        bool genuine = check.Stage >= Stage.Challenge;
        EarClaims claims = Of(Sound.Real with
        {
            Findings = [finding],
            Verdict = Verdicts.Of([finding]),
            Genuine = genuine,
            BoundToChip = genuine && check != SnpCodes.BindingNone,
        });
        Assert.Equal(check.Tier, claims.Status);
        Assert.All(TrustworthinessTable.ByCode[code], says => Assert.Equal(says.Value, claims.Vector[says.Claim]));
        if (!genuine)
            Assert.DoesNotContain(Enum.GetValues<TrustworthinessClaim>(), claim => TrustworthinessVector.TierOf(claims.Vector[claim]) == Verdict.Affirming);
    }

    [Fact]
    public void A_sound_report_with_a_key_affirms_what_it_proves_and_claims_nothing_else()
    {
        EarClaims claims = Of(Sound.Real);
        Assert.Equal(Verdict.Affirming, claims.Status);
        Assert.Equal(new TrustworthinessVector { InstanceIdentity = 2, Configuration = 2, Hardware = 2, RuntimeOpaque = 2 }, claims.Vector);
        Assert.True(claims is { Genuine: true, BoundToChip: true, BoundToKey: true, Simulated: false, Evidence: EvidenceKind.GuestReport });
    }

    [Fact]
    public void Executables_are_affirmed_only_when_the_launch_digest_covers_them()
    {
        string digest = Convert.ToHexStringLower(Sound.Real.Report!.Measurement.Span);
        Assert.Equal(0, Executables(new(digest, "firmware")));
        Assert.Equal(3, Executables(new(digest, "kernel hashes", CoversExecutables: true)));
        Assert.Equal(96, Executables(new(new('0', 96), "another", CoversExecutables: true)));

        static sbyte Executables(LaunchDigest known) =>
            Of(Sound.Answered(policy: AppraisalPolicy.Default with { ReferenceValues = new() { LaunchDigests = [known] } })).Vector.Executables;
    }

    [Fact]
    public void Without_a_key_or_a_challenge_it_is_at_most_a_warning()
    {
        EarClaims noKey = EarClaims.From(Sound.Real, Sound.Subject, confirmation: null);
        Assert.Equal((Verdict.Warning, TrustworthinessTable.NoKey, false), (noKey.Status, noKey.Vector.InstanceIdentity, noKey.BoundToKey));
        EarClaims notAsked = Of(Sound.Real with { NotChecked = [Unchecked.ReportData] });
        Assert.Equal((Verdict.Warning, TrustworthinessTable.NoKey, false), (notAsked.Status, notAsked.Vector.InstanceIdentity, notAsked.BoundToKey));
    }

    [Fact]
    public void A_masked_chip_and_a_VLEK_are_at_most_a_warning()
    {
        AttestationResult masked = Sound.Answered(f => f with { ChipId = new byte[64] }, AppraisalPolicy.Default with { MaskedChip = Stance.Allowed });
        AttestationResult vlek = Sound.Answered(f => f with { SigningKey = 1 });
        foreach (AttestationResult result in new[] { masked, vlek })
        {
            EarClaims claims = Of(result with { Simulated = false });
            Assert.Equal((Verdict.Warning, TrustworthinessTable.NoChip), (claims.Status, claims.Vector.InstanceIdentity));
            Assert.True(claims is { Genuine: true, BoundToChip: false });
        }
    }

    [Fact]
    public void A_simulated_result_never_looks_like_a_real_one()
    {
        EarClaims claims = Of(Sound.Simulated);
        Assert.Equal(Verdict.Affirming, Sound.Simulated.Verdict);
        Assert.True(claims.Simulated);
        Assert.Equal((Verdict.Warning, TrustworthinessTable.Simulated), (claims.Status, claims.Vector.Hardware));
    }

    [Fact]
    public void A_guest_that_may_be_debugged_or_migrated_is_not_affirmed_as_opaque_though_policy_allows_it()
    {
        AppraisalPolicy lax = AppraisalPolicy.Default with { GuestPolicy = new() { Debug = Stance.Allowed, MigrationAgent = Stance.Allowed } };
        foreach (ulong bit in new[] { 1UL << 19, 1UL << 18 })
        {
            EarClaims claims = Of(Sound.Answered(f => f with { Policy = f.Policy | bit }, lax) with { Simulated = false });
            Assert.Equal((Verdict.Warning, TrustworthinessTable.VisibleToHost), (claims.Status, claims.Vector.RuntimeOpaque));
        }
    }

    [Fact]
    public void Dates_that_were_ignored_are_a_warning()
    {
        EarClaims claims = Of(Sound.Answered(policy: AppraisalPolicy.Default with { Dates = DateChecks.Ignored }) with { Simulated = false });
        Assert.Equal((Verdict.Warning, TrustworthinessTable.DatesIgnored), (claims.Status, claims.Vector.Hardware));
    }

    [Fact]
    public void What_is_known_to_be_bad_stays_bad_when_something_else_could_not_be_judged()
    {
        Finding[] findings = [SnpCodes.CrlMissing.Finds("", "", ""), SnpCodes.Debug.Finds("", "", "")];
        EarClaims claims = Of(Sound.Real with { Findings = findings, Verdict = Verdicts.Of(findings), Genuine = false, BoundToChip = false });
        Assert.Equal((Verdict.Contraindicated, (sbyte)96), (claims.Status, claims.Vector.RuntimeOpaque));
    }

    [Fact]
    public void A_code_that_nobody_knows_is_as_bad_as_its_tier()
    {
        foreach (Verdict tier in new[] { Verdict.None, Verdict.Warning, Verdict.Contraindicated })
        {
            Finding finding = new("snp.later", tier, "", "", "");
            Assert.Equal(tier, Of(Sound.Real with { Findings = [finding], Verdict = tier, Genuine = false, BoundToChip = false }).Status);
        }
    }

    [Fact]
    public void Tiers_are_those_of_AR4SI()
    {
        Assert.Equal([-1, 0, 1], Of(Verdict.None));
        Assert.Equal([.. Enumerable.Range(-32, 31), .. Enumerable.Range(2, 30)], Of(Verdict.Affirming));
        Assert.Equal([.. Enumerable.Range(-96, 64), .. Enumerable.Range(32, 64)], Of(Verdict.Warning));
        Assert.Equal([.. Enumerable.Range(-128, 32), .. Enumerable.Range(96, 32)], Of(Verdict.Contraindicated));

        static IEnumerable<int> Of(Verdict tier) => Enumerable.Range(-128, 256).Where(value => TrustworthinessVector.TierOf((sbyte)value) == tier);
    }

    private static EarClaims Of(AttestationResult result) => EarClaims.From(result, Sound.Subject, Sound.GuestKey);
}
