using System.Text.Json;
using OpenStackSev.OpenStack.Http;

namespace OpenStackSev.OpenStack.Glance;

/// <summary>Whole lists of Glance.</summary>
public static class GlancePages
{
    /// <summary>As many as Glance gives at once unless its operator says otherwise; without a number it gives 25.</summary>
    private const int PageSize = 1000;

    extension(IGlanceApi glance)
    {
        /// <summary>Every image that the user may see, community images included, each as Glance wrote it.</summary>
        /// <param name="name">Only those that are called so.</param>
        /// <param name="hidden">Those that are hidden from lists instead of the others.</param>
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<JsonElement> AllImageBodiesAsync(
            string? name = null, bool hidden = false, int pageSize = PageSize, CancellationToken ct = default) =>
            Pages.AllAsync(
                "image", "/v2/images",
                async marker => (await glance.ListImageBodiesAsync(name, "all", hidden ? true : null, pageSize, marker, ct)) is var page
                    ? (page.Images, page.Next is not null) : default,
                image => Pages.IdOf("image", "/v2/images", image), ct);
    }
}
