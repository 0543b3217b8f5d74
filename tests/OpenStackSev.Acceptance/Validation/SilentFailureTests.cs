using System.Text.Json;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Validation;

/// <summary>What a real Nova boots without encryption and without a word: <c>osev validate</c> names it, and the command that it prints mends it.</summary>
public sealed class SilentFailureTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "silent-";
    private const string Context = "MEM_ENCRYPTION_CONTEXT";

    /// <summary>Takes any extra spec: from the next one on Nova looks at them.</summary>
    private const string OldClient = "2.85";

    private static readonly (string, string)[] s_good = [("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("hw_firmware_stateless", "true")];

    public async ValueTask InitializeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        (string, string)[] contexts = Stack.Release.ContextsOnChildren ? [("sev", "9"), ("sev_snp", "9")] : [("sev", "9")];
        await SimulatedNode.NovaOffersAsync(stack.Cloud, "compute2", contexts);
        foreach (string other in (string[])["compute1", "compute3", "compute4"])
            await SimulatedNode.NovaOffersAsync(stack.Cloud, other);
    }

    public async ValueTask DisposeAsync() => await stack.Cloud.DeleteServersAsync(Servers);

    [Theory]
    [InlineData("request.dialect.word", "hw:mem_encryption=required", "")]
    [InlineData("request.dialect.key", "hw:confidential_compute=amd-sev", "")]
    [InlineData("request.dialect.misplaced_key", "", "hw:mem_encryption=true")]
    [InlineData("request.encryption.flavor_unparsable", "hw:mem_encryption=yes please", "")]
    [InlineData("request.encryption.image_unparsable", "", "hw_mem_encryption=yes please")]
    public async Task A_server_that_boots_unencrypted_is_foretold_and_the_printed_command_encrypts_it(string code, string extraSpec, string property)
    {
        string flavor = await stack.Cloud.FlavorAsync(OldClient, "silent", Pairs(extraSpec));
        string image = await stack.Cloud.ImageAsync("silent-image", [.. s_good, .. Pairs(property)]);
        await ForetoldAndMendedAsync(flavor, image, code, "sev");
    }

    [Fact]
    public async Task A_model_without_hw_mem_encryption_boots_unencrypted_and_the_printed_command_encrypts_it()
    {
        Stack.Release.NeedsSnp();
        string flavor = await stack.Cloud.FlavorAsync("silent", ("hw:mem_encryption_model", "amd-sev-snp"));
        await ForetoldAndMendedAsync(flavor, await stack.Cloud.ImageAsync("silent-image", s_good), "request.model.without_encryption", "sev_snp");
    }

    [Fact]
    public async Task Our_class_without_Novas_own_key_boots_unencrypted_and_the_printed_command_encrypts_it()
    {
        using SimulatedNode node = await SimulatedNode.OfAsync("compute2", "--model", "milan", "--asids", "9", "--min-sev-asid", "2");
        await stack.Cloud.EmptyGuardProvidersAsync();
        await node.PublishAsync();
        string flavor = await stack.Cloud.FlavorAsync("silent", ("resources:CUSTOM_SEV_ASID", "1"), ("trait:CUSTOM_SEV", "required"));
        Server mended = await ForetoldAndMendedAsync(flavor, await stack.Cloud.ImageAsync("silent-image", s_good), "request.guard.without_encryption", "sev");
        Assert.Equal(1, (await stack.Cloud.AllocationsAsync(mended.Id))[node.Sev]["CUSTOM_SEV_ASID"]);
    }

    [Fact]
    public async Task A_tenants_image_takes_a_slot_through_a_plain_flavor_until_the_printed_command_closes_it()
    {
        string flavor = await stack.Cloud.FlavorAsync("silent");
        string image = await stack.Cloud.ImageAsync("silent-image", [.. s_good, ("hw_mem_encryption", "true")]);
        Assert.NotNull(await EncryptedAsync(await BootAsync(flavor, image)));
        JsonElement finding = Finding(await ValidateAsync(flavor, image), "request.encryption.image_only")!.Value;
        await FixAsync(finding);
        Assert.Null(Finding(await ValidateAsync(flavor, image), "request.encryption.image_only"));
        HttpRequestException refused = await Assert.ThrowsAsync<HttpRequestException>(() => BootAsync(flavor, image));
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.StatusCode);
        Server plain = await BootAsync(flavor, await stack.Cloud.ImageAsync("silent-plain", s_good));
        Assert.Null(await EncryptedAsync(plain));
    }

    [Fact]
    public async Task An_audits_script_mends_a_flavor_and_an_image_at_once()
    {
        string flavor = await stack.Cloud.FlavorAsync(OldClient, "silent", ("hw:mem_encryption", "required"));
        string image = await stack.Cloud.ImageAsync("silent-image", ("hw_firmware_type", "uefi"), ("hw_mem_encryption", "true"));
        Ended script = await Programs.OsevAsync("audit", "--fix");
        string[] mine = [.. script.Output.Split('\n').Where(line => line.StartsWith("openstack ", StringComparison.Ordinal)
            && (line.EndsWith(' ' + flavor, StringComparison.Ordinal) || line.EndsWith(' ' + image, StringComparison.Ordinal)))];
        Assert.True(mine.Length >= 2, script.ToString());
        Ended ran = await Programs.RunAsync("bash", ["-euc", string.Join('\n', mine)]);
        Assert.True(ran.ExitCode == 0, ran.ToString());
        Ended validated = await Programs.OsevAsync("validate", "--flavor", flavor, "--image", image, "-f", "json");
        Assert.True(validated.ExitCode < 2, validated.ToString());
        Server server = await BootAsync(flavor, image);
        Assert.Equal("compute2", server.Node);
        Assert.NotNull(await EncryptedAsync(server));
    }

    private async Task<Server> ForetoldAndMendedAsync(string flavor, string image, string code, string model)
    {
        Server before = await BootAsync(flavor, image);
        Assert.Null(await EncryptedAsync(before));
        JsonElement foretold = await ValidateAsync(flavor, image);
        Assert.False(foretold.GetProperty("request").GetProperty("encrypted").GetBoolean());
        Assert.True(Finding(foretold, code) is not null, $"no {code} in {foretold}");
        await FixAsync(Finding(foretold, code)!.Value);
        JsonElement mended = await ValidateAsync(flavor, image);
        Assert.True(Finding(mended, code) is null, $"{code} is still in {mended}");
        Assert.True(mended.GetProperty("request").GetProperty("encrypted").GetBoolean(), $"{mended}");

        Server after = await BootAsync(flavor, image);
        Assert.Equal("compute2", after.Node);
        Assert.Equal(Stack.Release.NovaProvider("compute2", model), await EncryptedAsync(after));
        return after;
    }

    private async Task<Server> BootAsync(string flavor, string image)
    {
        Server server = await stack.Cloud.BootAsync(Servers + Guid.NewGuid().ToString("n")[..8], flavor, image);
        Assert.True(server.Status == "ACTIVE", server.ToString());
        return server;
    }

    /// <summary>The provider of which the server holds an encryption context; null for an unencrypted one.</summary>
    private async Task<string?> EncryptedAsync(Server server) =>
        (await stack.Cloud.AllocationsAsync(server.Id)).SingleOrDefault(allocation => allocation.Value.ContainsKey(Context)).Key;

    private static async Task<JsonElement> ValidateAsync(string flavor, string image)
    {
        Ended ended = await Programs.OsevAsync("validate", "--flavor", flavor, "--image", image, "-f", "json");
        Assert.True(ended.ExitCode is 0 or 1 or 2, ended.ToString());
        return JsonDocument.Parse(ended.Output).RootElement;
    }

    private static JsonElement? Finding(JsonElement answer, string code)
    {
        JsonElement[] found = [.. answer.GetProperty("findings").EnumerateArray().Where(finding => finding.GetProperty("code").GetString() == code)];
        return found.Length == 0 ? null : found.Single();
    }

    /// <summary>The printed command itself, by a shell.</summary>
    private static async Task FixAsync(JsonElement finding)
    {
        Ended ran = await Programs.RunAsync("bash", ["-c", finding.GetProperty("fix").GetString()!]);
        Assert.True(ran.ExitCode == 0, $"{finding.GetProperty("fix")}: {ran}");
    }

    private static (string, string)[] Pairs(string text) => text.Length == 0 ? [] : [(text.Split('=', 2)[0], text.Split('=', 2)[1])];
}
