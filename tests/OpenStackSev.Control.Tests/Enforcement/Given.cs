using System.Text;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>Values that the tests start from; each test changes only what it is about.</summary>
internal static class Given
{
    public const string Code = "snp.policy.debug";

    public static readonly DateTimeOffset Now = Reattestation.Sweep.Given.Now;

    /// <summary>Contraindicated, runs, was judged just now.</summary>
    public static InstanceState Bad { get; } = Judged(Verdict.Contraindicated, Code);

    public static InstanceState Good { get; } = Judged(Verdict.Affirming);

    /// <summary>Everything at once, and nothing stands against it.</summary>
    public static Ruleset Rules { get; } = new()
    {
        Mode = EnforcementMode.Enforce,
        Rules = [new(Verdict.Contraindicated, [], TimeSpan.Zero, null, Measures.Record | Measures.Event | Measures.Tag | Measures.Lock | Measures.Stop)],
        Projects = new Dictionary<string, Measures> { ["*"] = Measures.Shelve },
        Digest = "sha256:0",
    };

    public static EnforcementMoment Moment { get; } = new(Now, Rules) { OldestOfBad = TimeSpan.FromMinutes(30), OldestOfWarning = TimeSpan.FromHours(1) };

    public static EnforcementMoment With(Func<Ruleset, Ruleset> change) => Moment with { Rules = change(Rules) };

    public static InstanceState Judged(Verdict verdict, params string[] codes) => JudgedBy("guest-report", verdict, codes);

    /// <param name="evidence">What stands behind the judgement; <c>none</c> for silence.</param>
    public static InstanceState JudgedBy(string evidence, Verdict verdict, params string[] codes)
    {
        InstanceState known = Reattestation.Sweep.Given.Known;
        var record = JudgementRecord.WithoutEvidence(known, verdict, new Finding("x", verdict, "", "", "")) with
        {
            Evidence = evidence,
            Findings = [.. codes.Select(code => new FindingRecord(code, JudgementRecord.Word(verdict), "", "", ""))],
        };
        return known with { Verdict = verdict, JudgedAt = Now, Result = new StoredResult(record, ChallengedAt: evidence == "none" ? null : Now).Bytes() };
    }

    /// <summary>A row as it is once it was noticed that the instance is bad.</summary>
    public static EnforcementState Row(Measures done = Measures.None, TimeSpan ago = default) => new()
    {
        Instance = Bad.Instance,
        Project = Bad.Project,
        Standing = EnforcementStanding.Waiting,
        Reason = EnforcementReasons.Waiting,
        Since = Now - ago,
        Done = done,
        LastActionAt = done == Measures.None ? null : Now,
        Version = 1,
    };

    public static Ruleset Parse(string text) => RulesetFile.Parse(Encoding.UTF8.GetBytes(text), "rules.yaml");

    /// <summary>All steps until there is nothing to do or Nova is asked, which does what it is asked.</summary>
    public static (EnforcementState? Row, IReadOnlyList<string> Told) Follow(InstanceState? instance, EnforcementState? row, EnforcementMoment moment)
    {
        var told = new List<string>();
        for (int i = 0; i < 40; i++)
        {
            if (EnforcementRules.Decide(instance, row, moment) is not { } step)
                return (row, told);
            if (step.Kind == EnforcementStepKind.Look)
            {
                told.Add("look");
                return (row, told);
            }

            if (step.Kind == EnforcementStepKind.Perform)
            {
                told.Add($"{(step.State.PendingUndo ? "undo" : "do")} {EnforcementSteps.Word(step.State.Pending)}");
                step = EnforcementSteps.Confirm(step.State, found: false, moment.Now);
            }
            else if (step.Record is { } record)
            {
                told.Add(record.Kind == EnforcementEvents.Withheld ? step.State.Reason! : record.Kind);
            }

            row = step.State with { Version = step.State.Version + 1 };
        }

        throw new InvalidOperationException("it has no end: " + string.Join(", ", told));
    }
}
