using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>The templates for operators on the real Heat, and Heat's own validation of all.</summary>
public sealed class OperatorTemplateTests(Stack stack) : IAsyncLifetime
{
    private GatedStacks? tenants;
    private TemplateStacks? stacks;
    private static readonly string s_noFetching = $"Glance of {Stack.Release.Name} fetches from no loopback address, and its stack has no other; shown on 2026.2";

    /// <summary>Nova has hw:mem_encryption_model.</summary>
    private static bool HasModels => Stack.Release.ContextsOnChildren;

    public async ValueTask InitializeAsync()
    {
        tenants = await GatedStacks.StartAsync(stack);
        stacks = new TemplateStacks(stack.Cloud, stack.Cloud);
    }

    public async ValueTask DisposeAsync()
    {
        if (stacks is not null)
            await stacks.DisposeAsync();
        if (tenants is not null)
            await tenants.DisposeAsync();
    }

    [Fact]
    public async Task Every_template_passes_Heats_own_validation()
    {
        Assert.True(TemplateStacks.Templates.Count > 10);
        foreach (string template in TemplateStacks.Templates)
        {
            foreach (string environment in (string[])["snp_env.yaml", "sev_es_env.yaml", "sev_env.yaml"])
            {
                (HttpStatusCode status, JsonNode? body) = await stacks!.ValidateAsync(template, environment);
                Assert.True(status == HttpStatusCode.OK && body!["Parameters"] is not null, $"{template} with {environment}: {(int)status} {body}");
            }
        }
    }

    [Fact]
    public async Task Flavors_are_made_as_asked_for_and_go_with_their_stack()
    {
        await stacks!.CreateAsync("flavors", "operator/flavors.yaml", ["sev_env.yaml"], rollback: false,
            ("prefix", "made-"), ("models", HasModels ? "amd-sev,amd-sev-es,amd-sev-snp" : "amd-sev"), ("model_key", HasModels));
        await stacks.UntilAsync("flavors", "CREATE_COMPLETE");
        Dictionary<string, JsonObject> made = await FlavorsAsync("made-");
        Assert.Equal(HasModels ? 12 : 6, made.Count);
        Assert.Equal("false", (string?)made["made-plain.small"]["hw:mem_encryption"]);
        Assert.Equal("true", (string?)made["made-sev.large"]["hw:mem_encryption"]);
        Assert.Equal("1", (string?)made["made-sev.small"]["resources:CUSTOM_SEV_ASID"]);
        Assert.Equal("required", (string?)made["made-sev.small"]["trait:CUSTOM_SEV"]);
        Assert.Equal(HasModels ? "amd-sev" : null, (string?)made["made-sev.small"]["hw:mem_encryption_model"]);
        if (HasModels)
            Assert.Equal("amd-sev-snp", (string?)made["made-sev-snp.medium"]["hw:mem_encryption_model"]);
        await stacks.DeleteAsync("flavors");
        Assert.Empty(await FlavorsAsync("made-"));
    }

    [Fact]
    public async Task An_image_is_fetched_has_its_properties_and_goes_with_its_stack()
    {
        Assert.SkipUnless(HasModels, s_noFetching);
        // Where Glance wrote them away, the stack says so, and is made again: as often as somebody would try.
        string lost = "";
        for (int attempt = 0; attempt < 4; attempt++)
        {
            JsonNode shown = await FetchedAsync(_ => Task.CompletedTask);
            if ((string)shown["stack_status"]! == "CREATE_COMPLETE")
                break;
            lost = (string)shown["stack_status_reason"]!;
            Assert.Contains("Glance lost the image's properties", lost, StringComparison.Ordinal);
            await stacks!.DeleteAsync("image");
        }
        JsonNode image = Assert.Single(await ImagesAsync()) ?? throw new InvalidOperationException(lost);
        Assert.Equal(("active", "uefi", "q35", "true"), ((string?)image["status"], (string?)image["hw_firmware_type"], (string?)image["hw_machine_type"], (string?)image["hw_mem_encryption"]));
        Assert.Equal(("amd-sev-snp", "true"), ((string?)image["hw_mem_encryption_model"], (string?)image["hw_firmware_stateless"]));
        await stacks!.DeleteAsync("image");
        Assert.Empty(await ImagesAsync());
    }

    [Theory]
    [InlineData("hw_firmware_type")]
    [InlineData("hw_mem_encryption")]
    public async Task An_image_that_lost_a_property_while_it_was_fetched_fails_its_stack(string property)
    {
        Assert.SkipUnless(HasModels, s_noFetching);
        JsonNode shown = await FetchedAsync(async image =>
        {
            if (image[property] is not null)
                await stack.Cloud.RemoveImagePropertyAsync((string)image["id"]!, property);
        });
        Assert.Equal("CREATE_FAILED", (string?)shown["stack_status"]);
        // Which one is named depends on whether Glance has lost them all before.
        Assert.Contains("Glance lost the image's properties", (string?)shown["stack_status_reason"], StringComparison.Ordinal);
        await stacks!.DeleteAsync("image");
        Assert.Empty(await ImagesAsync());
    }

    [Fact]
    public async Task A_project_its_quota_and_an_aggregate_are_made_and_go_with_their_stacks()
    {
        await stacks!.CreateAsync("project", "operator/project.yaml", [], rollback: false, ("name", "template-project"), ("user", "demo"), ("control_plane_user", "nova"));
        await stacks.UntilAsync("project", "CREATE_COMPLETE");
        string project = await stacks.OutputAsync("project", "project");
        string[] roles = [.. (await stack.Cloud.GetAsync("identity", $"/role_assignments?include_names&scope.project.id={project}"))!["role_assignments"]!.AsArray()
            .Select(one => $"{one!["user"]!["name"]} {one["role"]!["name"]}").Order(StringComparer.Ordinal)];
        Assert.Equal(["demo heat_stack_owner", "demo member", "nova reader"], roles);

        int before = await InstancesAsync(project);
        await stacks.CreateAsync("quota", "operator/quota.yaml", [], rollback: false, ("project", "template-project"), ("instances", 3));
        await stacks.UntilAsync("quota", "CREATE_COMPLETE");
        Assert.Equal(3, await InstancesAsync(project));
        await stacks.DeleteAsync("quota");
        Assert.Equal(before, await InstancesAsync(project));
        await stacks.DeleteAsync("project");
        Assert.Equal(HttpStatusCode.NotFound, (await stack.Cloud.TrySendAsync(HttpMethod.Get, "identity", "/projects/" + project)).Status);

        foreach (string zone in (string[])["", "template-zone"])
        {
            await stacks.CreateAsync("aggregate", "operator/aggregate.yaml", [], rollback: false,
                ("name", "template-hosts"), ("hosts", "compute1,compute2"), ("availability_zone", zone));
            await stacks.UntilAsync("aggregate", "CREATE_COMPLETE");
            JsonNode aggregate = Assert.Single(await AggregatesAsync())!;
            Assert.Equal("required", (string?)aggregate["metadata"]!["trait:CUSTOM_SEV_SNP"]);
            Assert.Equal(zone, (string?)aggregate["availability_zone"] ?? "");
            Assert.Equal(2, aggregate["hosts"]!.AsArray().Count);
            await stacks.DeleteAsync("aggregate");
            Assert.Empty(await AggregatesAsync());
        }
    }

    private async Task<Dictionary<string, JsonObject>> FlavorsAsync(string prefix) =>
        (await stack.Cloud.GetAsync("compute", "/flavors/detail?is_public=None"))!["flavors"]!.AsArray().Where(flavor => ((string)flavor!["name"]!).StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(flavor => (string)flavor!["name"]!, flavor => flavor!["extra_specs"]!.AsObject(), StringComparer.Ordinal);

    /// <summary>The stack of an image at its end. What is to happen before Glance gets the image, happens when Heat has set its properties, or Glance has written them away.</summary>
    private async Task<JsonNode> FetchedAsync(Func<JsonNode, Task> before)
    {
        await using ImageHost host = ImageHost.Start();
        await stacks!.CreateAsync("image", "operator/image.yaml", ["snp_env.yaml"], rollback: false,
            ("name", "template-image"), ("location", host.Url.AbsoluteUri), ("disk_format", "raw"));
        int looks = 0;
        await RealCloud.EventuallyAsync(
            async () => host.Asked && ((await ImagesAsync()) is [{ } made] && made["hw_firmware_type"] is not null || looks++ > 20), () => "Glance does not fetch the image");
        await before(Assert.Single(await ImagesAsync())!);
        host.Open();
        return await stacks.EndAsync("image");
    }

    private async Task<JsonArray> ImagesAsync() => (await stack.Cloud.GetAsync("image", "/v2/images?name=template-image"))!["images"]!.AsArray();

    private async Task<JsonNode?[]> AggregatesAsync() =>
        [.. (await stack.Cloud.GetAsync("compute", "/os-aggregates"))!["aggregates"]!.AsArray().Where(one => (string?)one!["name"] == "template-hosts")];

    private async Task<int> InstancesAsync(string project) => (int)(await stack.Cloud.GetAsync("compute", "/os-quota-sets/" + project))!["quota_set"]!["instances"]!;
}
