using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>An instance as Nova lists it, as far as the sweep looks at it.</summary>
/// <param name="Status">Nova's word; <c>DELETED</c> for one that is gone.</param>
/// <param name="Node">UUID of its compute node; null while it has none, or one that never reported.</param>
/// <param name="Image">Null for one that boots from a volume.</param>
/// <param name="Model">Of the encryption that it asks for; null when it asks for none.</param>
/// <param name="IsModelCertain">False where its image cannot be looked at any more: then only the flavor has spoken.</param>
/// <param name="Url">Of the control plane, as its metadata has it; null for nothing.</param>
/// <param name="Ticket">As its metadata has it; null for nothing.</param>
/// <param name="Gate">That its metadata names; null for none.</param>
internal sealed record ListedServer(
    Guid Id, string Name, string Project, string Status, string? HostName = null, Guid? Node = null, string? Flavor = null, Guid? Image = null,
    string? Model = null, bool IsModelCertain = true, DateTimeOffset? CreatedAt = null, string? Url = null, string? Ticket = null, NamedGate? Gate = null)
{
    public const string Active = "ACTIVE";
    private const string Deleted = "DELETED";
    private const string Unknown = "UNKNOWN";
    private const int LongestStatus = 32;

    public bool IsDeleted => Status == Deleted;

    /// <summary>Nova itself cannot say: the cell of the instance does not answer.</summary>
    public bool IsUnknown => Status == Unknown;

    /// <summary>Null for a server of which nothing can be said, not even whose it is.</summary>
    /// <param name="image">Properties of its image; null where it has none or they cannot be read.</param>
    public static ListedServer? Of(Server server, IReadOnlyDictionary<string, string>? image, ComputeRelease release, Func<string, Guid?> nodeOf)
    {
        if (server.ProjectId is not { Length: > 0 and <= HistoryRecord.MaximumProjectLength } project)
            return null;
        bool isPartial = server.Flavor is null;
        string? node = server.HypervisorHostname ?? server.Host;
        Guid? imageId = ImageOf(server);
        string? model = isPartial ? null : MemoryEncryptionRequest.From(
            new FlavorSpec("", null, server.Flavor!.ExtraSpecs ?? new Dictionary<string, string>()),
            new ImageSpec("", null, image ?? new Dictionary<string, string>()), release).Model;
        return new(
            server.Id, Bounded(server.Name, InstanceState.MaximumNameLength), project, isPartial && server.Status != Deleted ? Unknown : Bounded(server.Status, LongestStatus),
            Named(node), node is { Length: > 0 } ? nodeOf(node) : null,
            Named(server.Flavor?.OriginalName), imageId, model is null ? null : Bounded(model, LongestStatus),
            !isPartial && (image is not null || imageId is null), server.Created,
            server.Metadata.GetValueOrDefault(GuestInstructions.UrlKey), server.Metadata.GetValueOrDefault(GuestInstructions.TicketKey), NamedGate.Of(server));
    }

    /// <summary>Null for one that boots from a volume.</summary>
    public static Guid? ImageOf(Server server) =>
        server.Image is { ValueKind: JsonValueKind.Object } image && image.TryGetProperty("id", out JsonElement id)
        && id.ValueKind == JsonValueKind.String && id.TryGetGuid(out Guid found) ? found : null;

    /// <summary>Its ticket stays out of whatever prints it.</summary>
    public override string ToString() => $"server {Id} {Status}";

    private static string? Named(string? name) => name is { Length: > 0 } ? Bounded(name, InstanceState.MaximumNameLength) : null;

    private static string Bounded(string text, int longest) => text.Length <= longest ? text : text[..longest];
}
