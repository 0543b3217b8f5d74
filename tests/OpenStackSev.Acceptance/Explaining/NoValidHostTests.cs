using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Explaining;

/// <summary>Situations in which Nova says "No valid host was found" and no more. <c>osev explain</c> names the true cause of each.</summary>
[Collection(nameof(SevHosts))]
public sealed class NoValidHostTests(SevHosts hosts)
{
    private static readonly (string, string) s_encrypted = ("hw:mem_encryption", "true");
    private static readonly (string, string) s_asid = ("resources:CUSTOM_SEV_ASID", "1");
    private int number;

    private RealCloud Cloud => hosts.Stack.Cloud;

    [Fact]
    public async Task Our_count_is_used_up_while_Novas_has_room()
    {
        string flavor = await FlavorAsync(s_encrypted, s_asid);
        try
        {
            Server[] fitting = [await Cloud.BootAsync(SevHosts.Servers + "a", flavor, hosts.Image), await Cloud.BootAsync(SevHosts.Servers + "b", flavor, hosts.Image)];
            Assert.All(fitting, server => Assert.True(server.Status == "ACTIVE", server.ToString()));
            JsonNode cause = await OnlyCauseAsync(flavor, "explain.inventory.used_up", "CUSTOM_SEV_ASID", "compute1");
            Assert.Contains("compute1:sev is used up: 1 asked for, 0 free (total 2", (string)cause["example"]!["message"]!, StringComparison.Ordinal);
        }
        finally
        {
            await Cloud.DeleteServersAsync(SevHosts.Servers);
        }
    }

    [Fact]
    public async Task The_model_is_published_and_this_Nova_cannot_launch_it() =>
        await OnlyCauseAsync(await FlavorAsync(("resources:CUSTOM_SEV_SNP_ASID", "1"), ("trait:CUSTOM_SEV_SNP", "required")),
            "explain.inventory.reserved", "CUSTOM_SEV_SNP_ASID", "compute1");

    [Fact]
    public async Task The_host_is_quarantined()
    {
        await hosts.EnsureTraitAsync("CUSTOM_SEV_QUARANTINED");
        await hosts.AddTraitAsync("compute1", "CUSTOM_SEV_QUARANTINED");
        try
        {
            await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("trait:CUSTOM_SEV_QUARANTINED", "forbidden")), "explain.trait.forbidden", "CUSTOM_SEV_QUARANTINED", "compute1");
        }
        finally
        {
            await hosts.RemoveTraitAsync("compute1", "CUSTOM_SEV_QUARANTINED");
        }
    }

    [Fact]
    public async Task The_host_is_not_trusted()
    {
        await hosts.EnsureTraitAsync("CUSTOM_SEV_TRUSTED");
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("trait:CUSTOM_SEV_TRUSTED", "required")), "explain.trait.missing", "CUSTOM_SEV_TRUSTED", "compute1");
    }

    [Fact]
    public async Task A_trait_is_misspelt() =>
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("trait:CUSTOM_SEV_TRUSTWORTHY", "required")), "explain.request.trait_unknown", "CUSTOM_SEV_TRUSTWORTHY");

    [Fact]
    public async Task A_trait_is_alone_on_a_child_and_the_command_mends_it()
    {
        string flavor = await FlavorAsync(s_encrypted, ("trait:CUSTOM_SEV", "required"));
        JsonNode cause = await OnlyCauseAsync(flavor, "explain.trait.elsewhere", "CUSTOM_SEV", "compute1");
        // By name: a server does not tell the id of its flavor.
        Assert.Equal($"openstack flavor set --property resources:CUSTOM_SEV_ASID=1 {SevHosts.Servers}{number}", (string)cause["example"]!["command"]!);
        await Cloud.SendAsync(HttpMethod.Post, "compute", $"/flavors/{flavor}/os-extra_specs", new JsonObject { ["extra_specs"] = new JsonObject { ["resources:CUSTOM_SEV_ASID"] = "1" } });
        Server mended = await Cloud.BootAsync(SevHosts.Servers + "mended", flavor, hosts.Image);
        Assert.Equal(("ACTIVE", "compute1"), (mended.Status, mended.Node));
        await Cloud.DeleteServersAsync(SevHosts.Servers);
    }

    [Fact]
    public async Task Class_and_trait_are_of_two_models() =>
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("trait:CUSTOM_SEV_SNP", "required")), "explain.trait.elsewhere", "CUSTOM_SEV_SNP", "compute1");

    [Fact]
    public async Task A_numbered_group_wants_what_no_one_provider_has() =>
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, ("resources1:CUSTOM_SEV_ASID", "1"), ("trait1:CUSTOM_SEV_SNP", "required")), "explain.group.split", "group 1", "compute1");

    [Fact]
    public async Task A_numbered_trait_has_no_resource() =>
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("trait1:CUSTOM_SEV", "required")), "explain.request.group_without_resources", "group '1'");

    [Fact]
    public async Task Two_numbered_groups_have_no_policy() =>
        await OnlyCauseAsync(await FlavorAsync(("resources1:CUSTOM_SEV_ASID", "1"), ("resources2:VCPU", "1")), "explain.request.group_policy_missing", "flavor group_policy");

    [Fact]
    public async Task Flavor_and_image_contradict_about_a_trait()
    {
        string image = await Cloud.ImageAsync("explain-traits", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("trait:CUSTOM_SEV", "required"));
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("trait:CUSTOM_SEV", "forbidden")), "explain.request.trait_contradiction", "CUSTOM_SEV", image: image);
    }

    [Fact]
    public async Task The_host_is_disabled()
    {
        await hosts.Stack.Cloud.ChangeServiceAsync("compute1", ("status", "disabled"));
        try
        {
            await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid), "explain.service.disabled", "nova-compute", "compute1");
        }
        finally
        {
            await hosts.Stack.Cloud.ChangeServiceAsync("compute1", ("status", "enabled"));
        }
    }

    [Fact]
    public async Task The_hosts_nova_compute_is_down()
    {
        await hosts.Stack.Cloud.ChangeServiceAsync("compute1", ("forced_down", true));
        try
        {
            await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid), "explain.service.down", "nova-compute", "compute1");
        }
        finally
        {
            await hosts.Stack.Cloud.ChangeServiceAsync("compute1", ("forced_down", false));
        }
    }

    [Fact]
    public async Task The_SEV_host_is_in_another_zone()
    {
        const string zone = "explain-zone";
        string aggregate = (string)(await Cloud.SendAsync(HttpMethod.Post, "compute", "/os-aggregates",
            JsonNode.Parse($$$"""{"aggregate":{"name":"{{{zone}}}","availability_zone":"{{{zone}}}"}}""")))!["aggregate"]!["id"]!.ToString();
        async Task ActAsync(string action) => await Cloud.SendAsync(HttpMethod.Post, "compute", $"/os-aggregates/{aggregate}/action",
            JsonNode.Parse($$$"""{"{{{action}}}":{"host":"compute2"}}"""));
        await ActAsync("add_host");
        try
        {
            await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid), "explain.aggregate.outside", zone, "compute1", zone: zone);
        }
        finally
        {
            await Cloud.DeleteServersAsync(SevHosts.Servers);
            await ActAsync("remove_host");
            await Cloud.SendAsync(HttpMethod.Delete, "compute", "/os-aggregates/" + aggregate);
        }
    }

    [Fact]
    public async Task The_server_is_larger_than_any_host() =>
        await OnlyCauseAsync(await FlavorAsync(s_encrypted, s_asid, ("resources:VCPU", "100000")), "explain.inventory.max_unit", "VCPU", "compute1");

    private Task<string> FlavorAsync(params (string Key, string Value)[] extraSpecs) => Cloud.FlavorAsync($"{SevHosts.Servers}{++number}", extraSpecs);

    /// <summary>Nova really says so, and the one cause that is named is this one; Placement, asked by the command, agrees with it.</summary>
    /// <param name="host">The only host that comes close; null for a cause that holds for every host.</param>
    private async Task<JsonNode> OnlyCauseAsync(string flavor, string code, string subject, string? host = null, string? image = null, string? zone = null)
    {
        Server failed = await Cloud.BootAsync(SevHosts.Servers + "failed", flavor, image ?? hosts.Image, zone: zone);
        Assert.True(failed.Status == "ERROR" && failed.Fault!.Contains("No valid host was found", StringComparison.Ordinal), failed.ToString());
        Ended explained = await Programs.OsevAsync("explain", "--server", failed.Id, "--format", "json");
        Assert.True(explained.ExitCode == 2, explained.ToString());
        JsonNode answer = JsonNode.Parse(explained.Output)!;
        Assert.Contains("No valid host was found", (string)answer["server"]!["fault"]!, StringComparison.Ordinal);
        Assert.True(answer["hosts"]!["placement"]!["disagreement"] is null, explained.Output);
        JsonArray causes = answer["hosts"]!["causes"]!.AsArray();
        Assert.True(causes.Count == 1, (string)answer["hosts"]!["summary"]!);
        Assert.Equal((code, subject), ((string)causes[0]!["code"]!, (string)causes[0]!["subject"]!));
        Assert.Equal(host is null ? [] : [host], causes[0]!["hosts"]!.AsArray().Select(name => (string)name!));
        await Cloud.SendAsync(HttpMethod.Delete, "compute", "/servers/" + failed.Id);
        return causes[0]!;
    }
}
