using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.MainJob;

/// <summary>What a cloud does to a published host day by day: restarts, deletions, repairs, other writers.</summary>
public sealed class OperationsTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "ops-";
    private readonly List<SimulatedNode> nodes = [];
    private string image = "";
    private string sevFlavor = "";

    public async ValueTask InitializeAsync()
    {
        RealCloud cloud = stack.Cloud;
        await cloud.DeleteServersAsync(Servers);
        await cloud.EmptyGuardProvidersAsync();
        image = await cloud.ImageAsync("ops-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        sevFlavor = await cloud.FlavorAsync("ops.sev", ("hw:mem_encryption", "true"), ("resources:CUSTOM_SEV_ASID", "1"));
    }

    public async ValueTask DisposeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        nodes.ForEach(node => node.Dispose());
    }

    [Fact]
    public async Task A_nova_compute_restart_and_its_periodics_change_nothing_of_ours()
    {
        SimulatedNode node = await SevNodeAsync("compute3", asids: 7);
        Provider before = await ProviderAsync(node.Sev);
        await RestartComputeAsync("compute3");
        await SimulatedNode.NovaOffersAsync(stack.Cloud, "compute3", ("sev", "6"));
        Provider after = await ProviderAsync(node.Sev);
        Assert.Equal(before.Uuid, after.Uuid);
        Assert.Equal(before.Generation, after.Generation);
        Assert.Equal(before.Inventories, after.Inventories);
        Assert.Equal(before.Traits, after.Traits);
        Assert.Contains("CUSTOM_SEV_CPU_MILAN", (await ProviderAsync("compute3")).Traits);
    }

    [Fact]
    public async Task A_deleted_compute_service_is_healed_once_Nova_registers_the_host_again()
    {
        SimulatedNode node = await SevNodeAsync("compute4", asids: 7);
        JsonNode services = (await stack.Cloud.GetAsync("compute", "/os-services?host=compute4&binary=nova-compute"))!;
        string service = (string)services["services"]![0]!["id"]!;
        Assert.Equal(0, (await Programs.ComputeAsync("stop", "compute4")).ExitCode);
        await stack.Cloud.SendAsync(HttpMethod.Delete, "compute", "/os-services/" + service);
        Assert.Null(await stack.Cloud.ProviderAsync(node.Sev));

        Ended waiting = await Programs.AgentAsync(node.Configuration(), "--once");
        Assert.Equal(75, waiting.ExitCode);
        Assert.Contains("tried 'compute4'", waiting.Error, StringComparison.Ordinal);

        Ended started = await Programs.ComputeAsync("start", "compute4");
        Assert.True(started.ExitCode == 0, started.ToString());
        await node.PublishAsync();
        Provider healed = await ProviderAsync(node.Sev);
        Assert.Equal((await ProviderAsync("compute4")).Uuid, healed.Parent);
        Assert.Equal((7, 0), healed.Inventories["CUSTOM_SEV_ASID"]);
    }

    [Fact]
    public async Task A_host_turned_incapable_withdraws_what_is_free_and_its_servers_can_still_move_away()
    {
        SimulatedNode sick = await SevNodeAsync("compute1", asids: 5);
        await IncapableAsync("compute2", "compute3", "compute4");
        Server server = await stack.Cloud.BootAsync(Servers + "moves", sevFlavor, image);
        Assert.True(server is { Status: "ACTIVE", Node: "compute1" }, server.ToString());

        await sick.BecomeAsync("--model", "milan", "--sick", "sev-off-in-bios");
        Ended withdrawn = await sick.PublishAsync();
        Assert.Contains("capacity.model.withdrawn", withdrawn.Output, StringComparison.Ordinal);
        Assert.Equal((5, 4), (await ProviderAsync(sick.Sev)).Inventories["CUSTOM_SEV_ASID"]);
        Assert.Equal("ERROR", (await stack.Cloud.BootAsync(Servers + "late", sevFlavor, image)).Status);

        SimulatedNode target = await SevNodeAsync("compute2", asids: 3);
        await stack.Cloud.ActAsync(server.Id, "migrate");
        Server moved = await stack.Cloud.UntilAsync(server.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
        Assert.True(moved is { Status: "VERIFY_RESIZE", Node: "compute2" }, moved.ToString());
        await stack.Cloud.ActAsync(server.Id, "confirmResize");
        await stack.Cloud.UntilAsync(server.Id, now => now.Status == "ACTIVE");
        Assert.Equal(1, (await stack.Cloud.AllocationsAsync(server.Id))[target.Sev]["CUSTOM_SEV_ASID"]);

        await sick.PublishAsync();
        Assert.Empty((await ProviderAsync(sick.Sev)).Inventories);
    }

    [Fact]
    public async Task Traits_of_other_parties_on_the_root_survive()
    {
        SimulatedNode node = await SimulatedNode.OfAsync("compute3", "--model", "turin");
        nodes.Add(node);
        foreach (string name in new[] { "CUSTOM_SEV_POOL_A", "CUSTOM_RACK_7", "CUSTOM_SEV_TRUSTED" })
            await WriteTraitAsync("compute3", name);
        await node.PublishAsync();
        await node.BecomeAsync("--model", "milan");
        await node.PublishAsync();
        IReadOnlyList<string> traits = (await ProviderAsync("compute3")).Traits;
        Assert.Superset(new HashSet<string> { "CUSTOM_SEV_POOL_A", "CUSTOM_RACK_7", "CUSTOM_SEV_TRUSTED", "CUSTOM_SEV_CPU_MILAN" }, traits.ToHashSet());
        Assert.DoesNotContain("CUSTOM_SEV_CPU_TURIN", traits);
    }

    [Fact]
    public async Task Twenty_parallel_writers_on_one_provider_end_in_the_right_state()
    {
        SimulatedNode node = await SimulatedNode.OfAsync("compute2", "--model", "milan", "--asids", "9", "--min-sev-asid", "1");
        nodes.Add(node);
        await SimulatedNode.NovaOffersAsync(stack.Cloud, "compute2", ("sev", "9"));
        string[] theirs = [.. Enumerable.Range(1, 19).Select(number => $"CUSTOM_WRITER_{number}")];
        await Task.WhenAll([node.PublishAsync(), .. theirs.Select(name => WriteTraitAsync("compute2", name))]);
        await node.PublishAsync();
        Assert.Superset(theirs.Append("CUSTOM_SEV_CPU_MILAN").ToHashSet(), (await ProviderAsync("compute2")).Traits.ToHashSet());
        Assert.Equal((9, 0), (await ProviderAsync(node.Sev)).Inventories["CUSTOM_SEV_ASID"]);
    }

    [Fact]
    public async Task A_daemon_heals_what_somebody_deleted_and_stops_at_once_when_told()
    {
        SimulatedNode node = await SevNodeAsync("compute1", asids: 4);
        using System.Diagnostics.Process agent = Programs.StartAgent(node.Configuration());
        Task<Ended> ended = Programs.EndOfAsync(agent);
        Provider guard = await ProviderAsync(node.Sev);
        await stack.Cloud.SendAsync(HttpMethod.Delete, "placement", "/resource_providers/" + guard.Uuid);
        await RealCloud.EventuallyAsync(async () => await stack.Cloud.ProviderAsync(node.Sev) is { Inventories.Count: 1 }, () => "not healed");
        Ended stopped = await Programs.StopAsync(agent, ended);
        Assert.True(stopped.ExitCode == 0, stopped.ToString());
        Assert.Contains("stopped", stopped.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_two_lines_that_name_the_remedy()
    {
        using SimulatedNode node = await SimulatedNode.OfAsync("compute1", "--model", "milan");
        string clouds = Path.Join(Path.GetDirectoryName(node.StateFolder), "clouds.yaml");
        string right = await File.ReadAllTextAsync(Stack.CloudsFile, TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(clouds, right.Replace("\"osev\"", "\"wrong-word\"", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        string configuration = node.Configuration();
        await File.WriteAllTextAsync(configuration,
            (await File.ReadAllTextAsync(configuration, TestContext.Current.CancellationToken)).Replace(Stack.CloudsFile, clouds, StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        Ended ended = await Programs.AgentAsync(configuration, "--once");
        Assert.Equal(1, ended.ExitCode);
        Assert.Contains("hint: check user name, password and project", ended.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-word", ended.Error, StringComparison.Ordinal);
        Assert.InRange(ended.Error.Trim().Split('\n').Length, 1, 2);
    }

    private async Task<Provider> ProviderAsync(string name)
    {
        Provider? provider = await stack.Cloud.ProviderAsync(name);
        Assert.True(provider is not null, $"Placement has no provider {name}");
        return provider;
    }

    private async Task<SimulatedNode> SevNodeAsync(string name, int asids)
    {
        SimulatedNode node = await SimulatedNode.OfAsync(name, "--model", "milan", "--asids", $"{asids}", "--min-sev-asid", "1");
        nodes.Add(node);
        await SimulatedNode.NovaOffersAsync(stack.Cloud, name, ("sev", $"{asids}"));
        await node.PublishAsync();
        return node;
    }

    private async Task IncapableAsync(params string[] names)
    {
        foreach (string name in names)
        {
            SimulatedNode node = await SimulatedNode.OfAsync(name, "--model", "milan", "--sick", "sev-off-in-bios");
            nodes.Add(node);
            await SimulatedNode.NovaOffersAsync(stack.Cloud, name);
            await node.PublishAsync();
        }
    }

    private static async Task RestartComputeAsync(string name)
    {
        Ended restarted = await Programs.ComputeAsync("restart", name);
        Assert.True(restarted.ExitCode == 0, restarted.ToString());
    }

    /// <summary>What any other tool does: read all traits, add one, write with the generation, again on a conflict.</summary>
    private async Task WriteTraitAsync(string provider, string trait)
    {
        await stack.Cloud.SendAsync(HttpMethod.Put, "placement", "/traits/" + trait);
        for (int attempt = 0; attempt < 200; attempt++)
        {
            Provider now = await ProviderAsync(provider);
            var body = new JsonObject
            {
                ["resource_provider_generation"] = now.Generation,
                ["traits"] = new JsonArray([.. now.Traits.Append(trait).Distinct().Select(name => JsonValue.Create(name))]),
            };
            (HttpStatusCode status, JsonNode? answer) = await stack.Cloud.TrySendAsync(
                HttpMethod.Put, "placement", $"/resource_providers/{now.Uuid}/traits", body);
            if (status == HttpStatusCode.OK)
                return;
            // Placement answers 409, and now and then 500 "Another thread concurrently updated the resource provider data".
            Assert.True(status is HttpStatusCode.Conflict or HttpStatusCode.InternalServerError, $"{status} {answer}");
        }

        Assert.Fail($"{trait} lost 200 races");
    }
}
