using System.Text.Json.Serialization;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Inspection;

namespace OpenStackSev.Control.Validation;

/// <summary>How far an audit is.</summary>
public enum AuditStatus
{
    Queued,
    Running,
    Done,
    Failed,
    Cancelled,
}

/// <summary>An audit: asked for, run later, kept for whoever asks for its result.</summary>
/// <param name="Ids">Of the request that asked for it, so that Nova's log shows on whose behalf it is read.</param>
/// <param name="Progress">0 to 1.</param>
/// <param name="Problem">Why it failed; null else.</param>
/// <param name="Result">Null until it is done.</param>
public sealed record AuditJob(
    Guid Id, AuditStatus Status, string? ProjectId, string? UserId, DateTimeOffset CreatedAt, AuditRequest Request, RequestIds Ids,
    double Progress = 0, DateTimeOffset? FinishedAt = null, string? Problem = null, AuditDocument? Result = null)
{
    public bool IsFinished => Status is AuditStatus.Done or AuditStatus.Failed or AuditStatus.Cancelled;
}

/// <summary>An audit as the API shows it.</summary>
public sealed record AuditBody(
    Guid Id, AuditStatus Status, double Progress, string? ProjectId, string? UserId, DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt,
    string? Problem, AuditDocument? Result)
{
    /// <param name="withResult">A list has none: it may be large.</param>
    public static AuditBody Of(AuditJob job, bool withResult) => new(job.Id, job.Status, Math.Round(job.Progress, 2), job.ProjectId, job.UserId,
        job.CreatedAt, job.FinishedAt, job.Problem, withResult ? job.Result : null);
}

public sealed record AuditEnvelope(AuditBody Audit);

public sealed record AuditList(IReadOnlyList<AuditBody> Audits);

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(AuditStatusWord)])]
[JsonSerializable(typeof(AuditEnvelope))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(AuditJob))]
internal sealed partial class AuditJobJson : JsonSerializerContext;

internal sealed class AuditStatusWord() : JsonStringEnumConverter<AuditStatus>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
