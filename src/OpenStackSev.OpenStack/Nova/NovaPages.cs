using System.Globalization;
using System.Text.Json;
using OpenStackSev.OpenStack.Http;

namespace OpenStackSev.OpenStack.Nova;

/// <summary>Whole lists of Nova.</summary>
public static class NovaPages
{
    extension(INovaApi nova)
    {
        /// <param name="changesSince">Only those that changed at this time of Nova's clock or later, deleted ones among them; null for all that exist.</param>
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<Server> AllServersAsync(
            bool allTenants, string? host = null, int? pageSize = null, DateTimeOffset? changesSince = null, CancellationToken ct = default)
        {
            string? since = changesSince?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            return Pages.AllAsync(
                "compute", "/servers/detail",
                async marker => (await nova.ListServersAsync(allTenants ? true : null, host, since, pageSize, marker, ct)) is var page
                    ? (page.Servers, HasNext(page.Links)) : default,
                server => server.Id.ToString(), ct);
        }

        /// <summary>Public and private ones; private ones of others only for administrators.</summary>
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<Flavor> AllFlavorsAsync(int? pageSize = null, CancellationToken ct = default) =>
            Pages.AllAsync(
                "compute", "/flavors/detail",
                async marker => (await nova.ListFlavorsAsync("None", pageSize, marker, ct)) is var page ? (page.Flavors, HasNext(page.Links)) : default,
                flavor => flavor.Id, ct);

        /// <summary>The same flavors, each as Nova wrote it.</summary>
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<JsonElement> AllFlavorBodiesAsync(int? pageSize = null, CancellationToken ct = default) =>
            Pages.AllAsync(
                "compute", "/flavors/detail",
                async marker => (await nova.ListFlavorBodiesAsync("None", pageSize, marker, ct)) is var page ? (page.Flavors, HasNext(page.Links)) : default,
                flavor => Pages.IdOf("compute", "/flavors/detail", flavor), ct);

        /// <summary>Every compute node.</summary>
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<Hypervisor> AllHypervisorsAsync(int? pageSize = null, CancellationToken ct = default) =>
            Pages.AllAsync(
                "compute", "/os-hypervisors/detail",
                async marker => (await nova.ListHypervisorsAsync(pageSize, marker is null ? null : Guid.Parse(marker), ct)) is var page
                    ? (page.Hypervisors, HasNext(page.Links)) : default,
                hypervisor => hypervisor.Id.ToString(), ct);
    }

    private static bool HasNext(IReadOnlyList<Link>? links) => links is not null && links.Any(link => link.Rel == "next");
}
