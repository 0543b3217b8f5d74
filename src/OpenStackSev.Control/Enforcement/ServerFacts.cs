using System.Globalization;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Enforcement;

/// <summary>A server as Nova shows it now, as far as measures look at it.</summary>
/// <param name="Actions">What was done to it, the newest first; empty where nothing rests on it.</param>
/// <param name="Us">User by whom we act.</param>
internal sealed record ServerFacts(string Status, string? TaskState, bool IsLocked, string? LockedReason, IReadOnlyList<string> Tags, IReadOnlyList<ActionFact> Actions, string Us)
{
    /// <summary>Says nothing about whether it runs.</summary>
    private static readonly HashSet<string> s_beside = new(["lock", "unlock", "createImage", "createBackup", "attach_interface", "detach_interface", "attach_volume", "detach_volume"], StringComparer.OrdinalIgnoreCase);

    public bool HasTag => Tags.Contains(NovaMeasures.ServerTag, StringComparer.Ordinal);

    public bool IsLockedByUs => IsLocked && LockedReason?.StartsWith(NovaMeasures.LockPrefix, StringComparison.Ordinal) == true;

    public bool IsBusy => TaskState is { Length: > 0 };

    /// <summary>We asked for it at that time or later, whatever came of it.</summary>
    public bool WeDid(string action, DateTimeOffset since) => Actions.Any(one => one.Name == action && one.User == Us && one.At >= since);

    /// <summary>It was the last thing that anybody did to its running, and we did it.</summary>
    /// <param name="since">Clocks differ by less than the margin that the caller gives.</param>
    public bool IsOursLast(string action, DateTimeOffset since) =>
        Actions.FirstOrDefault(one => !s_beside.Contains(one.Name)) is { } last && last.Name == action && last.User == Us && last.At >= since;

    public static ServerFacts Of(Server server, IEnumerable<InstanceAction> actions, string us) => new(
        server.Status, server.TaskState, server.Locked == true, server.LockedReason, server.Tags ?? [],
        [.. actions.Select(action => new ActionFact(action.Action, action.UserId, Time(action.StartTime))).OrderByDescending(action => action.At)], us);

    // Nova writes UTC without saying so.
    private static DateTimeOffset Time(string? text) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time) ? time : DateTimeOffset.MinValue;
}

internal sealed record ActionFact(string Name, string? User, DateTimeOffset At);

internal enum PendingOutcomeKind
{
    /// <summary>It is so.</summary>
    Confirm,
    Send,

    /// <summary>Somebody else's will stands against it.</summary>
    Leave,
    Cancel,

    /// <summary>Nova is at work on the server.</summary>
    Wait,
}

internal sealed record PendingOutcome(PendingOutcomeKind Kind, string? Reason = null)
{
    public static PendingOutcome Confirm { get; } = new(PendingOutcomeKind.Confirm);
    public static PendingOutcome Send { get; } = new(PendingOutcomeKind.Send);
    public static PendingOutcome Wait { get; } = new(PendingOutcomeKind.Wait);

    public static PendingOutcome Leave(string reason) => new(PendingOutcomeKind.Leave, reason);

    public static PendingOutcome Cancel(string reason) => new(PendingOutcomeKind.Cancel, reason);
}

/// <summary>What becomes of a measure that is written down: for one that begins, and for one whose end a crash or an error left open. Pure.</summary>
internal static class PendingRules
{
    public const int MostTags = 50;

    /// <summary>By how much Nova's clock may be behind.</summary>
    private static readonly TimeSpan s_skew = TimeSpan.FromMinutes(2);

    /// <param name="server">Null when Nova has none of its UUID.</param>
    public static PendingOutcome Decide(EnforcementState row, ServerFacts? server) => server is null
        ? PendingOutcome.Cancel(EnforcementReasons.Gone)
        : (row.Pending, row.PendingUndo) switch
        {
            (Measures.Tag, false) => server.HasTag ? PendingOutcome.Confirm : server.Tags.Count >= MostTags ? PendingOutcome.Leave(EnforcementReasons.TagsFull) : PendingOutcome.Send,
            (Measures.Tag, true) => server.HasTag ? PendingOutcome.Send : PendingOutcome.Confirm,
            (Measures.Lock, false) => server.IsLockedByUs ? PendingOutcome.Confirm : server.IsLocked ? PendingOutcome.Leave(EnforcementReasons.LockedByOther) : PendingOutcome.Send,
            (Measures.Lock, true) => !server.IsLocked ? PendingOutcome.Confirm : server.IsLockedByUs ? PendingOutcome.Send : PendingOutcome.Leave(EnforcementReasons.LockedByOther),
            (Measures.Stop, false) => Halt(row, server, "stop", server.Status is "ACTIVE"),
            (Measures.Stop, true) => Resume(row, server, "stop", "start", server.Status is "SHUTOFF"),
            (Measures.Shelve, false) => Halt(row, server, "shelve", server.Status is "ACTIVE" or "SHUTOFF" or "PAUSED" or "SUSPENDED"),
            (Measures.Shelve, true) => Resume(row, server, "shelve", "unshelve", server.Status is "SHELVED" or "SHELVED_OFFLOADED"),
            var (measure, _) => throw new InvalidOperationException($"{measure} is nothing that Nova does"),
        };

    private static PendingOutcome Halt(EnforcementState row, ServerFacts server, string action, bool isPossible)
    {
        DateTimeOffset since = row.PendingSince!.Value;
        // Halted, and nobody touched it since we did that: so it is ours, whenever it was.
        if (server.IsOursLast(action, EnforcementRules.Runs(server.Status) ? since - s_skew : DateTimeOffset.MinValue) || server.WeDid(action, since))
            return PendingOutcome.Confirm;
        return server.IsBusy ? PendingOutcome.Wait : isPossible ? PendingOutcome.Send : PendingOutcome.Cancel(EnforcementReasons.NotRunning);
    }

    private static PendingOutcome Resume(EnforcementState row, ServerFacts server, string halt, string action, bool isHalted)
    {
        DateTimeOffset since = row.PendingSince!.Value;
        if (server.IsOursLast(action, since - s_skew) || server.WeDid(action, since))
            return PendingOutcome.Confirm;
        if (server.IsBusy)
            return PendingOutcome.Wait;
        // Halted, and by us: whoever did something to it since wants it as it is.
        return isHalted && server.IsOursLast(halt, DateTimeOffset.MinValue) ? PendingOutcome.Send : PendingOutcome.Leave(EnforcementReasons.ChangedByOther);
    }
}
