using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;

namespace OpenStackSev.Control.Notifications;

/// <summary>One of Nova's versioned notifications, as far as it is looked at: what happened, when, and to what. Parsed, and not believed.</summary>
/// <remarks>
/// Anyone who may write to the broker can make one, it can come twice, late and in any order. It only says where to look; what is true is asked of Nova.
/// Wire form: JSON <c>{"oslo.version": "2.0", "oslo.message": "JSON"}</c>; in it <c>event_type</c>, <c>timestamp</c> and <c>payload</c>, a versioned object of Nova's.
/// Source: oslo.messaging, "Notifier"; Nova, "Notifications in Nova".
/// </remarks>
internal sealed record Notification
{
    public const int LongestEventType = 128;
    public const int LongestName = 255;
    private const int Deepest = 32;

    /// <summary>E.g. <c>instance.rebuild.end</c>.</summary>
    public required string EventType { get; init; }

    /// <summary>By the clock of the host that sent it; null when it has no time that can be read.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>Set where the event is about an instance.</summary>
    public Guid? Instance { get; init; }

    /// <summary>Name of the service's host; set where the event is about a service.</summary>
    public string? ServiceHost { get; init; }

    /// <summary>E.g. <c>nova-compute</c>; set with <see cref="ServiceHost"/>.</summary>
    public string? Binary { get; init; }

    /// <summary>Nova's id of a flavor; set where the event is about one.</summary>
    public string? Flavor { get; init; }

    /// <summary>Reads any version of any payload: fields are looked for by their names, and others are not looked at.</summary>
    /// <param name="maximumBytes">Longer ones are not read.</param>
    /// <param name="problem">What it is not, without its contents.</param>
    /// <returns>False for what is no notification; never throws on any bytes.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> body, int maximumBytes, [NotNullWhen(true)] out Notification? notification, [NotNullWhen(false)] out string? problem)
    {
        notification = null;
        if (body.Length > maximumBytes)
            return Fails($"has {body.Length} bytes; at most {maximumBytes} are read", out problem);
        try
        {
            using var envelope = JsonDocument.Parse(body, s_options);
            // Version 1 of the envelope was none.
            if (Member(envelope.RootElement, "oslo.message") is not { } inner)
                return TryRead(envelope.RootElement, out notification, out problem);
            if (Text(inner, maximumBytes) is not { } text)
                return Fails("has an oslo.message that is no text", out problem);
            using var message = JsonDocument.Parse(text, s_options);
            return TryRead(message.RootElement, out notification, out problem);
        }
        catch (JsonException)
        {
            return Fails("is no JSON, or too deep", out problem);
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair in a member's name.
            return Fails("has a name that is no text", out problem);
        }
    }

    private static bool TryRead(JsonElement message, out Notification? notification, out string? problem)
    {
        notification = null;
        if (Member(message, "event_type") is not { } type || Text(type, LongestEventType) is not { Length: > 0 } eventType)
            return Fails("has no event_type", out problem);
        JsonElement? payload = Member(message, "payload") is { } wrapped ? Member(wrapped, "nova_object.data") : null;
        string subject = eventType[..Math.Max(0, eventType.IndexOf('.', StringComparison.Ordinal))];
        notification = new Notification
        {
            EventType = eventType,
            At = Member(message, "timestamp") is { } time ? Time(time) : null,
            Instance = subject == "instance" && Named(payload, "uuid") is { } uuid && Guid.TryParseExact(uuid, "D", out Guid instance) ? instance : null,
            ServiceHost = subject == "service" ? Named(payload, "host") : null,
            Binary = subject == "service" ? Named(payload, "binary") : null,
            Flavor = subject == "flavor" ? Named(payload, "flavorid") : null,
        };
        problem = null;
        return true;
    }

    private static JsonElement? Member(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement member) ? member : null;

    private static string? Named(JsonElement? payload, string name) =>
        payload is { } members && Member(members, name) is { } member && Text(member, LongestName) is { Length: > 0 } text ? text : null;

    private static string? Text(JsonElement element, int longest)
    {
        if (element.ValueKind != JsonValueKind.String)
            return null;
        try
        {
            return element.GetString() is { } text && text.Length <= longest ? text : null;
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: no text at all.
            return null;
        }
    }

    /// <summary>UTC, written with a blank: <c>2026-11-22 21:54:52.826242</c>; with an offset where a later release writes one.</summary>
    private static DateTimeOffset? Time(JsonElement element) =>
        Text(element, 40) is { } text && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out DateTimeOffset time)
            ? time : null;

    private static bool Fails(string what, out string? problem)
    {
        problem = what;
        return false;
    }

    private static readonly JsonDocumentOptions s_options = new() { MaxDepth = Deepest };
}
