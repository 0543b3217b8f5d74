using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Properties;

/// <summary>What must hold of comparisons and verdicts, whatever is compared and judged.</summary>
public sealed class JudgementTests
{
    private static readonly Dictionary<Verdict, int> s_severity = new()
    {
        [Verdict.Affirming] = 0,
        [Verdict.Warning] = 1,
        [Verdict.None] = 2,
        [Verdict.Contraindicated] = 3,
    };

    [Property(MaxTest = 2000)]
    public Property TCBs_are_partially_ordered() => Prop.ForAll(Tcb.Three().ToArbitrary(), given =>
    {
        (TcbVersion a, TcbVersion b, TcbVersion c) = given;
        return a.Meets(a)
            && (!(a.Meets(b) && b.Meets(a)) || a == b)
            && (!(a.Meets(b) && b.Meets(c)) || a.Meets(c))
            && (a.Layout == b.Layout || !a.Meets(b));
    });

    [Property(MaxTest = 2000)]
    public Property A_minimum_is_met_exactly_when_no_part_of_it_is_unmet() => Prop.ForAll(Minimum.Zip(Tcb).ToArbitrary(), given =>
        given.Item1.IsMetBy(given.Item2) == given.Item1.Unmet(given.Item2) is null);

    [Property(MaxTest = 2000)]
    public Property A_TCB_that_meets_one_meets_every_minimum_of_it() => Prop.ForAll(Minimum.Zip(Tcb.Two()).ToArbitrary(), given =>
    {
        (TcbMinimum minimum, (TcbVersion newer, TcbVersion older)) = given;
        return !(newer.Meets(older) && minimum.IsMetBy(older)) || minimum.IsMetBy(newer);
    });

    [Property]
    public Property The_order_of_findings_does_not_matter() => Prop.ForAll(Findings.ToArbitrary(), findings =>
        Verdicts.Of(findings) == Verdicts.Of(findings.Reverse()) && Verdicts.Of(findings) == Verdicts.Of(findings.OrderBy(f => f.Tier)));

    [Property]
    public Property A_further_finding_never_improves_a_verdict() => Prop.ForAll(Findings.Two().ToArbitrary(), given =>
        s_severity[Verdicts.Of([.. given.Item1, .. given.Item2])] == Math.Max(s_severity[Verdicts.Of(given.Item1)], s_severity[Verdicts.Of(given.Item2)]));

    [Property(MaxTest = 300)]
    public Property A_stricter_policy_never_gives_a_better_verdict()
    {
        SimulatedSecurityProcessor chip = Given.Chip();
        TrustedIssuers issuers = Given.Issuers([chip.Authority]);
        EndorsementChain vcek = EndorsementChain.Of(Given.Parsed(chip.Vcek), issuers), vlek = EndorsementChain.Of(Given.Parsed(chip.Vlek), issuers);
        return Prop.ForAll(Reports.Zip(Gen.Choose(0, s_stricter.Length - 1).ArrayOf()).ToArbitrary(), given =>
        {
            ReportFields fields = given.Item1(chip.Fields);
            byte[] report = chip.Report(fields);
            EndorsementChain chain = fields.SigningKey == 1 ? vlek : vcek;
            AppraisalPolicy loose = AppraisalPolicy.Default, strict = loose;
            foreach (int step in given.Item2)
                strict = s_stricter[step](strict);
            AttestationResult before = Verifier.Appraise(report, chain, loose, null, Given.Now), after = Verifier.Appraise(report, chain, strict, null, Given.Now);
            return s_severity[after.Verdict] >= s_severity[before.Verdict] && (before.Genuine || !after.Genuine)
                && before.Findings.All(f => after.Findings.Any(g => g.Code == f.Code));
        });
    }

    // Each asks for something more and takes nothing back.
    private static readonly Func<AppraisalPolicy, AppraisalPolicy>[] s_stricter =
    [
        p => p with { SigningKeys = [SigningKey.Vcek] },
        p => p with { RefusedProducts = [ProductLine.Milan] },
        p => p with { ProvisionalFirmware = Stance.Refused },
        p => p with { MinimumTcb = new Dictionary<ProductLine, TcbMinimum> { [ProductLine.Milan] = new(Snp: 25) } },
        p => p with { MinimumLaunchTcb = new Dictionary<ProductLine, TcbMinimum> { [ProductLine.Milan] = new(Bootloader: 5) } },
        p => p with { MinimumGuestSvn = 3 },
        p => p with { GuestPolicy = p.GuestPolicy with { Smt = Stance.Refused } },
        p => p with { GuestPolicy = p.GuestPolicy with { PageSwapOff = Stance.Required } },
        p => p with { GuestPolicy = p.GuestPolicy with { MinimumAbiMajor = 1 } },
        p => p with { Platform = p.Platform with { UnknownBits = Stance.Refused } },
        p => p with { Platform = p.Platform with { Tsme = Stance.Required } },
        p => p with { ReferenceValues = p.ReferenceValues with { HostData = [new string('1', 64)] } },
        p => p with { ReferenceValues = p.ReferenceValues with { LaunchDigests = [new(new string('2', 96), "another")] } },
        p => p with { AllowedChips = [new string('3', 128)] },
        p => p with { DeniedChips = [new string('3', 128)] },
        p => p with { Crl = CrlUse.Required },
    ];

    private static Gen<Func<ReportFields, ReportFields>> Reports => Gen.Elements<Func<ReportFields, ReportFields>>(
        f => f,
        f => f with { Policy = 0xB_0000 },
        f => f with { Vmpl = 2 },
        f => f with { Vmpl = AttestationReport.HostRequestedVmpl },
        f => f with { SigningKey = 1 },
        f => f with { PlatformInfo = 0xFF25 },
        f => f with { GuestSvn = 4, LaunchTcb = f.LaunchTcb with { Snp = 1 } },
        f => f with { Version = 2 },
        f => f with { ChipId = new byte[64] },
        f => f with { CommittedFirmware = new(1, 54, 0) },
        f => f with { CurrentTcb = f.CurrentTcb with { Microcode = 255 } });

    // Few values, so that equal and comparable ones come often.
    private static Gen<byte> Level => Gen.Elements<byte>(0, 1, 2, 254, 255);

    private static Gen<TcbVersion> Tcb =>
        from fmc in Gen.OneOf(Gen.Constant((byte?)null), Level.Select(l => (byte?)l))
        from levels in Level.ArrayOf(4)
        select new TcbVersion(fmc, levels[0], levels[1], levels[2], levels[3]);

    private static Gen<TcbMinimum> Minimum =>
        from levels in Gen.OneOf(Gen.Constant((byte?)null), Level.Select(l => (byte?)l)).ArrayOf(5)
        select new TcbMinimum(levels[0], levels[1], levels[2], levels[3], levels[4]);

    private static Gen<Finding[]> Findings => Gen.Elements(SnpCodes.All.ToArray()).Select(check => check.Finds("s", "e", "a")).ArrayOf();
}
