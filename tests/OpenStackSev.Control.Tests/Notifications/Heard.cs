using System.Text;
using System.Text.Json.Nodes;
using OpenStackSev.Control.Notifications;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>Notifications as Nova writes them: recorded ones, and others made after them.</summary>
internal static class Heard
{
    private static readonly string s_template = Encoding.UTF8.GetString(Changed("zed-instance.delete.end", message =>
    {
        message["event_type"] = "EVENT";
        message["timestamp"] = "TIME";
        message["payload"]!["nova_object.data"]!["uuid"] = "UUID";
    }));

    /// <summary>What Nova of a release wrote, byte for byte, e.g. <c>zed-instance.create.end</c>.</summary>
    public static byte[] Sample(string name) => File.ReadAllBytes(Path.Join(Folder, name + ".json"));

    public static IEnumerable<string> Samples => Directory.GetFiles(Folder).Select(path => Path.GetFileNameWithoutExtension(path)!).Order(StringComparer.Ordinal);

    /// <summary>The recorded deletion of Zed's, with another event, instance and time.</summary>
    public static byte[] Of(string eventType, Guid instance, DateTimeOffset at) => Encoding.UTF8.GetBytes(s_template
        .Replace("EVENT", eventType, StringComparison.Ordinal).Replace("TIME", Written(at), StringComparison.Ordinal).Replace("UUID", instance.ToString(), StringComparison.Ordinal));

    public static byte[] OfService(string eventType, string host, DateTimeOffset at, string binary = "nova-compute") => Changed("zed-service.update", eventType, at, payload =>
    {
        payload["host"] = host;
        payload["binary"] = binary;
    });

    public static byte[] OfFlavor(string eventType, string id, DateTimeOffset at) => Changed("zed-flavor.create", eventType, at, payload => payload["flavorid"] = id);

    public static Notification Read(byte[] body) =>
        Notification.TryParse(body, 1024 * 1024, out Notification? notification, out string? problem) ? notification : throw new InvalidOperationException(problem);

    /// <summary>A recorded one, with something else in its message.</summary>
    public static byte[] Changed(string sample, Action<JsonObject> change)
    {
        JsonObject envelope = JsonNode.Parse(Sample(sample))!.AsObject();
        JsonObject message = JsonNode.Parse(envelope["oslo.message"]!.GetValue<string>())!.AsObject();
        change(message);
        envelope["oslo.message"] = message.ToJsonString();
        return Encoding.UTF8.GetBytes(envelope.ToJsonString());
    }

    private static byte[] Changed(string sample, string eventType, DateTimeOffset at, Action<JsonObject> change) => Changed(sample, message =>
    {
        message["event_type"] = eventType;
        message["timestamp"] = Written(at);
        change(message["payload"]!["nova_object.data"]!.AsObject());
    });

    private static string Written(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", System.Globalization.CultureInfo.InvariantCulture);

    private static string Folder => Path.Join(Repository.Root, "tests", "OpenStackSev.Control.Tests", "Notifications", "Samples");
}
