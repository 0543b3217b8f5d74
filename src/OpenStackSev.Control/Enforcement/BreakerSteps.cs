using System.Text.Json;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Enforcement;

/// <summary>What is written of enforcement as a whole, and of hosts. Pure.</summary>
internal static class BreakerSteps
{
    /// <summary>What happened to enforcement itself has one subject.</summary>
    public static Guid Subject { get; } = ProviderIdentity.Of("enforcement");

    public static HistoryRecord Open(BreakerState breaker, BreakerFinding finding, DateTimeOffset now) => Record(EnforcementEvents.BreakerOpened,
        new BreakerOpenedRecord(finding.Reason, finding.Judged, finding.Bad, finding.Projects, finding.Hosts),
        new EventFields { IsAlert = true, Succeeded = false, Message = $"enforcement stands still: {finding.Reason}; see osev enforcement status" },
        breaker with { OpenedAt = now, Reason = finding.Reason, Judged = finding.Judged, Bad = finding.Bad });

    public static HistoryRecord Resume(BreakerState breaker, string reason, Caller by, DateTimeOffset now) => Record(EnforcementEvents.BreakerResumed,
        new BreakerResumedRecord(reason, by.Name, by.UserId, breaker.OpenedAt),
        new EventFields { UserId = by.UserId, UserName = by.Name, Message = $"enforcement goes on, says {by.Name}: {reason}" },
        breaker with { OpenedAt = null, ResumedAt = now, ResumedBy = by.Name });

    public static HistoryRecord Rules(BreakerState breaker, Ruleset rules, string mode) => Record(EnforcementEvents.RulesChanged,
        new RulesChangedRecord(mode, rules.Digest, breaker.Rules),
        new EventFields { Message = $"enforcement goes by other rules from now on, mode {mode}" }, breaker with { Rules = rules.Digest });

    /// <param name="blaming">Rows of the instances that speak against it: the request is on them from now on.</param>
    public static HistoryRecord Quarantine(Guid node, string? name, int projects, int instances, IReadOnlyList<string> codes, IReadOnlyList<EnforcementState> blaming) =>
        new(EnforcementEvents.QuarantineRequested, node, null, JsonSerializer.SerializeToUtf8Bytes(
            new QuarantineRecord(name, projects, instances, codes), EnforcementRecordJson.Default.QuarantineRecord))
        {
            Changes = [.. blaming.Select(row => row with { QuarantineRequested = true })],
            Event = new EventFields { IsAlert = true, HostId = node, HostName = name, Message = $"{instances} instances of {projects} projects speak against host {name}: {string.Join(", ", codes.Take(3))}" },
        };

    private static HistoryRecord Record<T>(string kind, T body, EventFields fields, BreakerState state) =>
        new(kind, Subject, null, JsonSerializer.SerializeToUtf8Bytes(body, typeof(T), EnforcementRecordJson.Default)) { Changes = [state], Event = fields };
}

/// <summary>Body of <c>enforcement.breaker.opened</c>.</summary>
internal sealed record BreakerOpenedRecord(string Reason, int Judged, int Bad, int Projects, int Hosts);

/// <summary>Body of <c>enforcement.breaker.resumed</c>.</summary>
internal sealed record BreakerResumedRecord(string Reason, string By, string? ById, DateTimeOffset? OpenedAt);

/// <summary>Body of <c>enforcement.rules.changed</c>.</summary>
/// <param name="Previous">Digest of the rules before; null for the first ones.</param>
internal sealed record RulesChangedRecord(string Mode, string Digest, string? Previous);

/// <summary>Body of <c>host.quarantine.requested</c>.</summary>
internal sealed record QuarantineRecord(string? HostName, int Projects, int Instances, IReadOnlyList<string> Codes);
