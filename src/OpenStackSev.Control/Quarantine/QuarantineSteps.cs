using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Who sets a host aside or lets it go: a user, or a rule.</summary>
/// <param name="Id">Keystone's; null for a rule.</param>
internal sealed record QuarantineAuthor(string Name, string? Id, bool IsRule)
{
    public static QuarantineAuthor Of(Caller caller) => new(caller.Name, caller.UserId, IsRule: false);

    public static QuarantineAuthor Rule(string name) => new($"rule {name}", null, IsRule: true);
}

/// <summary>What is written of quarantines. Pure.</summary>
internal static class QuarantineSteps
{
    /// <summary>Begins one, or gives the one that there is another reason, another author or another wish about the service.</summary>
    /// <param name="known">Null for a host that never was in any.</param>
    /// <param name="codes">What speaks against it; empty for a person's.</param>
    public static HistoryRecord Set(
        HostQuarantineState? known, Guid node, string? name, string reason, bool disablesService, QuarantineAuthor by, IReadOnlyList<string> codes, DateTimeOffset now)
    {
        bool lasts = known is { Since: not null };
        HostQuarantineState state = (known ?? new HostQuarantineState { Node = node, Reason = reason, By = by.Name }) with
        {
            Since = lasts ? known!.Since : now,
            Reason = reason,
            By = by.Name,
            ByRule = by.IsRule,
            RuleWaits = false,
            DisablesService = disablesService,
            // Whoever asks anew wants it tried anew.
            NextLookAt = null,
            Failures = 0,
            ServiceProblem = null,
        };
        return Record(HostEvents.Quarantined, node, state, new QuarantinedRecord(
            reason, by.Name, by.Id, by.IsRule, disablesService, codes.Count > 0 ? codes : null, lasts ? known!.Reason : null, name)) with
        {
            Event = new EventFields
            {
                IsAlert = by.IsRule,
                HostId = node,
                HostName = name,
                UserId = by.Id,
                UserName = by.IsRule ? null : by.Name,
                Message = $"host {name ?? node.ToString()} is in quarantine, says {by.Name}: {reason}",
            },
        };
    }

    /// <param name="cause">Why a rule lets it go; null for a person, who need not say.</param>
    public static HistoryRecord Release(HostQuarantineState known, string? name, QuarantineAuthor by, string? cause)
    {
        HostQuarantineState state = known with { Since = null, ByRule = false, RuleWaits = !by.IsRule, NextLookAt = null, Failures = 0, ServiceProblem = null };
        return Record(HostEvents.Released, known.Node, state, new ReleasedRecord(known.Reason, by.Name, by.Id, by.IsRule, cause, known.Since, name)) with
        {
            Event = new EventFields
            {
                HostId = known.Node,
                HostName = name,
                UserId = by.Id,
                UserName = by.IsRule ? null : by.Name,
                Message = $"host {name ?? known.Node.ToString()} is out of quarantine, says {by.Name}",
            },
        };
    }

    internal static HistoryRecord Record<T>(string kind, Guid node, HostQuarantineState state, T body) =>
        new(kind, node, null, JsonSerializer.SerializeToUtf8Bytes(body, typeof(T), QuarantineRecordJson.Default)) { Changes = [state], Event = new EventFields { HostId = node } };
}

/// <summary>Body of <c>host.quarantined</c>.</summary>
/// <param name="Codes">What speaks against it; null for a person's.</param>
/// <param name="Previous">The reason before, where it was in quarantine already.</param>
internal sealed record QuarantinedRecord(
    string Reason, string By, string? ById, bool ByRule, bool DisableService, IReadOnlyList<string>? Codes = null, string? Previous = null, string? HostName = null);

/// <summary>Body of <c>host.released</c>.</summary>
/// <param name="Reason">Of the quarantine.</param>
/// <param name="Since">When that began.</param>
internal sealed record ReleasedRecord(string Reason, string By, string? ById, bool ByRule, string? Cause, DateTimeOffset? Since, string? HostName = null);

/// <summary>Body of <c>host.service.*</c>.</summary>
/// <param name="Service">Nova's name of the service's host; null where it was not found.</param>
/// <param name="Request"><c>disable</c> or <c>enable</c>.</param>
/// <param name="Reason">What Nova was given, or the code of why nothing is done.</param>
/// <param name="Found">It was found to be so: by a request before, whose end was not written.</param>
internal sealed record ServiceRecord(string? Service, string Request, string? Reason = null, bool? Found = null);

/// <summary>Body of <c>host.service.failed</c>.</summary>
internal sealed record ServiceFailedRecord(string Request, string Code, string Detail);

/// <summary>Bodies of history records: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(QuarantinedRecord))]
[JsonSerializable(typeof(ReleasedRecord))]
[JsonSerializable(typeof(ServiceRecord))]
[JsonSerializable(typeof(ServiceFailedRecord))]
internal sealed partial class QuarantineRecordJson : JsonSerializerContext;
