using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Events;

/// <summary>One JSON object on one line, with the field names of the Elastic Common Schema; what it has no name for stands below <c>openstack_sev</c>.</summary>
/// <remarks>Source: Elastic Common Schema 8.17, "Field sets" and "Categorization fields".</remarks>
internal static class EcsLine
{
    private const string EcsVersion = "8.17.0";

    /// <summary>Microseconds: a head's signature covers them.</summary>
    private const string TimeFormat = "yyyy-MM-ddTHH:mm:ss.ffffffZ";

    // this text goes into files and to log shippers, never into a page: what JSON allows may stay readable
    private static readonly JsonWriterOptions s_options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Of(HistoryRow row, EventFields fields) => Line(json =>
    {
        Head(json, row.Time, fields.Message ?? row.Kind);
        Event(json, fields.IsAlert || IsAlert(row.Kind) ? "alert" : "event", row.Kind, fields.Succeeded);
        Where(json, row, fields);
        if (fields.UserId is not null || fields.UserName is not null)
            Object(json, "user", ("id", fields.UserId), ("name", fields.UserName));
        if (fields.CertificateSerial is { } serial)
            Certificate(json, serial);
        if (fields.RequestId is { } request)
        {
            Object(json, "trace", ("id", request));
            json.WriteStartObject("http");
            Object(json, "request", ("id", request));
            json.WriteEndObject();
        }

        json.WriteStartObject("openstack_sev");
        json.WriteString("kind", row.Kind);
        json.WriteString("subject", row.Subject);
        Position(json, row.Writer, row.Sequence, row.Hash);
        json.WritePropertyName("body");
        using (var body = JsonDocument.Parse(row.Body))
            body.RootElement.WriteTo(json);
        json.WriteEndObject();
    });

    /// <summary>What <see cref="ExportedHeads"/> reads again.</summary>
    public static byte[] Of(SignedHead signed) => Line(json =>
    {
        Head(json, signed.Head.Time, $"history of writer '{signed.Head.Writer}' has row {signed.Head.Sequence}");
        Event(json, "state", ExportedHeads.Kind, succeeded: true);
        json.WriteStartObject("openstack_sev");
        json.WriteString("kind", ExportedHeads.Kind);
        Position(json, signed.Head.Writer, signed.Head.Sequence, signed.Head.Hash);
        json.WriteString("time", signed.Head.Time.UtcDateTime.ToString(TimeFormat));
        json.WriteString("key_id", signed.KeyId);
        json.WriteBase64String("signature", signed.Signature);
        json.WriteEndObject();
    });

    /// <summary>One object without line breaks, as bytes without a line's end.</summary>
    internal static byte[] Line(Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        using (var json = new Utf8JsonWriter(bytes, s_options))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return bytes.WrittenSpan.ToArray();
    }

    internal static void Object(Utf8JsonWriter json, string name, params ReadOnlySpan<(string Name, string? Value)> fields)
    {
        json.WriteStartObject(name);
        foreach ((string field, string? value) in fields)
        {
            if (value is not null)
                json.WriteString(field, value);
        }

        json.WriteEndObject();
    }

    internal static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(TimeFormat);

    private static void Head(Utf8JsonWriter json, DateTimeOffset time, string message)
    {
        json.WriteString("@timestamp", Text(time));
        json.WriteString("message", message);
        Object(json, "ecs", ("version", EcsVersion));
        Object(json, "service", ("name", "openstack-sev-control"), ("type", "openstack-sev"));
    }

    private static void Event(Utf8JsonWriter json, string kind, string action, bool succeeded)
    {
        (string category, string type) = Categories(action);
        json.WriteStartObject("event");
        json.WriteString("kind", kind);
        json.WriteStartArray("category");
        json.WriteStringValue(category);
        json.WriteEndArray();
        json.WriteStartArray("type");
        json.WriteStringValue(type);
        json.WriteEndArray();
        json.WriteString("action", action);
        json.WriteString("outcome", succeeded ? "success" : "failure");
        json.WriteString("module", "openstack_sev");
        json.WriteString("dataset", $"openstack_sev.{action.Split('.')[0]}");
        json.WriteEndObject();
    }

    /// <summary>ECS writes serials in upper case.</summary>
    private static void Certificate(Utf8JsonWriter json, string serial)
    {
        json.WriteStartObject("tls");
        json.WriteStartObject("client");
        Object(json, "x509", ("serial_number", serial.ToUpperInvariant()));
        json.WriteEndObject();
        json.WriteEndObject();
    }

    /// <summary>ECS allows a closed list of categories; a policy and the history are configuration of this service, all else concerns hosts and their guests.</summary>
    private static (string Category, string Type) Categories(string kind) => kind.Split('.')[0] switch
    {
        "policy" => ("configuration", "change"),
        "certificate" => ("iam", "change"),
        _ when kind.StartsWith("host.certificate.", StringComparison.Ordinal) => ("iam", "change"),
        "history" => ("configuration", "info"),
        _ when kind is HostEvents.Quarantined or HostEvents.Released or HostEvents.ServiceDisabled or HostEvents.ServiceEnabled => ("host", "change"),
        _ when kind.EndsWith(".changed", StringComparison.Ordinal) || kind.EndsWith(".approved", StringComparison.Ordinal) => ("host", "change"),
        _ => ("host", "info"),
    };

    /// <summary>Of the host's own kinds, those that somebody should look at.</summary>
    private static bool IsAlert(string kind) => kind is HostEvents.Silent or HostEvents.ChipChanged or HostEvents.ChipConflict;

    private static void Where(Utf8JsonWriter json, HistoryRow row, EventFields fields)
    {
        Guid? host = fields.HostId ?? (row.Kind.StartsWith("host.", StringComparison.Ordinal) ? row.Subject : null);
        Guid? instance = fields.InstanceId ?? (row.Kind.StartsWith("instance.", StringComparison.Ordinal) ? row.Subject : null);
        if (host is not null || fields.HostName is not null)
            Object(json, "host", ("id", host?.ToString()), ("name", fields.HostName));
        if (instance is null && row.Project is null)
            return;
        json.WriteStartObject("cloud");
        json.WriteString("provider", "openstack");
        if (instance is { } id)
            Object(json, "instance", ("id", id.ToString()));
        if (row.Project is { } project)
            Object(json, "project", ("id", project));
        json.WriteEndObject();
    }

    private static void Position(Utf8JsonWriter json, string writer, long sequence, byte[] hash)
    {
        json.WriteString("writer", writer);
        json.WriteNumber("sequence", sequence);
        json.WriteString("hash", Convert.ToHexStringLower(hash));
    }
}
