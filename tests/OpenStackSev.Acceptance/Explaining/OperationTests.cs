using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Explaining;

/// <summary>What <c>osev explain --operation</c> says beforehand is what Nova then does.</summary>
[Collection(nameof(SevHosts))]
public sealed class OperationTests(SevHosts hosts) : IAsyncLifetime
{
    private RealCloud Cloud => hosts.Stack.Cloud;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (hosts.Stack.IsThere)
            await Cloud.DeleteServersAsync(SevHosts.Servers);
    }

    [Fact]
    public async Task Live_migration_suspension_and_evacuation_are_refused_in_the_words_that_were_said()
    {
        Server server = await EncryptedAsync("words");
        foreach ((string operation, JsonObject action) in new (string, JsonObject)[]
        {
            ("live-migrate", new() { ["os-migrateLive"] = new JsonObject { ["host"] = null, ["block_migration"] = "auto" } }),
            ("suspend", new() { ["suspend"] = null }),
            ("evacuate", new() { ["evacuate"] = new JsonObject() }),
        })
        {
            JsonNode said = await SaidAsync(2, server, operation);
            (HttpStatusCode status, JsonNode? answer) = await Cloud.TrySendAsync(HttpMethod.Post, "compute", $"/servers/{server.Id}/action", action);
            Assert.Equal(((int)said["status"]!, (string)said["text"]!), ((int)status, (string)answer!["badRequest"]!["message"]!));
        }
    }

    [Fact]
    public async Task A_rebuild_to_an_image_that_does_not_ask_turns_the_encryption_off_and_keeps_the_place()
    {
        string asking = await Cloud.ImageAsync("explain-asking", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("hw_mem_encryption", "true"));
        string plain = await Cloud.FlavorAsync("explain-plain", ("hw:watchdog_action", "none"));
        Server server = await Cloud.BootAsync(SevHosts.Servers + "rebuilt", plain, asking);
        Assert.Equal(("ACTIVE", "compute1"), (server.Status, server.Node));
        string provider = Stack.Release.NovaProvider("compute1", "sev");
        Assert.Equal(1, (await Cloud.AllocationsAsync(server.Id))[provider]["MEM_ENCRYPTION_CONTEXT"]);

        JsonNode said = await SaidAsync(2, server, "rebuild", "--image", hosts.Image);
        Assert.Equal(202, (int)said["status"]!);
        Assert.Contains(said["points"]!.AsArray(), point => (string)point!["code"]! == "operation.encryption.lost");
        await Cloud.ActAsync(server.Id, "rebuild", new JsonObject { ["imageRef"] = hosts.Image });
        Server rebuilt = await Cloud.UntilAsync(server.Id, now => now.Status is "ACTIVE" or "ERROR");
        Assert.Equal("ACTIVE", rebuilt.Status);
        Assert.Equal(1, (await Cloud.AllocationsAsync(server.Id))[provider]["MEM_ENCRYPTION_CONTEXT"]);
        JsonNode now = JsonNode.Parse((await Programs.OsevAsync("explain", "--server", server.Id, "-f", "json")).Output)!;
        Assert.False((bool)now["request"]!["encrypted"]!);
    }

    [Fact]
    public async Task A_resize_to_a_plain_flavor_turns_the_encryption_off()
    {
        Server server = await EncryptedAsync("resized");
        string plain = await Cloud.FlavorAsync("explain-plain", ("hw:watchdog_action", "none"));
        JsonNode said = await SaidAsync(2, server, "resize", "--flavor", plain);
        Assert.Equal(202, (int)said["status"]!);
        Assert.Contains(said["points"]!.AsArray(), point => (string)point!["code"]! == "operation.encryption.lost");
        await Cloud.ActAsync(server.Id, "resize", new JsonObject { ["flavorRef"] = plain });
        Server resized = await Cloud.UntilAsync(server.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
        Assert.Equal("VERIFY_RESIZE", resized.Status);
        Assert.DoesNotContain((await Cloud.AllocationsAsync(server.Id)).Values, amounts => amounts.ContainsKey("MEM_ENCRYPTION_CONTEXT"));
    }

    private async Task<Server> EncryptedAsync(string name)
    {
        string flavor = await Cloud.FlavorAsync("explain-encrypted", ("hw:mem_encryption", "true"), ("resources:CUSTOM_SEV_ASID", "1"));
        Server server = await Cloud.BootAsync(SevHosts.Servers + name, flavor, hosts.Image);
        Assert.True(server.Status == "ACTIVE", server.ToString());
        return server;
    }

    private static async Task<JsonNode> SaidAsync(int exitCode, Server server, string operation, params string[] more)
    {
        Ended ended = await Programs.OsevAsync(["explain", "--server", server.Id, "--operation", operation, .. more, "--format", "json"]);
        Assert.True(ended.ExitCode == exitCode, ended.ToString());
        return JsonNode.Parse(ended.Output)!["operation"]!;
    }
}
