using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Guest.Instructions;

/// <summary>Instructions from the two documents of OpenStack's metadata. Pure.</summary>
/// <remarks>
/// Trust: the host writes both documents, and any member of the project some of them. URL and ticket are of one document, always: the ticket
/// of vendordata never goes to a URL that somebody put into server metadata.
/// </remarks>
internal static class InstructionsReading
{
    /// <summary>A document that is larger is refused. Other targets of vendordata lie in the same one.</summary>
    public const int LargestDocument = 1024 * 1024;

    private const int LongestUrl = 1024;
    private const int LargestCa = 64 * 1024;
    private const int MostAuthorities = 16;
    private static readonly JsonDocumentOptions s_bounds = new() { MaxDepth = 64 };

    /// <param name="document">vendor_data2.json: our part lies below whatever name the operator gave the target.</param>
    /// <returns>Null when nothing of ours is in it.</returns>
    /// <exception cref="InstructionsException">It is not readable, or our part is not.</exception>
    public static GuestInstructions? OfVendordata(ReadOnlyMemory<byte> document, string place)
    {
        using JsonDocument parsed = Parse(document, place);
        if (parsed.RootElement.ValueKind != JsonValueKind.Object)
            throw Malformed(place, "it is no JSON object");
        JsonElement? ours = null;
        foreach (JsonElement target in parsed.RootElement.EnumerateObject().Select(property => property.Value).Append(parsed.RootElement))
        {
            if (target.ValueKind != JsonValueKind.Object || !target.TryGetProperty(GuestInstructions.Name, out JsonElement part) || part.ValueKind == JsonValueKind.Null)
                continue;
            if (ours is not null)
                throw Malformed(place, $"{GuestInstructions.Name} is in it twice");
            ours = part;
        }

        return ours is { } found ? Checked(Deserialize(found, place), place) : null;
    }

    /// <param name="document">meta_data.json: URL and ticket are two keys of the server's metadata.</param>
    /// <returns>Null when neither key is there.</returns>
    /// <exception cref="InstructionsException">It is not readable, or one key is there without the other.</exception>
    public static GuestInstructions? OfServerMetadata(ReadOnlyMemory<byte> document, string place)
    {
        using JsonDocument parsed = Parse(document, place);
        string? url = Text(parsed, GuestInstructions.UrlKey), ticket = Text(parsed, GuestInstructions.TicketKey);
        if (url is null && ticket is null)
            return null;
        if (url is null || ticket is null)
            throw Malformed(place, $"{GuestInstructions.UrlKey} and {GuestInstructions.TicketKey}: one is there without the other");
        if (!parsed.RootElement.TryGetProperty("uuid", out JsonElement uuid) || uuid.ValueKind != JsonValueKind.String || !uuid.TryGetGuid(out Guid instance))
            throw Malformed(place, "uuid is no UUID");
        if (url.Length > LongestUrl || !Uri.TryCreate(url, UriKind.Absolute, out Uri? parsedUrl))
            throw Malformed(place, $"{GuestInstructions.UrlKey} is no URL");
        return Checked(new GuestInstructions(parsedUrl, ticket, instance), place);
    }

    /// <returns>The counter of meta_data.json by which the control plane asks for a round; null when there is none, or none that is a number.</returns>
    /// <exception cref="InstructionsException">The document is not readable.</exception>
    public static ulong? NudgeOf(ReadOnlyMemory<byte> document, string place)
    {
        using JsonDocument parsed = Parse(document, place);
        return ulong.TryParse(Text(parsed, GuestInstructions.NudgeKey), System.Globalization.NumberStyles.None, null, out ulong count) ? count : null;
    }

    private static string? Text(JsonDocument document, string key) =>
        document.RootElement.ValueKind == JsonValueKind.Object
        && document.RootElement.TryGetProperty("meta", out JsonElement meta) && meta.ValueKind == JsonValueKind.Object
        && meta.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static JsonDocument Parse(ReadOnlyMemory<byte> document, string place)
    {
        if (document.Length > LargestDocument)
            throw Malformed(place, $"it is larger than {LargestDocument} bytes");
        try
        {
            return JsonDocument.Parse(document, s_bounds);
        }
        // Its message could quote the document.
        catch (JsonException)
        {
            throw Malformed(place, "it is no JSON");
        }
    }

    private static GuestInstructions Deserialize(JsonElement part, string place)
    {
        try
        {
            return part.Deserialize(GuestJson.Default.GuestInstructions) ?? throw Malformed(place, $"{GuestInstructions.Name} is null");
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw Malformed(place, $"{GuestInstructions.Name} is not url, ticket and instance");
        }
    }

    private static GuestInstructions Checked(GuestInstructions given, string place)
    {
        if (!given.Url.IsAbsoluteUri || given.Url.Scheme is not ("https" or "http") || given.Url.OriginalString.Length > LongestUrl
            || given.Url.UserInfo.Length > 0 || given.Url.Query.Length > 0 || given.Url.Fragment.Length > 0)
        {
            throw Malformed(place, "the URL is not https://host[:port][/path]");
        }

        if (given.Ticket.Length is 0 or > GuestInstructions.LongestTicket || given.Ticket.Any(c => c is <= ' ' or > '~'))
            throw Malformed(place, $"the ticket is not 1 to {GuestInstructions.LongestTicket} printable ASCII characters without spaces");
        if (given.Instance == Guid.Empty)
            throw Malformed(place, "the instance has no UUID");
        if (given.Ca is { } ca)
            _ = Authorities(ca, place);
        return given;
    }

    /// <summary>The authorities that the control plane's certificate is to come from.</summary>
    /// <exception cref="InstructionsException">They are not readable.</exception>
    public static X509Certificate2Collection Authorities(string pem, string place)
    {
        var authorities = new X509Certificate2Collection();
        try
        {
            if (Encoding.UTF8.GetByteCount(pem) <= LargestCa)
                authorities.ImportFromPem(pem);
        }
        catch (CryptographicException)
        {
            authorities.Clear();
        }

        return authorities.Count is > 0 and <= MostAuthorities ? authorities : throw Malformed(place, $"ca is not PEM of 1 to {MostAuthorities} certificates");
    }

    private static InstructionsException Malformed(string place, string what) => new(InstructionsCodes.Malformed, $"{place}: {what}");
}
