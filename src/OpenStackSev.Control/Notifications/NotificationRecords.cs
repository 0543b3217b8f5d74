using System.Text.Json.Serialization;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Notifications;

/// <summary>Kinds of history records that are written about what was heard. Once shipped, never changed.</summary>
internal static class NotificationRecords
{
    /// <summary>Rebuilt with the same image, or evacuated: its verdict ended.</summary>
    public const string Rebuilt = "instance.rebuilt";

    /// <summary>Started again, and asked to prove itself again.</summary>
    public const string Restarted = "instance.restarted";

    /// <summary>An administrator disabled nova-compute of a host.</summary>
    public const string ServiceDisabled = "host.service.disabled";

    /// <summary>It takes instances again: neither disabled nor forced down any more.</summary>
    public const string ServiceEnabled = "host.service.enabled";

    /// <summary>An administrator said that the host is down.</summary>
    public const string ServiceForcedDown = "host.service.forced_down";

    /// <summary>Nova has no nova-compute of this host any more.</summary>
    public const string ServiceDeleted = "host.service.deleted";

    /// <summary>A flavor was made, or changed, that instances will not boot with or not be encrypted.</summary>
    public const string FlavorFindings = "flavor.findings";

    /// <summary>A flavor that had such findings has none any more, or is gone.</summary>
    public const string FlavorCleared = "flavor.cleared";
}

/// <summary>Body of <c>instance.rebuilt</c> and <c>instance.restarted</c>.</summary>
/// <param name="EventType">Nova's word for what happened.</param>
/// <param name="HappenedAt">By the clock of the host that sent it.</param>
/// <param name="Previous">The verdict that it had; null for none.</param>
/// <param name="Host">Where it runs. Not for tenants, as in every record.</param>
internal sealed record LifecycleRecord(string EventType, DateTimeOffset HappenedAt, string? Previous, Guid? Image, string? Flavor, HostRecord Host);

/// <summary>Body of <c>host.service.*</c>.</summary>
/// <param name="Service">Nova's name of the service's host.</param>
/// <param name="Reason">As the administrator wrote it; null for none.</param>
internal sealed record ServiceRecord(string Name, string Service, bool Disabled, bool ForcedDown, string? Reason);

/// <summary>Body of <c>flavor.findings</c> and <c>flavor.cleared</c>.</summary>
/// <param name="Codes">Of the errors, in the order of their names; none where it was cleared.</param>
/// <param name="Messages">What each of them says.</param>
/// <param name="Fixes">Commands that mend it.</param>
internal sealed record FlavorRecord(string FlavorId, string? Flavor, IReadOnlyList<string> Codes, IReadOnlyList<string> Messages, IReadOnlyList<string> Fixes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(LifecycleRecord))]
[JsonSerializable(typeof(ServiceRecord))]
[JsonSerializable(typeof(FlavorRecord))]
internal sealed partial class NotificationJson : JsonSerializerContext;
