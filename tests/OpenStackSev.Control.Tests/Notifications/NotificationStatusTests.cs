using System.Text.Json.Nodes;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>What is said about notifications where none are heard, and that all else works without them.</summary>
public sealed class NotificationStatusTests
{
    [Fact]
    public async Task Without_a_broker_they_are_off()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        JsonNode status = await StatusAsync(control);
        Assert.Equal(("off", null, 0), ((string?)status["state"], (string?)status["code"], (int)status["handled"]!));
    }

    [Fact]
    public async Task A_broker_that_does_not_answer_is_named_and_its_password_is_not()
    {
        // Nobody listens at port 1.
        await using RunningControl control = await RunningControl.StartAsync(new Dictionary<string, string> { ["notifications.transport_url"] = "rabbit://sev:hush@127.0.0.1:1/" });
        await control.Log.UntilAsync("notifications.broker_unreachable", TestContext.Current.CancellationToken);
        JsonNode status = await StatusAsync(control);
        Assert.Equal(("connecting", "notifications.broker_unreachable", "openstack_sev.versioned_notifications"), ((string?)status["state"], (string?)status["code"], (string?)status["queue"]));
        Assert.Contains("127.0.0.1:1", (string?)status["detail"], StringComparison.Ordinal);
        Assert.DoesNotContain("hush", status.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain(control.Log.Lines, line => line.Contains("hush", StringComparison.Ordinal));
    }

    private static async Task<JsonNode> StatusAsync(RunningControl control)
    {
        using HttpResponseMessage response = await control.GetAsync("/v1/sweep", "admin");
        Assert.Equal(200, (int)response.StatusCode);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!["notifications"]!;
    }
}
