using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>The templates for networks and volumes on the real Neutron and Cinder: what a server has of them, and that nothing is left.</summary>
[Collection(TemplateTestsOfOneLab.Name)]
public sealed class NetworkTests(Stack stack, TemplateLab shared) : IAsyncLifetime
{
    private const string Network = "tenant/network.yaml", WithVolume = "tenant/encrypted_volume.yaml";
    private const string VolumeType = "template-luks";

    private ProvenStacks? proven;
    private TemplateStacks? ofAdmin;
    private NetworkOfTenant? network;

    private TemplateStacks Stacks => proven!.Stacks;

    public async ValueTask InitializeAsync()
    {
        proven = await ProvenStacks.StartAsync(stack, shared);
        ofAdmin = new TemplateStacks(stack.Cloud, stack.Cloud);
        network = await NetworkOfTenant.StartAsync(stack, proven.Project);
    }

    public async ValueTask DisposeAsync()
    {
        if (proven is not null)
            await proven.DisposeAsync();
        if (network is not null)
            await network.DisposeAsync();
        if (ofAdmin is not null)
            await ofAdmin.DisposeAsync();
    }

    [Fact]
    public async Task A_server_on_a_network_of_the_template_is_attested_before_its_stack_completes_and_its_outputs_fetch_the_token()
    {
        (string, JsonNode?)[] parameters = await MadeAsync();
        await Stacks.CreateAsync("one", ProvenStacks.OneServer, ["snp_env.yaml"], rollback: false, [.. parameters, ("name", "proven-one")]);
        Server server = await proven!.WaitingAsync("one");
        JsonNode port = Assert.Single(await network!.PortsAsync(server.Id))!;
        Assert.Equal(("ACTIVE", server.Node), ((string?)port["status"], (string?)port["binding:host_id"]));
        Assert.Equal(await Stacks.OutputAsync("network", "security_groups"), port["security_groups"]!.ToJsonString());
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await Stacks.ShownAsync("one"))["stack_status"]);

        await proven.ProveAsync(server);
        await Stacks.UntilAsync("one", "CREATE_COMPLETE");
        Assert.Equal(server.Id, await Stacks.OutputAsync("one", "instance"));
        JsonNode said = await proven.AttestedAsync("one", server.Id);
        Assert.Equal(("affirming", "amd-sev-snp", true), ((string?)said["verdict"], (string?)said["model"], (bool?)said["simulated"]));
        Ended token = await proven.Lab.SucceedAsync((await Stacks.OutputAsync("one", "token")).Split(' ')[1..]);
        Assert.Equal(3, token.Output.Trim().Split('.').Length);
        Assert.Equal($"osev instance evidence {server.Id} --out {server.Id}", await Stacks.OutputAsync("one", "evidence"));

        await Stacks.DeleteAsync("one", server.Id);
        Assert.Empty(await network.PortsAsync(server.Id));
        await RealCloud.EventuallyAsync(async () => (string?)(await proven.FindGateAsync(server.Id))?["standing"] is not ("waiting" or "signalling"), () => "the gate of a server that is gone waits");
        await Stacks.DeleteAsync("network");
        Assert.Empty(await network.OfProjectAsync());
    }

    [Fact]
    public async Task A_volume_is_encrypted_and_attached_only_after_its_server_was_attested_and_never_to_a_lying_one()
    {
        await ofAdmin!.CreateAsync("type", "operator/volume_type.yaml", [], rollback: false, ("name", VolumeType), ("key_size", 512));
        await ofAdmin.UntilAsync("type", "CREATE_COMPLETE");
        string type = await ofAdmin.OutputAsync("type", "volume_type");
        JsonNode encryption = (await stack.Cloud.GetAsync("block-storage", $"/types/{type}/encryption"))!;
        Assert.Equal(("luks", "front-end", "aes-xts-plain64", 512),
            ((string?)encryption["provider"], (string?)encryption["control_location"], (string?)encryption["cipher"], (int?)encryption["key_size"]));
        (string, JsonNode?)[] parameters = [.. await MadeAsync(), ("name", "proven-volume"), ("volume_type", VolumeType), ("volume_size", 1)];

        await Stacks.CreateAsync("volume", WithVolume, ["snp_env.yaml"], rollback: false, parameters);
        Server server = await proven!.WaitingAsync("volume");
        await VolumeAsync("available");
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await Stacks.ShownAsync("volume"))["stack_status"]);
        await proven.ProveAsync(server);
        await Stacks.UntilAsync("volume", "CREATE_COMPLETE");
        JsonNode volume = await VolumeAsync("in-use");
        Assert.Equal((await Stacks.OutputAsync("volume", "volume"), true), ((string?)volume["id"], (bool?)volume["encrypted"]));
        Assert.Equal(server.Id, AttachedTo(volume));

        string other = await proven.Servers.ImageAsync("snp-image-2");
        await UpdateAsync(parameters, other, "second_gate");
        Server lying = await proven.WaitingAsync("volume", server.Id);
        Assert.Equal(server.Id, AttachedTo(await VolumeAsync("in-use")));
        await proven.ProveAsync(lying, "debug");
        // Heat rolls a nested stack back by another update, with another new server: its gate is open since the first one.
        Server next = await proven.WaitingAsync("volume", server.Id, lying.Id);
        Assert.Equal("ROLLBACK_IN_PROGRESS", (string?)(await Stacks.ShownAsync("volume"))["stack_status"]);
        Assert.Equal(server.Id, AttachedTo(await VolumeAsync("in-use")));
        await proven.ProveAsync(next);
        await Stacks.UntilAsync("volume", "ROLLBACK_COMPLETE");
        Assert.Equal(next.Id, AttachedTo(await VolumeAsync("in-use")));
        await Stacks.GoneAsync(server.Id);
        await Stacks.GoneAsync(lying.Id);

        await Stacks.DeleteAsync("volume", next.Id);
        Assert.Empty(await VolumesAsync());
        foreach (string kind in (string[])["attachments", "backups", "snapshots"])
            Assert.Empty((await proven.Tenant.GetAsync("block-storage", "/" + kind))![kind]!.AsArray());
        await Stacks.DeleteAsync("network");
        Assert.Empty(await network!.OfProjectAsync());
        await ofAdmin.DeleteAsync("type");
        Assert.Equal(HttpStatusCode.NotFound, (await stack.Cloud.TrySendAsync(HttpMethod.Get, "block-storage", "/types/" + type)).Status);
    }

    /// <summary>The stack of the network, and the parameters of a server on it.</summary>
    private async Task<(string, JsonNode?)[]> MadeAsync()
    {
        await Stacks.CreateAsync("network", Network, [], rollback: false, ("external_network", network!.External), ("attestation_service", "198.18.34.1/32"), ("ssh_from", "203.0.113.7/32"));
        await Stacks.UntilAsync("network", "CREATE_COMPLETE");
        string[] kinds = [.. (await network.OfProjectAsync()).Select(one => one.Split(' ')[0])];
        Assert.Equal(["network", "port", "router", "security_group", "subnet"], kinds);
        JsonNode groups = JsonNode.Parse(await Stacks.OutputAsync("network", "security_groups"))!;
        string[] rules = await network.RulesAsync((string)groups[0]!);
        Assert.Equal(["egress tcp 80-80 169.254.169.254/32", "egress tcp 9520-9520 198.18.34.1/32", "egress udp 53-53 0.0.0.0/0", "ingress tcp 22-22 203.0.113.7/32"], rules);
        return [("flavor", "snp.proven"), ("image", proven!.Servers.Image), ("networks", JsonNode.Parse(await Stacks.OutputAsync("network", "networks"))), ("security_groups", groups)];
    }

    private Task UpdateAsync((string Key, JsonNode? Value)[] parameters, string image, string gate) =>
        Stacks.UpdateAsync("volume", WithVolume, ["snp_env.yaml"], rollback: true, [.. parameters.Where(parameter => parameter.Key != "image"), ("image", image), ("gate_name", gate)]);

    /// <summary>The one volume there is, once it is in that state.</summary>
    private async Task<JsonNode> VolumeAsync(string status)
    {
        JsonNode? volume = null;
        await RealCloud.EventuallyAsync(async () => (string?)(volume = (await VolumesAsync()).SingleOrDefault())?["status"] == status, () => $"the volume is {volume}");
        return volume!;
    }

    private async Task<JsonArray> VolumesAsync() => (await proven!.Tenant.GetAsync("block-storage", "/volumes/detail"))!["volumes"]!.AsArray();

    private static string? AttachedTo(JsonNode volume) => (string?)Assert.Single(volume["attachments"]!.AsArray())!["server_id"];
}
