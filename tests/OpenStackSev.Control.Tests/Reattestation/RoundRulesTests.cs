using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>The rules of a round by themselves: each answer they can give, and what alone brings it about.</summary>
public sealed class RoundRulesTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    private static readonly Guid s_challenge = new("bbbbbbbb-1111-4111-8111-111111111111");
    private static readonly byte[] s_nonce = new byte[32];

    private static readonly InstanceState s_state = new()
    {
        Instance = new Guid("aaaaaaaa-1111-4111-8111-111111111111"),
        Project = "p1",
        Name = "web",
        Model = "amd-sev-snp",
        Status = "ACTIVE",
        Node = new Guid("11111111-2222-4333-8444-555555555555"),
        HostName = "compute1",
        FirstSeenAt = s_now,
        SeenAt = s_now,
        NextRoundAt = s_now,
        Challenge = s_challenge,
        Nonce = s_nonce,
        ChallengeExpiresAt = s_now.AddSeconds(60),
        RoundOpenedAt = s_now.AddSeconds(-10),
        Verdict = Verdict.Affirming,
        Version = 3,
    };

    private static readonly HostChip s_chip = new() { ChipId = new string('a', 128), Node = s_state.Node!.Value, Status = ChipStatus.Approved, FirstSeenAt = s_now };

    private static readonly AttestationResult s_genuine = new(
        Genuine: true, Verdict.Affirming, EvidenceKind.GuestReport, null, Simulated: false, BoundToChip: true, [], [], null, null, null, "default", s_now);

    [Fact]
    public void An_open_challenge_is_not_replaced()
    {
        Assert.Null(RoundRules.Open(s_state, Guid.NewGuid(), new byte[32], TimeSpan.FromMinutes(5), s_now));
        Assert.Null(RoundRules.Open(s_state, Guid.NewGuid(), new byte[32], TimeSpan.FromMinutes(5), s_now.AddSeconds(59)));
    }

    [Fact]
    public void One_that_has_expired_is_replaced_whole_and_the_round_stays_open_since_it_was_opened()
    {
        Guid id = Guid.NewGuid();
        byte[] nonce = [.. Enumerable.Repeat((byte)7, 32)];
        InstanceState opened = RoundRules.Open(s_state, id, nonce, TimeSpan.FromMinutes(5), s_now.AddSeconds(60))!;
        Assert.Equal((id, nonce, s_now.AddSeconds(360), s_state.RoundOpenedAt), (opened.Challenge!.Value, opened.Nonce!, opened.ChallengeExpiresAt!.Value, opened.RoundOpenedAt));
        Assert.Equal(s_now, RoundRules.Open(s_state with { Challenge = null, RoundOpenedAt = null }, id, nonce, TimeSpan.FromMinutes(5), s_now)!.RoundOpenedAt);
    }

    [Fact]
    public void Evidence_has_to_name_the_challenge_that_is_open()
    {
        Assert.Null(RoundRules.Challenge(s_state, s_challenge, s_now.AddSeconds(59)));
        Assert.Equal(AttestationErrors.ChallengeLate, RoundRules.Challenge(s_state, s_challenge, s_now.AddSeconds(60))!.Error);
        Assert.Equal(AttestationErrors.ChallengeForeign, RoundRules.Challenge(s_state, Guid.NewGuid(), s_now)!.Error);
        InstanceState answered = RoundRules.Answered(s_state, Verdict.Affirming, [], TimeSpan.FromMinutes(30), s_now);
        Assert.Equal(AttestationErrors.ChallengeUsed, RoundRules.Challenge(answered, s_challenge, s_now)!.Error);
        // Nothing is no name: neither of an instance without a challenge, nor of one that never answered.
        Assert.Equal(AttestationErrors.ChallengeForeign, RoundRules.Challenge(s_state with { Challenge = null, Nonce = null }, Guid.Empty, s_now)!.Error);
    }

    [Fact]
    public void What_holds_in_all_is_judged_by_policy()
    {
        Assert.Equal((Verdict.Affirming, 0), Judged(Facts()));
        Assert.Equal((Verdict.Contraindicated, 1), Judged(Facts(s_genuine with { Findings = [Finding(SnpCodes.Debug)] })));
        Assert.Equal((Verdict.Warning, 1), Judged(Facts() with { Key = null }));
        Assert.Equal((Verdict.Contraindicated, 2), Judged(Facts(s_genuine with { Findings = [Finding(SnpCodes.TcbBelowMinimum)] }) with { Key = null }));
        // Nothing names a chip: that is policy's to judge, which has said so.
        Assert.Equal((Verdict.Warning, 1), Judged(Facts(s_genuine with { Findings = [Finding(SnpCodes.BindingNone)] }) with { NamesChip = false, Chip = null }));
    }

    [Fact]
    public void A_report_of_another_host_is_no_answer()
    {
        foreach (RoundFacts facts in new[]
        {
            Facts() with { Chip = null },
            Facts() with { Chip = s_chip with { Node = Guid.NewGuid() } },
            Facts() with { Chip = s_chip with { Status = ChipStatus.Pending } },
            Facts() with { Chip = s_chip with { Status = ChipStatus.Withdrawn } },
            Facts() with { State = s_state with { Node = null } },
        })
        {
            Assert.Equal(AttestationErrors.EvidenceWrongChip, NoAnswer(facts).Error);
        }
    }

    [Fact]
    public void A_report_for_another_challenge_is_no_answer_whatever_policy_thinks_of_it()
    {
        AttestationResult other = s_genuine with { Findings = [Finding(SnpCodes.ReportDataMismatch), Finding(SnpCodes.Debug)] };
        Assert.Equal(AttestationErrors.EvidenceForeign, NoAnswer(Facts(other)).Error);
    }

    [Fact]
    public void Every_check_of_authenticity_makes_it_no_answer_and_is_named()
    {
        foreach (Check check in SnpCodes.All.Where(check => check.Stage is not (Stage.Policy or Stage.Challenge) && !(check.Stage == Stage.Endorsement && check.Tier == Verdict.None)))
        {
            Judgement.NoAnswer no = NoAnswer(Facts(NotGenuine(Finding(check), Finding(SnpCodes.Debug))));
            Assert.Equal((AttestationErrors.EvidenceNotAuthentic, check.Code), (no.Error, no.Code));
        }
    }

    [Fact]
    public void What_is_missing_of_endorsements_is_nobodys_fault()
    {
        foreach (Check check in SnpCodes.All.Where(check => check.Stage == Stage.Endorsement && check.Tier == Verdict.None))
        {
            var cannot = Assert.IsType<Judgement.CannotTell>(RoundRules.Judge(Facts(NotGenuine(Finding(check), Finding(SnpCodes.Debug)))));
            Assert.Equal(check.Code, cannot.Code);
            // Beside it something that is known to be wrong.
            Assert.Equal(SnpCodes.SignatureMismatch.Code, NoAnswer(Facts(NotGenuine(Finding(check), Finding(SnpCodes.SignatureMismatch)))).Code);
        }
    }

    /// <summary>Whoever names a certificate that does not exist must not be excused by its absence.</summary>
    [Fact]
    public void A_missing_certificate_is_our_failure_only_where_the_host_reports_that_there_is_one()
    {
        RoundFacts missing = Facts(NotGenuine(Finding(SnpCodes.VekMissing)) with { Chain = null });
        Assert.False(Assert.IsType<Judgement.CannotTell>(RoundRules.Judge(missing)).IsOurs);
        Assert.True(Assert.IsType<Judgement.CannotTell>(RoundRules.Judge(missing with { IsAsHostReports = true })).IsOurs);
        Assert.False(Assert.IsType<Judgement.CannotTell>(RoundRules.Judge(missing with { IsAsHostReports = true, Chip = s_chip with { Status = ChipStatus.Pending } })).IsOurs);
        Assert.All(SnpCodes.All, check => Assert.Equal(check.Stage == Stage.Endorsement && check.Tier == Verdict.None, RoundRules.IsUnjudged(check.Code)));
    }

    [Fact]
    public void Of_a_chip_that_no_host_has_nobody_waits_for_a_certificate() =>
        Assert.Equal(AttestationErrors.EvidenceWrongChip, NoAnswer(Facts(NotGenuine(Finding(SnpCodes.VekMissing))) with { Chip = null }).Error);

    [Fact]
    public void An_answer_uses_the_challenge_up_and_closes_the_round()
    {
        InstanceState noted = RoundRules.Noted(s_state, "x", s_now)!;
        InstanceState answered = RoundRules.Answered(noted, Verdict.Warning, [1], TimeSpan.FromMinutes(30), s_now);
        Assert.Equal(
            s_state with
            {
                Verdict = Verdict.Warning,
                JudgedAt = s_now,
                Result = answered.Result,
                NextRoundAt = s_now.AddMinutes(30),
                RoundOpenedAt = null,
                Challenge = null,
                Nonce = null,
                ChallengeExpiresAt = null,
                AnsweredChallenge = s_challenge,
            }, answered);
    }

    [Fact]
    public void No_answer_leaves_a_note_and_nothing_else()
    {
        InstanceState noted = RoundRules.Noted(s_state, "x", s_now)!;
        Assert.Equal(s_state with { NoAnswerCode = "x", NoAnswerAt = s_now }, noted);
        Assert.Null(RoundRules.Noted(noted, "x", s_now.AddSeconds(59)));
        Assert.NotNull(RoundRules.Noted(noted, "x", s_now.AddSeconds(60)));
        Assert.Equal("y", RoundRules.Noted(noted, "y", s_now)!.NoAnswerCode);
    }

    [Theory]
    [InlineData(Verdict.Affirming, 0, 1800)]
    [InlineData(Verdict.Affirming, 1, 1620)]
    [InlineData(Verdict.Warning, 0.5, 1710)]
    [InlineData(Verdict.Contraindicated, 0, 300)]
    [InlineData(Verdict.None, 1, 270)]
    public void The_next_round_comes_sooner_where_something_is_wrong(Verdict verdict, double spread, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), RoundRules.NextRound(verdict, new ReattestationOptions(), spread));

    private static RoundFacts Facts(AttestationResult? result = null)
    {
        using var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP384);
        return new RoundFacts(s_state, result ?? s_genuine, s_chip, NamesChip: true, LastReportData: null, ConfirmationKey.Of(key));
    }

    private static AttestationResult NotGenuine(params IReadOnlyList<Finding> findings) => s_genuine with { Genuine = false, BoundToChip = false, Findings = findings };

    private static Finding Finding(Check check) => check.Finds("subject", "expected", "actual");

    private static (Verdict, int) Judged(RoundFacts facts) =>
        Assert.IsType<Judgement.Judged>(RoundRules.Judge(facts)) is var judged ? (judged.Verdict, judged.Findings.Count) : default;

    private static Judgement.NoAnswer NoAnswer(RoundFacts facts) => Assert.IsType<Judgement.NoAnswer>(RoundRules.Judge(facts));
}
