using System.Collections.Concurrent;
using System.Net;
using System.Text.Json;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>What images say about encryption: in the server itself since 2.98, else in Glance, asked once for each image.</summary>
internal sealed class ImageProperties(ServiceCloud cloud)
{
    /// <summary>Beyond this the oldest are asked for again; a few hundred bytes each.</summary>
    private const int MostKept = 2000;

    private static readonly string[] s_keys = ["hw_mem_encryption", "hw_mem_encryption_model"];

    private readonly ConcurrentDictionary<Guid, IReadOnlyDictionary<string, string>?> kept = new();

    /// <summary>Images can be edited: what Glance said is forgotten.</summary>
    public void Forget() => kept.Clear();

    /// <summary>Those that decide about encryption; null for a server without an image, and for an image that is not there any more.</summary>
    /// <exception cref="OpenStackApiException">Glance failed in passing.</exception>
    public async ValueTask<IReadOnlyDictionary<string, string>?> OfAsync(Server server, CancellationToken ct)
    {
        if (ListedServer.ImageOf(server) is not { } id)
            return null;
        // As the image was when the server was made, which is what Nova goes by.
        if (server.Image!.Value.TryGetProperty("properties", out JsonElement embedded) && embedded.ValueKind == JsonValueKind.Object)
            return Chosen(key => embedded.TryGetProperty(key, out JsonElement value) ? Text(value) : null);
        if (kept.TryGetValue(id, out IReadOnlyDictionary<string, string>? known))
            return known;
        if (kept.Count >= MostKept)
            kept.Clear();
        return kept[id] = await AskAsync(id, ct);
    }

    private async Task<IReadOnlyDictionary<string, string>?> AskAsync(Guid id, CancellationToken ct)
    {
        try
        {
            JsonElement body = await cloud.Connection.Glance.GetImageBodyAsync(id, ct);
            return ImageSpec.TryParse(body, out ImageSpec? image, out _) ? Chosen(key => image[key]) : null;
        }
        // Deleted, or of somebody who hides it: servers made of it live on.
        catch (OpenStackApiException e) when (e.Status is HttpStatusCode.NotFound or HttpStatusCode.Forbidden)
        {
            return null;
        }
    }

    private static Dictionary<string, string> Chosen(Func<string, string?> valueOf)
    {
        var chosen = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string key in s_keys)
        {
            if (valueOf(key) is { } value)
                chosen.Add(key, value);
        }

        return chosen;
    }

    private static string? Text(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => null,
    };
}
