using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Enforcement;

/// <summary>What follows from verdicts, as a whole.</summary>
/// <param name="Enabled">False where another control plane does it.</param>
/// <param name="Instances">Those that something speaks against, by standing and reason.</param>
/// <param name="NextAt">When it looks again; null when it does not.</param>
/// <param name="Last">The last look; null before the first one since the start.</param>
public sealed record EnforcementStatus(
    bool Enabled, EnforcementRulesInForce Rules, EnforcementBreaker Breaker, IReadOnlyList<EnforcementCount> Instances, EnforcementBudget Budget,
    DateTimeOffset? NextAt = null, EnforcementLook? Last = null);

/// <param name="Mode"><c>off</c>, <c>dry-run</c> or <c>enforce</c>.</param>
/// <param name="Digest"><c>sha256:</c> and 64 hex digits of the file.</param>
/// <param name="File">Null for the built-in ones.</param>
/// <param name="Problem">What is wrong with the file as it is now, so that older rules hold; null for nothing.</param>
public sealed record EnforcementRulesInForce(string Mode, string Digest, string? File = null, string? Problem = null);

/// <param name="Open">Too many turned bad at once: nothing more is done until an administrator says so.</param>
/// <param name="Reason">Why it opened last; null where it never did.</param>
/// <param name="Judged">Instances that were judged then.</param>
/// <param name="Bad">Of those: had turned bad.</param>
/// <param name="ResumedAt">When an administrator last let enforcement go on.</param>
public sealed record EnforcementBreaker(
    bool Open, DateTimeOffset? OpenedAt = null, string? Reason = null, int? Judged = null, int? Bad = null, DateTimeOffset? ResumedAt = null, string? ResumedBy = null);

/// <param name="Standing"><c>waiting</c>, <c>acting</c>, <c>acted</c>, <c>withheld</c> or <c>dry_run</c>.</param>
public sealed record EnforcementCount(string Standing, int Count, string? Reason = null);

/// <param name="MostARun">Instances that are acted on at one look, at most.</param>
/// <param name="LeftThisHour">How many more may be in the last hour.</param>
public sealed record EnforcementBudget(int MostARun, int MostAnHour, int LeftThisHour);

/// <summary>One look.</summary>
/// <param name="Noticed">Instances that turned bad.</param>
/// <param name="Done">Measures, found done ones included.</param>
/// <param name="Withheld">Instances of which something is not done, for another reason than before.</param>
public sealed record EnforcementLook(
    DateTimeOffset StartedAt, DateTimeOffset FinishedAt, int Noticed, int Done, int Undone, int Withheld, IReadOnlyList<EnforcementFailure> Failures);

/// <param name="Code">e.g. <c>compute.503</c>, <c>storage.locked</c>.</param>
/// <param name="Detail">Of the last one.</param>
public sealed record EnforcementFailure(string Code, int Count, string Detail);

/// <summary>An instance that something speaks against.</summary>
/// <param name="Standing"><c>waiting</c>, <c>acting</c>, <c>acted</c>, <c>withheld</c> or <c>dry_run</c>; <c>clear</c> when nothing does.</param>
/// <param name="Reason">Stable code of what is not done, or not yet; null where the standing says all.</param>
/// <param name="Wanted">Measures that the rules want for its project, those that are done included.</param>
/// <param name="Done">Measures that were done here.</param>
/// <param name="Verdict">Null while it has none.</param>
/// <param name="Codes">Of its findings.</param>
/// <param name="Since">Since when it is bad without a pause.</param>
/// <param name="Pending">A measure whose request is under way, or <c>undo</c> and one.</param>
/// <param name="Failure">Code of the last failure.</param>
/// <param name="Name">Null for an instance that is not known any more.</param>
public sealed record EnforcementInstance(
    Guid Instance, string Project, string Standing, IReadOnlyList<string> Wanted, IReadOnlyList<string> Done, IReadOnlyList<string> Codes, string? Name = null, string? Reason = null,
    string? Verdict = null, DateTimeOffset? Since = null, string? Pending = null, string? Failure = null, DateTimeOffset? NextTryAt = null,
    DateTimeOffset? LastActionAt = null, DateTimeOffset? ReleasedUntil = null);

/// <param name="Marker">Of the next page; null on the last one.</param>
public sealed record EnforcementInstanceList(IReadOnlyList<EnforcementInstance> Instances, Guid? Marker = null);

/// <summary>Lets enforcement go on after too many turned bad at once.</summary>
/// <param name="Reason">1 to 255 characters, for the history.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EnforcementResume(string Reason)
{
    public const int LongestReason = 255;
}

/// <summary>Undoes what was done about an instance, and does nothing more about it for some time.</summary>
/// <param name="Reason">1 to 255 characters, for the history.</param>
/// <param name="Hours">1 to 720; 24 when left out.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record EnforcementRelease(string Reason, int Hours = EnforcementRelease.UsualHours)
{
    public const int UsualHours = 24, MostHours = 720;
}
