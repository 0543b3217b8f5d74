using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Policies;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>What history says of policies and reference values, with the changes that it explains. Pure.</summary>
/// <remarks>All policies have one subject, and all reference values another: what happened to them is asked together.</remarks>
internal static class PolicyRecords
{
    public static Guid Policies { get; } = ProviderIdentity.Of("appraisal policy");

    public static Guid ReferenceValues { get; } = ProviderIdentity.Of("reference values");

    public static HistoryRecord Stored(PolicyVersion version, Caller by) => new(PolicyEvents.Stored, Policies, null,
        JsonSerializer.SerializeToUtf8Bytes(new PolicyRecord(version.Number, version.Name, version.Digest, by.Name, by.UserId), PolicyRecordJson.Default.PolicyRecord))
    {
        Changes = [version],
        Event = Fields(by, $"appraisal policy {version.Number} '{version.Name}' was stored"),
    };

    /// <param name="version">The one that judges from now on; null for the built-in default.</param>
    /// <param name="before">The one that did; null for the built-in default.</param>
    /// <param name="first">
    /// Version 1, which is written with every activation: its row is what two activations at once always collide on, also while none is active.
    /// </param>
    public static HistoryRecord Activated(PolicyVersion? version, PolicyVersion? before, PolicyVersion first, Caller by, DateTimeOffset now)
    {
        var changes = new Dictionary<int, PolicyVersion> { [first.Number] = first };
        if (before is not null)
            changes[before.Number] = before with { IsActive = false };
        // Of the same row the older reading counts, or an activation between the two would go unnoticed.
        if (version is not null)
            changes[version.Number] = (version.Number == first.Number ? first : version) with { IsActive = true, ActivatedAt = now, ActivatedBy = by.Name };
        PolicyInForce named = version is null ? PolicyInForce.Default : new(version.Number, version.Name, version.Digest, PolicyInForce.Default.Policy);
        return new HistoryRecord(PolicyEvents.Activated, Policies, null, JsonSerializer.SerializeToUtf8Bytes(
            new PolicyRecord(named.Number, named.Name, named.Digest, by.Name, by.UserId, before?.Number ?? PolicyInForce.BuiltIn), PolicyRecordJson.Default.PolicyRecord))
        {
            Changes = [.. changes.Values],
            Event = Fields(by, $"appraisal policy {named.Number} '{named.Name}' judges from now on, in place of {before?.Number ?? PolicyInForce.BuiltIn}"),
        };
    }

    public static HistoryRecord Added(IReadOnlyList<ReferenceValue> values, Caller by) => Of(PolicyEvents.ReferenceAdded, values, by, "added");

    /// <param name="stays">One that stays, written as it is: who removes it at the same time collides here. Null where none has to.</param>
    public static HistoryRecord Removed(ReferenceValue value, ReferenceValue? stays, Caller by)
    {
        HistoryRecord record = Of(PolicyEvents.ReferenceRemoved, [value], by, "removed");
        return stays is null ? record : record with { Changes = [value, stays] };
    }

    private static HistoryRecord Of(string kind, IReadOnlyList<ReferenceValue> values, Caller by, string what) => new(kind, ReferenceValues, null,
        JsonSerializer.SerializeToUtf8Bytes(
            new ReferenceRecord([.. values.Select(value => new ReferenceItem(value.Digest, value.Name, value.CoversExecutables))], by.Name, by.UserId),
            PolicyRecordJson.Default.ReferenceRecord))
    {
        Changes = [.. values],
        Event = Fields(by, values.Count == 1 ? $"reference value '{values[0].Name}' was {what}" : $"{values.Count} reference values were {what}"),
    };

    private static EventFields Fields(Caller by, string message) => new() { UserId = by.UserId, UserName = by.Name, Message = message };
}

/// <summary>Body of <c>policy.stored</c> and <c>policy.activated</c>.</summary>
/// <param name="Replaces">Of an activation: the version that judged before.</param>
internal sealed record PolicyRecord(int Number, string Name, string Digest, string By, string? ById, int? Replaces = null);

/// <summary>Body of <c>policy.reference.*</c>.</summary>
internal sealed record ReferenceRecord(IReadOnlyList<ReferenceItem> Values, string By, string? ById);

internal sealed record ReferenceItem(string Digest, string Name, bool CoversExecutables);

/// <summary>Bodies of history records: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PolicyRecord))]
[JsonSerializable(typeof(ReferenceRecord))]
internal sealed partial class PolicyRecordJson : JsonSerializerContext;
