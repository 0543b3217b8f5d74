using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Enforcement;

/// <summary>What is written of each step, with the history that explains it. Pure.</summary>
/// <remarks>Bodies name no host: tenants read their own instances' history.</remarks>
internal static class EnforcementSteps
{
    private const int MostCodes = 8;
    private const int LongestDetail = 500;

    /// <summary>Waits after 1, 2, 3 … failures in a row; the last one repeats.</summary>
    private static readonly TimeSpan[] s_waits =
        [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1)];

    /// <summary>Until what somebody else holds is looked at again.</summary>
    private static readonly TimeSpan s_others = TimeSpan.FromHours(6);

    /// <summary>Nova is still at work on it.</summary>
    private static readonly TimeSpan s_busy = TimeSpan.FromSeconds(30);

    public static string Word(Measures measure) => measure.ToString().ToLowerInvariant();

    public static IReadOnlyList<string> Words(Measures measures) =>
        [.. Enum.GetValues<Measures>().Where(one => one != Measures.None && (measures & one) != Measures.None).Select(Word)];

    public static EnforcementStep Intend(EnforcementState row, Measures measure, bool isUndo, InstanceHealth health, DateTimeOffset now)
    {
        EnforcementState state = row with
        {
            Standing = EnforcementStanding.Acting,
            Reason = null,
            Pending = measure,
            PendingUndo = isUndo,
            PendingSince = now,
            NextTryAt = null,
        };
        return new(EnforcementStepKind.Intended, state, Record(EnforcementEvents.Intended, state, new MeasureRecord(Word(measure), isUndo, Codes(health))));
    }

    /// <summary>A measure that is done by being written.</summary>
    public static EnforcementStep Mark(EnforcementState row, Measures measure, InstanceHealth health, DateTimeOffset now)
    {
        EnforcementState state = row with { Done = row.Done | measure };
        var fields = new EventFields
        {
            IsAlert = measure == Measures.Event,
            InstanceId = row.Instance,
            Message = $"instance {row.Instance} has been bad since {row.Since ?? now:yyyy-MM-ddTHH:mm:ssZ}: {string.Join(", ", health.Codes.Take(3))}",
        };
        return new(EnforcementStepKind.Marked, state, Record(EnforcementEvents.Done, state, new MeasureRecord(Word(measure), Undo: false, Codes(health))) with { Event = fields });
    }

    public static EnforcementStep Withhold(EnforcementState state, Measures wanted, InstanceHealth health) =>
        new(EnforcementStepKind.Noted, state, Record(EnforcementEvents.Withheld, state, new WithheldRecord(state.Reason!, Words(wanted), Codes(health))));

    /// <summary>All about it is over: what remains is when Nova last did something for us.</summary>
    public static EnforcementStep Clear(EnforcementState row, string cause)
    {
        EnforcementState state = new() { Instance = row.Instance, Project = row.Project, LastActionAt = row.LastActionAt, Version = row.Version };
        // That something was only waited for is told by its verdicts.
        bool tells = row.Done != Measures.None || row.Pending != Measures.None || row.Standing is not (EnforcementStanding.Waiting or EnforcementStanding.Clear);
        return new(EnforcementStepKind.Cleared, state, tells ? Record(EnforcementEvents.Cleared, state, new ClearedRecord(cause, Words(row.Done & EnforcementRules.OfNova))) : null);
    }

    /// <param name="found">It was found to be done: by a request before, whose end was not written, or by somebody else.</param>
    public static EnforcementStep Confirm(EnforcementState row, bool found, DateTimeOffset now)
    {
        Measures done = row.PendingUndo ? row.Done & ~row.Pending : row.Done | row.Pending;
        EnforcementState state = NotPending(row) with { Done = done, Skipped = row.Skipped & ~row.Pending, Failures = 0, FailureCode = null, LastActionAt = now };
        return new(EnforcementStepKind.Noted, state, Record(row.PendingUndo ? EnforcementEvents.Undone : EnforcementEvents.Done, state,
            new MeasureRecord(Word(row.Pending), row.PendingUndo, Codes: null, found ? true : null)) with
        {
            Event = Fields(row, row.PendingUndo ? $"instance {row.Instance}: {Word(row.Pending)} was undone" : $"instance {row.Instance}: {Word(row.Pending)} was done", isAlert: !row.PendingUndo),
        });
    }

    public static EnforcementStep Cancel(EnforcementState row, string reason) => new(EnforcementStepKind.Noted, NotPending(row),
        Record(EnforcementEvents.Cancelled, row, new CancelledRecord(Word(row.Pending), row.PendingUndo, reason)));

    /// <summary>Somebody else has a hand in it: left as it is. What was ours is his.</summary>
    public static EnforcementStep Leave(EnforcementState row, string reason, DateTimeOffset now)
    {
        EnforcementState state = row.PendingUndo
            ? NotPending(row) with { Done = row.Done & ~row.Pending }
            : NotPending(row) with { Skipped = row.Skipped | row.Pending, FailureCode = reason, SkippedUntil = now + s_others };
        return new(EnforcementStepKind.Noted, state, Record(EnforcementEvents.Kept, row, new CancelledRecord(Word(row.Pending), row.PendingUndo, reason)));
    }

    /// <summary>Nova is at work on it: looked at again soon, with nothing to tell.</summary>
    public static EnforcementStep Wait(EnforcementState row, DateTimeOffset now) => new(EnforcementStepKind.Noted, row with { NextTryAt = now + s_busy });

    /// <param name="isOpen">Nobody knows whether it was done: it stays pending, and is looked at before it is sent again.</param>
    public static EnforcementStep Fail(EnforcementState row, bool isOpen, string code, string detail, DateTimeOffset now)
    {
        int failures = Math.Min(row.Failures + 1, 1_000_000);
        DateTimeOffset next = now + s_waits[Math.Min(failures, s_waits.Length) - 1];
        EnforcementState state = (isOpen ? row with { NextTryAt = next } : NotPending(row) with { Skipped = row.Skipped | row.Pending, SkippedUntil = next }) with
        {
            Failures = failures,
            FailureCode = code,
            Reason = EnforcementReasons.Failed,
        };
        // The same again every hour tells nothing new.
        HistoryRecord? record = row.FailureCode == code ? null
            : Record(EnforcementEvents.Failed, state, new FailedRecord(Word(row.Pending), row.PendingUndo, code, detail.Length <= LongestDetail ? detail : detail[..LongestDetail])) with
            {
                Event = Fields(row, $"instance {row.Instance}: {Word(row.Pending)} failed with {code}", isAlert: true) with { Succeeded = false },
            };
        return new(EnforcementStepKind.Noted, state, record);
    }

    /// <summary>It runs though it was halted here.</summary>
    public static EnforcementStep Override(EnforcementState row, string status, DateTimeOffset now)
    {
        Measures halted = row.Done & EnforcementRules.Halting;
        EnforcementState state = row with { Done = row.Done & ~EnforcementRules.Halting, Since = row.Since is null ? null : now, Rounds = 0, JudgedAt = null };
        return new(EnforcementStepKind.Noted, state, Record(EnforcementEvents.Overridden, state, new OverriddenRecord(Words(halted), status)) with
        {
            Event = Fields(row, $"instance {row.Instance} runs again though it was halted here", isAlert: true),
        });
    }

    public static HistoryRecord Release(EnforcementState row, string reason, DateTimeOffset until, Caller by)
    {
        EnforcementState state = row with { ReleasedUntil = until };
        return Record(EnforcementEvents.Released, state, new ReleasedRecord(reason, until, by.Name, by.UserId)) with
        {
            Changes = [state],
            Event = new EventFields { InstanceId = row.Instance, UserId = by.UserId, UserName = by.Name, Message = $"instance {row.Instance} was released by {by.Name}" },
        };
    }

    private static EnforcementState NotPending(EnforcementState row) => row with { Pending = Measures.None, PendingUndo = false, PendingSince = null, NextTryAt = null };

    private static EventFields Fields(EnforcementState row, string message, bool isAlert) => new() { InstanceId = row.Instance, Message = message, IsAlert = isAlert };

    private static string[] Codes(InstanceHealth health) => [.. health.Codes.Take(MostCodes)];

    private static HistoryRecord Record<T>(string kind, EnforcementState state, T body) =>
        new(kind, state.Instance, state.Project, JsonSerializer.SerializeToUtf8Bytes(body, typeof(T), EnforcementRecordJson.Default)) { Event = new EventFields { InstanceId = state.Instance } };
}

/// <summary>Body of <c>enforcement.intended</c>, <c>.done</c> and <c>.undone</c>.</summary>
/// <param name="Found">It was found to be done already.</param>
internal sealed record MeasureRecord(string Measure, bool Undo, IReadOnlyList<string>? Codes, bool? Found = null);

/// <summary>Body of <c>enforcement.withheld</c>.</summary>
/// <param name="Measures">What would be done otherwise.</param>
internal sealed record WithheldRecord(string Reason, IReadOnlyList<string> Measures, IReadOnlyList<string> Codes);

/// <summary>Body of <c>enforcement.cancelled</c> and <c>.kept</c>.</summary>
internal sealed record CancelledRecord(string Measure, bool Undo, string Reason);

/// <summary>Body of <c>enforcement.failed</c>.</summary>
internal sealed record FailedRecord(string Measure, bool Undo, string Code, string Detail);

/// <summary>Body of <c>enforcement.overridden</c>.</summary>
internal sealed record OverriddenRecord(IReadOnlyList<string> Measures, string Status);

/// <summary>Body of <c>enforcement.cleared</c>.</summary>
/// <param name="Left">What was done and could not be undone any more: the instance is gone.</param>
internal sealed record ClearedRecord(string Cause, IReadOnlyList<string> Left);

/// <summary>Body of <c>enforcement.released</c>.</summary>
internal sealed record ReleasedRecord(string Reason, DateTimeOffset Until, string By, string? ById);

/// <summary>Bodies of history records: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(MeasureRecord))]
[JsonSerializable(typeof(WithheldRecord))]
[JsonSerializable(typeof(CancelledRecord))]
[JsonSerializable(typeof(FailedRecord))]
[JsonSerializable(typeof(OverriddenRecord))]
[JsonSerializable(typeof(ClearedRecord))]
[JsonSerializable(typeof(ReleasedRecord))]
[JsonSerializable(typeof(BreakerOpenedRecord))]
[JsonSerializable(typeof(BreakerResumedRecord))]
[JsonSerializable(typeof(RulesChangedRecord))]
[JsonSerializable(typeof(QuarantineRecord))]
internal sealed partial class EnforcementRecordJson : JsonSerializerContext;
