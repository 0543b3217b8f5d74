using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>Every request for a place that reaches the real scheduler is judged by what the real control plane says of the hosts.</summary>
[Collection(nameof(TrustedHosts))]
public sealed class JudgedTests(Stack stack, TrustedHosts hosts) : IAsyncLifetime
{
    private TrustLab Lab => hosts.Lab;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await hosts.RestoreAsync();

    [Fact]
    public async Task Create_resize_cold_migration_and_a_rebuild_with_a_new_image_are_judged()
    {
        string flavor = await Lab.FlavorAsync("trust.required", ("sev:trust", "required")), larger = await Lab.FlavorAsync("trust.larger", ("sev:trust", "required"));
        string image = await Lab.ImageAsync("trust-image-2");
        await SetAsideAsync("compute2");
        var log = new SchedulerLog();

        Server refused = await stack.Cloud.BootAsync(TrustLab.Servers + "refused", flavor, Lab.Image, host: "compute2");
        Assert.Equal("ERROR", refused.Status);
        Assert.Contains("No valid host", refused.Fault, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("host.quarantined", await log.RefusalAsync("compute2", refused.Id));
        Server server = await stack.Cloud.BootAsync(TrustLab.Servers + "judged", flavor, Lab.Image);
        Assert.True(server is { Status: "ACTIVE", Node: "compute1" }, server.ToString());

        // What runs on compute1 could go nowhere but to compute2.
        log = new SchedulerLog();
        await NoPlaceAsync(server.Id, "migrate", null);
        Assert.Equal("host.quarantined", await log.RefusalAsync("compute2", server.Id));
        log = new SchedulerLog();
        await NoPlaceAsync(server.Id, "resize", new JsonObject { ["flavorRef"] = larger });
        Assert.Equal("host.quarantined", await log.RefusalAsync("compute2", server.Id));

        // A rebuild stays where it is: with another image the scheduler is asked whether it may.
        await SetAsideAsync("compute1");
        log = new SchedulerLog();
        await NoPlaceAsync(server.Id, "rebuild", new JsonObject { ["imageRef"] = image });
        Assert.Equal("host.quarantined", await log.RefusalAsync("compute1", server.Id));

        foreach (string host in TrustLab.Hosts)
            await TakeBackAsync(host);
        await AllowedAsync(server.Id, larger, image);
    }

    /// <summary>The same four on trusted hosts.</summary>
    private async Task AllowedAsync(string server, string larger, string image)
    {
        Server now = await stack.Cloud.ServerAsync(server);
        if (now.Status == "ERROR")
            await stack.Cloud.ActAsync(server, "os-resetState", new JsonObject { ["state"] = "active" });
        foreach ((string action, JsonNode? argument) in new (string, JsonNode?)[] { ("migrate", null), ("resize", new JsonObject { ["flavorRef"] = larger }) })
        {
            await stack.Cloud.ActAsync(server, action, argument);
            Server moved = await stack.Cloud.UntilAsync(server, found => found.Status is "VERIFY_RESIZE" or "ERROR");
            Assert.True(moved.Status == "VERIFY_RESIZE", moved.ToString());
            await stack.Cloud.ActAsync(server, "confirmResize");
            await stack.Cloud.UntilAsync(server, found => found.Status == "ACTIVE");
        }

        await stack.Cloud.ActAsync(server, "rebuild", new JsonObject { ["imageRef"] = image });
        await RealCloud.EventuallyAsync(async () => await LastActionAsync(server, "rebuild") == "Success", () => "the rebuild did not succeed");
        // Between two of its steps all that are recorded have succeeded.
        Server rebuilt = await stack.Cloud.UntilAsync(server, found => found.Status is "ACTIVE" or "ERROR");
        Assert.True(rebuilt.Status == "ACTIVE", rebuilt.ToString());
    }

    /// <summary>The action ends in an error of Nova's, and the server is where it was.</summary>
    private async Task NoPlaceAsync(string server, string action, JsonNode? argument)
    {
        string? node = (await stack.Cloud.ServerAsync(server)).Node;
        (System.Net.HttpStatusCode status, JsonNode? answer) = await stack.Cloud.TrySendAsync(
            HttpMethod.Post, "compute", $"/servers/{server}/action", new JsonObject { [action] = argument });
        // Some are refused in the answer, the others by what is recorded of the action.
        if ((int)status < 400)
            await RealCloud.EventuallyAsync(async () => await LastActionAsync(server, action) == "Error", () => $"{action} did not fail: {answer}");
        else
            Assert.Contains("No valid host", answer!.ToJsonString(), StringComparison.OrdinalIgnoreCase);
        Server after = await stack.Cloud.UntilAsync(server, now => now.Status is "ACTIVE" or "ERROR");
        Assert.Equal(node, after.Node);
    }

    /// <returns><c>Success</c>, <c>Error</c>, or null while it goes on.</returns>
    private async Task<string?> LastActionAsync(string server, string action)
    {
        JsonNode last = (await stack.Cloud.GetAsync("compute", $"/servers/{server}/os-instance-actions"))!["instanceActions"]!.AsArray()
            .First(one => (string)one!["action"]! == action)!;
        JsonNode detail = (await stack.Cloud.GetAsync("compute", $"/servers/{server}/os-instance-actions/{last["request_id"]}"))!["instanceAction"]!;
        string?[] results = [.. detail["events"]!.AsArray().Select(one => (string?)one!["result"])];
        return results.Contains("Error") ? "Error" : results.Length > 0 && results.All(result => result == "Success") ? "Success" : null;
    }

    private async Task SetAsideAsync(string host)
    {
        await Lab.QuarantineAsync(host, "the test says so");
        await Lab.UntilTheSchedulerKnowsAsync(host, "quarantined");
    }

    private async Task TakeBackAsync(string host)
    {
        await Lab.ReleaseAsync(host);
        await Lab.UntilTheSchedulerKnowsAsync(host, "trusted");
    }
}
