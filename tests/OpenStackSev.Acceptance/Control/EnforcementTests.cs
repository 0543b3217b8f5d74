using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Control;

/// <summary>What follows from verdicts, done and undone through the real Nova.</summary>
public sealed class EnforcementTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "enforced-";
    private const string Tag = "openstack-sev:contraindicated";

    private readonly string rules = Path.GetTempFileName();
    private ControlPlane? control;

    private ControlPlane Control => control!;

    public async ValueTask InitializeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        await stack.Cloud.EmptyGuardProvidersAsync();
        await WriteAsync("dry-run", "record, event, tag, lock, stop");
        control = await ControlPlane.StartAsync("[sweep]", "interval = 5", "[enforcement]", "interval = 5", $"rules_file = {rules}");
    }

    public async ValueTask DisposeAsync()
    {
        if (control is not null)
            await control.DisposeAsync();
        File.Delete(rules);
        await stack.Cloud.DeleteServersAsync(Servers);
    }

    [Fact]
    public async Task Each_measure_is_really_done_and_undone_and_what_a_user_locked_stays_locked()
    {
        foreach (string name in new[] { "compute1", "compute2" })
            await SimulatedNode.NovaOffersAsync(stack.Cloud, name, [("sev", "5")]);
        string image = await stack.Cloud.ImageAsync("enforced-image", [("hw_firmware_type", "uefi"), ("hw_machine_type", "q35")]);
        string flavor = await stack.Cloud.FlavorAsync("enforced.sev", [("hw:mem_encryption", "true")]);
        string bad = (await BootAsync("1", flavor, image)).Id, locked = (await BootAsync("2", flavor, image)).Id;
        await stack.Cloud.ActAsync(locked, "lock", new JsonObject { ["locked_reason"] = "mine" });
        // Tried first: it shows what it would do, and does nothing.
        await ListedAsync(bad, "dry_run", "enforcement.dry_run");
        await ListedAsync(locked, "dry_run", "enforcement.dry_run");
        Assert.Equal(("ACTIVE", false, 0), Of(await ServerAsync(bad)));

        await WriteAsync("enforce", "record, event, tag, lock, stop");
        await UntilAsync(bad, server => Of(server) == ("SHUTOFF", true, 1) && (string?)server["locked_reason"] == "openstack-sev: instance.model.no_guest_report");
        await UntilAsync(locked, server => Of(server) == ("SHUTOFF", true, 1) && (string?)server["locked_reason"] == "mine");
        Assert.Equal(Tag, (string?)(await ServerAsync(bad))["tags"]![0]);
        await ListedAsync(bad, "acted", null);
        await ListedAsync(locked, "withheld", "enforcement.locked_by_other");

        foreach (string server in new[] { bad, locked })
        {
            Ended released = await Control.OsevAsync("osev", "enforcement", "release", server, "--reason", "the test says so");
            Assert.True(released.ExitCode == 0, released.ToString());
        }

        await UntilAsync(bad, server => Of(server) == ("ACTIVE", false, 0));
        await UntilAsync(locked, server => Of(server) == ("ACTIVE", true, 0) && (string?)server["locked_reason"] == "mine");
        await ShelvedAsync(flavor, image);
        Ended status = await Control.OsevAsync("osev", "enforcement", "status", "-f", "json");
        using JsonDocument shown = JsonDocument.Parse(status.Output);
        Assert.False(shown.RootElement.GetProperty("breaker").GetProperty("open").GetBoolean(), status.ToString());
        Assert.Empty(shown.RootElement.GetProperty("last").GetProperty("failures").EnumerateArray());
    }

    private async Task ShelvedAsync(string flavor, string image)
    {
        await WriteAsync("enforce", "shelve");
        string shelved = (await BootAsync("3", flavor, image)).Id;
        await UntilAsync(shelved, server => (string?)server["status"] is "SHELVED" or "SHELVED_OFFLOADED");
        await ListedAsync(shelved, "acted", null);
        await Control.OsevAsync("osev", "enforcement", "release", shelved, "--reason", "the test says so");
        await UntilAsync(shelved, server => (string?)server["status"] == "ACTIVE");
    }

    /// <summary>Guests of plain SEV cannot prove themselves, in either release: a rule may be about that.</summary>
    private Task WriteAsync(string mode, string measures) => File.WriteAllTextAsync(rules, $"""
        mode: {mode}
        rules:
          - verdict: none
            codes: [instance.model.no_guest_report]
            after: 0s
            measures: [{measures}]
        projects:
          "*": shelve
        breaker:
          minimum: 100
        """);

    private async Task<Server> BootAsync(string name, string flavor, string image)
    {
        Server server = await stack.Cloud.BootAsync(Servers + name, flavor, image);
        Assert.True(server.Status is "ACTIVE" or "SHELVED" or "SHELVED_OFFLOADED", server.ToString());
        return server;
    }

    private static (string Status, bool IsLocked, int Tags) Of(JsonNode server) => ((string)server["status"]!, (bool)server["locked"]!, server["tags"]!.AsArray().Count);

    private async Task<JsonNode> ServerAsync(string id) => (await stack.Cloud.GetAsync("compute", $"/servers/{id}"))!["server"]!;

    private async Task UntilAsync(string id, Func<JsonNode, bool> reached)
    {
        JsonNode? last = null;
        await RealCloud.EventuallyAsync(async () => reached(last = await ServerAsync(id)), () => $"{last?.ToJsonString()}");
    }

    private async Task ListedAsync(string server, string standing, string? reason)
    {
        Ended last = new(-1, "", "");
        await RealCloud.EventuallyAsync(async () =>
        {
            last = await Control.OsevAsync("osev", "enforcement", "list", "-f", "json");
            if (last.Output.Length == 0)
                return false;
            using JsonDocument document = JsonDocument.Parse(last.Output);
            JsonElement found = document.RootElement.GetProperty("instances").EnumerateArray().FirstOrDefault(one => one.GetProperty("instance").GetString() == server);
            return found.ValueKind == JsonValueKind.Object && found.GetProperty("standing").GetString() == standing
                && (found.TryGetProperty("reason", out JsonElement because) ? because.GetString() : null) == reason;
        }, last.ToString);
    }
}
