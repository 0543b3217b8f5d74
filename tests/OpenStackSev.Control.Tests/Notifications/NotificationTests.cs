using System.Text;
using System.Text.Json.Nodes;
using OpenStackSev.Control.Notifications;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>What is read of a notification, and of what is none.</summary>
public sealed class NotificationTests
{
    private const int Maximum = 64 * 1024;

    public static TheoryData<string> Samples => [.. Heard.Samples];

    [Theory, MemberData(nameof(Samples))]
    public void What_Nova_wrote_is_read(string name)
    {
        Notification notification = Heard.Read(Heard.Sample(name));
        Assert.Equal(name[(name.IndexOf('-', StringComparison.Ordinal) + 1)..], notification.EventType);
        Assert.Equal(2026, notification.At!.Value.Year);
        Assert.Equal(TimeSpan.Zero, notification.At.Value.Offset);
        Assert.Equal(notification.EventType.StartsWith("instance.", StringComparison.Ordinal), notification.Instance is not null);
        Assert.Equal(notification.EventType.StartsWith("service.", StringComparison.Ordinal), notification is { ServiceHost.Length: > 0, Binary: "nova-compute" });
        Assert.Equal(notification.EventType.StartsWith("flavor.", StringComparison.Ordinal), notification.Flavor is not null);
    }

    [Fact]
    public void Of_a_deletion_instance_and_time_are_known()
    {
        Notification notification = Heard.Read(Heard.Sample("zed-instance.delete.end"));
        Assert.Equal(new Guid("8a0a2344-e1bc-4ed9-bf20-20868ae154d1"), notification.Instance);
        Assert.Equal(new DateTimeOffset(2026, 11, 22, 21, 54, 52, TimeSpan.Zero).AddTicks(8262420), notification.At);
    }

    [Theory, InlineData("9.7", "3.1"), InlineData("1.0", "1.0")]
    public void Another_version_of_envelope_or_payload_is_read_by_its_names(string payload, string envelope)
    {
        JsonObject outer = JsonNode.Parse(Heard.Changed("2026.2-instance.create.end", message =>
        {
            message["payload"]!["nova_object.version"] = payload;
            message["payload"]!["nova_object.data"]!["something_new"] = new JsonArray(1, 2);
        }))!.AsObject();
        outer["oslo.version"] = envelope;
        Assert.NotNull(Heard.Read(Bytes(outer)).Instance);
    }

    [Fact]
    public void A_message_without_an_envelope_is_read_as_well()
    {
        string inner = JsonNode.Parse(Heard.Sample("zed-flavor.create"))!["oslo.message"]!.GetValue<string>();
        Assert.NotNull(Heard.Read(Encoding.UTF8.GetBytes(inner)).Flavor);
    }

    [Theory]
    [InlineData("2026-11-22T21:54:52Z", 21), InlineData("2026-11-22T21:54:52+02:00", 19), InlineData("2026-11-22 21:54:52", 21), InlineData("yesterday", null), InlineData("", null)]
    public void A_time_is_read_however_it_is_written_or_missing(string text, int? hour) =>
        Assert.Equal(hour, Heard.Read(Heard.Changed("zed-instance.update", message => message["timestamp"] = text)).At?.Hour);

    [Theory]
    [InlineData(""), InlineData("null"), InlineData("[]"), InlineData("{}"), InlineData("\"text\""), InlineData("{"), InlineData("\u0000")]
    [InlineData("""{"oslo.message": 5}"""), InlineData("""{"oslo.message": "{"}"""), InlineData("""{"oslo.message": "[]"}"""), InlineData("""{"oslo.message": "{\"event_type\": 7}"}""")]
    [InlineData("""{"oslo.message": "{\"event_type\": \"\"}"}"""), InlineData("""{"event_type": "\ud800"}"""), InlineData("""{"oslo.message": "\udc00"}""")]
    [InlineData("""{"event_type": "instance.delete.end", "event_typ\ud800": 1}""")]
    public void What_is_no_notification_is_none(string text)
    {
        Assert.False(Notification.TryParse(Encoding.UTF8.GetBytes(text), Maximum, out Notification? notification, out string? problem));
        Assert.Null(notification);
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void What_is_wrong_with_a_payload_leaves_its_fields_empty()
    {
        foreach (JsonNode? payload in new JsonNode?[] { null, 5, new JsonArray(), new JsonObject(), new JsonObject { ["nova_object.data"] = "x" } })
            Assert.Null(Heard.Read(Heard.Changed("zed-instance.update", message => message["payload"] = payload?.DeepClone())).Instance);
        foreach (JsonNode? uuid in new JsonNode?[] { null, 5, "x", "{8a0a2344-e1bc-4ed9-bf20-20868ae154d1}", "\ud800", new string('a', 300) })
            Assert.Null(Heard.Read(Heard.Changed("zed-instance.update", message => message["payload"]!["nova_object.data"]!["uuid"] = uuid?.DeepClone())).Instance);
    }

    [Fact]
    public void Size_and_depth_are_bounded()
    {
        byte[] sample = Heard.Sample("zed-flavor.create");
        Assert.True(Notification.TryParse(sample, sample.Length, out _, out _));
        Assert.False(Notification.TryParse(sample, sample.Length - 1, out _, out string? tooLong));
        Assert.Contains("at most", tooLong, StringComparison.Ordinal);
        string deep = string.Concat(Enumerable.Repeat("{\"a\":", 1000)) + "1" + new string('}', 1000);
        Assert.False(Notification.TryParse(Encoding.UTF8.GetBytes(deep), Maximum, out _, out _));
        Assert.False(Notification.TryParse(Encoding.UTF8.GetBytes($$"""{"event_type": "{{new string('x', Notification.LongestEventType + 1)}}"}"""), Maximum, out _, out _));
    }

    [Fact]
    public void No_flipped_byte_throws()
    {
        byte[] sample = Heard.Sample("zed-flavor.create");
        for (int i = 0; i < sample.Length; i++)
        {
            foreach (byte mask in new byte[] { 0x01, 0x20, 0x80, 0xFF })
            {
                byte[] changed = [.. sample];
                changed[i] ^= mask;
                bool read = Notification.TryParse(changed, Maximum, out Notification? notification, out string? problem);
                Assert.True(read == notification is not null && read == problem is null, $"byte {i}");
            }
        }
    }

    [Fact]
    public void Metrics_know_the_events_of_the_list_and_no_others()
    {
        Assert.Equal("instance.rebuild.end", NotificationEvents.Label("instance.rebuild.end"));
        Assert.Equal(NotificationEvents.Other, NotificationEvents.Label("instance.rebuild.end\n"));
        Assert.Equal(Consequence.None, NotificationEvents.Of("compute.exception"));
        Assert.All(NotificationEvents.Known, pair => Assert.NotEqual(Consequence.None, pair.Value));
    }

    private static byte[] Bytes(JsonNode node) => Encoding.UTF8.GetBytes(node.ToJsonString());
}
