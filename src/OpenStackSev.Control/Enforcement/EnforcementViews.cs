using System.Text.Json;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Rows as the API shows them. Pure. Hosts are named nowhere: tenants read it.</summary>
internal static class EnforcementViews
{
    public static IReadOnlyDictionary<string, EnforcementStanding> Standings { get; } =
        Enum.GetValues<EnforcementStanding>().ToDictionary(Word, standing => standing, StringComparer.Ordinal);

    public static string Word(EnforcementStanding standing) => JsonNamingPolicy.SnakeCaseLower.ConvertName(standing.ToString());

    public static EnforcementInstance Instance(EnforcedInstance one, EnforcementMoment moment)
    {
        EnforcementState row = one.Row!;
        InstanceHealth? health = one.Instance is { GoneAt: null } instance ? InstanceHealth.Of(instance, moment.Rules) : null;
        Measures wanted = health is null ? Measures.None : health.Rules.Aggregate(Measures.None, (all, rule) => all | rule.Measures) & moment.Rules.AllowedFor(row.Project);
        return new(row.Instance, row.Project, Word(row.Standing), EnforcementSteps.Words(wanted), EnforcementSteps.Words(row.Done), health?.Codes ?? [], one.Instance?.Name, row.Reason,
            one.Instance?.Verdict is { } verdict ? JudgementRecord.Word(verdict) : null, row.Since,
            row.Pending == Measures.None ? null : (row.PendingUndo ? "undo " : "") + EnforcementSteps.Word(row.Pending), row.FailureCode, row.NextTryAt ?? row.SkippedUntil,
            row.LastActionAt, row.ReleasedUntil);
    }

    public static EnforcementBreaker Breaker(BreakerState? state) => state is null
        ? new(Open: false)
        : new(state.OpenedAt is not null, state.OpenedAt, state.Reason, state.Reason is null ? null : state.Judged, state.Reason is null ? null : state.Bad, state.ResumedAt, state.ResumedBy);

    public static IReadOnlyList<EnforcementCount> Counts(IReadOnlyList<StandingCount> counts) =>
        [.. counts.OrderBy(one => one.Standing).ThenBy(one => one.Reason, StringComparer.Ordinal).Select(one => new EnforcementCount(Word(one.Standing), one.Count, one.Reason))];
}
