using System.Runtime.CompilerServices;

namespace OpenStackSev.OpenStack.Nova;

/// <summary>Whole lists, page by page. Nova cuts every list at its <c>max_limit</c>, which a client cannot know.</summary>
public static class NovaPages
{
    /// <summary>More pages than any cloud has; a service that repeats itself must not keep us for ever.</summary>
    private const int MaximumPages = 10_000;

    extension(INovaApi nova)
    {
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<Server> AllServersAsync(
            bool allTenants, string? host = null, int? pageSize = null, CancellationToken ct = default) =>
            PagesAsync(
                "/servers/detail",
                async marker => (await nova.ListServersAsync(allTenants ? true : null, host, limit: pageSize, marker: marker, ct: ct)) is var page
                    ? (page.Servers, page.Links) : default,
                server => server.Id.ToString(), ct);

        /// <summary>Public and private ones; private ones of others only for administrators.</summary>
        /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
        public IAsyncEnumerable<Flavor> AllFlavorsAsync(int? pageSize = null, CancellationToken ct = default) =>
            PagesAsync(
                "/flavors/detail",
                async marker => (await nova.ListFlavorsAsync("None", pageSize, marker, ct)) is var page ? (page.Flavors, page.Links) : default,
                flavor => flavor.Id, ct);
    }

    private static async IAsyncEnumerable<T> PagesAsync<T>(
        string path, Func<string?, Task<(IReadOnlyList<T> Items, IReadOnlyList<Link>? Links)>> fetch, Func<T, string> marker,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var ends = new HashSet<string>(StringComparer.Ordinal);
        string? last = null;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            (IReadOnlyList<T> items, IReadOnlyList<Link>? links) = await fetch(last);
            if (items.Count == 0)
                yield break;
            // Half a list would pass for a whole one, so that this is no end but an error.
            last = marker(items[^1]);
            if (!ends.Add(last) || ends.Count > MaximumPages)
            {
                throw new OpenStackApiException("compute", "GET " + path, status: null, OpenStackCodes.EndlessList, requestId: null,
                    ends.Count > MaximumPages ? $"the list has more than {MaximumPages} pages" : $"the page that ends in {last} came twice");
            }

            foreach (T item in items)
                yield return item;
            // The link's own URL is not followed: it names the host that Nova believes to be, and an attacker's proxy could name another.
            if (links is null || !links.Any(link => link.Rel == "next"))
                yield break;
        }
    }
}
