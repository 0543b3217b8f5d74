using System.Runtime.CompilerServices;
using System.Text.Json;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Whole lists, page by page. Services cut every list at a limit of their own, which a client cannot know.</summary>
internal static class Pages
{
    /// <summary>More pages than any cloud has; a service that repeats itself must not keep us for ever.</summary>
    private const int Maximum = 10_000;

    /// <summary>The id of an item that is kept as it was written.</summary>
    /// <exception cref="OpenStackApiException">It has none.</exception>
    public static string IdOf(string service, string path, JsonElement item) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty("id", out JsonElement id) && id.ValueKind == JsonValueKind.String
            && id.GetString() is { Length: > 0 } text
            ? text
            : throw new OpenStackApiException(service, "GET " + path, status: null, OpenStackCodes.MalformedAnswer, requestId: null,
                "the list has an item without an id");

    /// <param name="fetch">The page behind a marker, and whether the service says that there is another.</param>
    /// <param name="marker">Of the last item of a page.</param>
    /// <exception cref="OpenStackApiException">Among others <see cref="OpenStackCodes.EndlessList"/>.</exception>
    public static async IAsyncEnumerable<T> AllAsync<T>(
        string service, string path, Func<string?, Task<(IReadOnlyList<T> Items, bool More)>> fetch, Func<T, string> marker,
        [EnumeratorCancellation] CancellationToken ct)
    {
        var ends = new HashSet<string>(StringComparer.Ordinal);
        string? last = null;
        while (true)
        {
            ct.ThrowIfCancellationRequested();
            (IReadOnlyList<T> items, bool more) = await fetch(last);
            if (items.Count == 0)
                yield break;
            // Half a list would pass for a whole one, so that this is no end but an error.
            last = marker(items[^1]);
            if (!ends.Add(last) || ends.Count > Maximum)
            {
                throw new OpenStackApiException(service, "GET " + path, status: null, OpenStackCodes.EndlessList, requestId: null,
                    ends.Count > Maximum ? $"the list has more than {Maximum} pages" : $"the page that ends in {last} came twice");
            }

            foreach (T item in items)
                yield return item;
            // The link's own URL is not followed: it names the host that the service believes to be, and an attacker's proxy could name another.
            if (!more)
                yield break;
        }
    }
}
