namespace OpenStackSev.Api.Validation;

/// <summary>Answer of <c>POST /v1/audits</c> and <c>GET /v1/audits/{id}</c>.</summary>
public sealed record AuditAnswer(Audit Audit);

/// <summary>Answer of <c>GET /v1/audits</c>: the newest first, without results.</summary>
public sealed record AuditList(IReadOnlyList<Audit> Audits);

/// <summary>An audit: every flavor of the cloud with every image.</summary>
/// <param name="Status"><c>queued</c>, <c>running</c>, <c>done</c>, <c>failed</c> or <c>cancelled</c>.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="Problem">Why it failed; null else.</param>
/// <param name="Result">Null until it is done, and in a list.</param>
public sealed record Audit(
    Guid Id, string Status, double Progress, DateTimeOffset CreatedAt, string? ProjectId = null, string? UserId = null,
    DateTimeOffset? FinishedAt = null, string? Problem = null, AuditResult? Result = null)
{
    /// <summary>Its status stays as it is.</summary>
    public bool IsFinished() => Status is "done" or "failed" or "cancelled";
}

/// <param name="LeftOut">Combinations that were left out, because both sides come closer to booting with others.</param>
/// <param name="NotJudged">Flavors and images that could not be read, in words.</param>
public sealed record AuditResult(
    string Release, int Flavors, int Images, long Pairs, long LeftOut, IReadOnlyList<AuditFinding> Findings, IReadOnlyList<string> NotJudged);

/// <summary>All that one rule has to say about a cloud.</summary>
/// <param name="Level"><c>error</c>, <c>warning</c> or <c>hint</c>.</param>
/// <param name="Pairs">In how many combinations.</param>
/// <param name="Subjects">The flavors and images that it is about; one stands there once for each command that mends it.</param>
public sealed record AuditFinding(
    string Code, string Level, long Pairs, IReadOnlyList<AuditSubject> Subjects, AuditExample Example, string Why, string Source);

/// <param name="Kind"><c>flavor</c> or <c>image</c>.</param>
/// <param name="Subject">The extra spec or property.</param>
/// <param name="Fix">A runnable command; null where none can mend it.</param>
public sealed record AuditSubject(string Kind, string Name, string Subject, long Pairs, string Message, string? Id = null, string? Fix = null);

/// <summary>The combination that stands for all of a finding.</summary>
public sealed record AuditExample(string Flavor, string Image, string Message, string? Fix = null);
