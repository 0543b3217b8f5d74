using System.Text.Json;
using System.Text.Json.Serialization;
using Refit;

namespace OpenStackSev.OpenStack.Glance;

/// <summary>Glance. Source: Image API v2 reference.</summary>
public interface IGlanceApi
{
    /// <summary>One page of images.</summary>
    [Get("/v2/images")]
    Task<ImageList> ListImagesAsync(
        [Query] string? name = null, [Query] int? limit = null, [Query] Guid? marker = null, CancellationToken ct = default);

    /// <summary>One page of images, each as Glance wrote it: for those who judge what is in it, and how it is written.</summary>
    /// <param name="visibility"><c>all</c> adds community images.</param>
    /// <param name="hidden">Only images that are hidden from lists, or only the others, which is the default.</param>
    [Get("/v2/images")]
    Task<ImageBodies> ListImageBodiesAsync(
        [Query] string? name = null, [Query] string? visibility = null, [Query, AliasAs("os_hidden")] bool? hidden = null,
        [Query] int? limit = null, [Query] string? marker = null, CancellationToken ct = default);

    [Get("/v2/images/{id}")]
    Task<Image> GetImageAsync(Guid id, CancellationToken ct = default);

    [Get("/v2/images/{id}")]
    Task<JsonElement> GetImageBodyAsync(Guid id, CancellationToken ct = default);

    /// <summary>A project with which an image is shared. 404 for one with which it is not.</summary>
    /// <param name="member">Project id.</param>
    [Get("/v2/images/{id}/members/{member}")]
    Task<ImageMember> GetImageMemberAsync(Guid id, string member, CancellationToken ct = default);
}

/// <param name="MemberId">Project id.</param>
/// <param name="Status"><c>pending</c>, <c>accepted</c> or <c>rejected</c>: whether the project wants it in its lists.</param>
public sealed record ImageMember(string MemberId, string Status);

/// <param name="Next">Path of the next page; null on the last one.</param>
public sealed record ImageList(IReadOnlyList<Image> Images, string? Next = null);

/// <param name="Next">Path of the next page; null on the last one.</param>
public sealed record ImageBodies(IReadOnlyList<JsonElement> Images, string? Next = null);

/// <summary>An image. Its properties (<c>hw_firmware_type</c>, …) are keys beside the fixed ones.</summary>
public sealed record Image
{
    public required Guid Id { get; init; }
    public string? Name { get; init; }

    /// <summary><c>active</c> when it can boot.</summary>
    public string? Status { get; init; }

    /// <summary>Every key that is not one of the fixed ones. The generated reader needs <c>set</c>.</summary>
    [JsonExtensionData]
    public IDictionary<string, JsonElement>? Properties { get; set; }
}
