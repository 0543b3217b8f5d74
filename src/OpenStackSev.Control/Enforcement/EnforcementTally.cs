using System.Collections.Concurrent;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Counts what one look does. Safe from several threads.</summary>
internal sealed class EnforcementTally(DateTimeOffset startedAt)
{
    /// <summary>Requests in a row that Nova did not answer; the rest of the look waits for the next one.</summary>
    private const int MostUnanswered = 3;

    private readonly ConcurrentDictionary<string, EnforcementFailure> failures = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<(string Measure, string Outcome), int> actions = new();
    private int noticed;
    private int withheld;
    private int unanswered;

    public DateTimeOffset StartedAt { get; } = startedAt;

    public DateTimeOffset FinishedAt { get; set; } = startedAt;

    public bool IsNovaAway => Volatile.Read(ref unanswered) >= MostUnanswered;

    public IEnumerable<(string Measure, string Outcome, int Count)> Actions => actions.Select(pair => (pair.Key.Measure, pair.Key.Outcome, pair.Value));

    public int Of(string outcome) => actions.Where(pair => pair.Key.Outcome == outcome).Sum(pair => pair.Value);

    public void Noticed() => Interlocked.Increment(ref noticed);

    public void Wrote(EnforcementStep step)
    {
        if (step.Record?.Kind == EnforcementEvents.Withheld)
            Interlocked.Increment(ref withheld);
        if (step.Kind == EnforcementStepKind.Marked)
            Count("record", "done");
    }

    public void Ended(EnforcementState row, PendingOutcome outcome)
    {
        Volatile.Write(ref unanswered, 0);
        Count(EnforcementSteps.Word(row.Pending), outcome.Kind switch
        {
            PendingOutcomeKind.Send or PendingOutcomeKind.Confirm => row.PendingUndo ? "undone" : "done",
            PendingOutcomeKind.Leave => "kept",
            PendingOutcomeKind.Cancel => "cancelled",
            _ => "waiting",
        });
    }

    public void Failed(EnforcementState row, OpenStackApiException e)
    {
        if (e.IsTransient)
            Interlocked.Increment(ref unanswered);
        Count(EnforcementSteps.Word(row.Pending), "failed");
        Failed(e.ShortCode, e.Message);
    }

    public void Failed(string code, string detail) =>
        failures.AddOrUpdate(code, new EnforcementFailure(code, 1, detail), (_, before) => new EnforcementFailure(code, before.Count + 1, detail));

    public EnforcementLook Finished() => new(StartedAt, FinishedAt, Volatile.Read(ref noticed), Of("done"), Of("undone"), Volatile.Read(ref withheld),
        [.. failures.Values.OrderBy(failure => failure.Code, StringComparer.Ordinal)]);

    private void Count(string measure, string outcome) => actions.AddOrUpdate((measure, outcome), 1, (_, before) => before + 1);
}
