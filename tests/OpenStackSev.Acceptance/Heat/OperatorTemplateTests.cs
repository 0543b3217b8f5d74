using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>The templates for operators on the real Heat, and Heat's own validation of all.</summary>
public sealed class OperatorTemplateTests(Stack stack) : IAsyncLifetime
{
    private GatedStacks? tenants;
    private TemplateStacks? stacks;

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
        await using ImageHost host = ImageHost.Start();
        await stacks!.CreateAsync("image", "operator/image.yaml", [HasModels ? "snp_env.yaml" : "sev_env.yaml"], rollback: false,
            ("name", "template-image"), ("location", host.Url.AbsoluteUri), ("disk_format", "raw"), ("model_key", HasModels));
        await RealCloud.EventuallyAsync(async () => (await ImagesAsync()) is [{ } made] && made["hw_firmware_type"] is not null, () => "the image has no properties");
        host.Open();
        await stacks.UntilAsync("image", "CREATE_COMPLETE");
        JsonNode image = Assert.Single(await ImagesAsync())!;
        Assert.Equal(("active", "uefi", "q35", "true"), ((string?)image["status"], (string?)image["hw_firmware_type"], (string?)image["hw_machine_type"], (string?)image["hw_mem_encryption"]));
        Assert.Equal(HasModels ? ("amd-sev-snp", "true") : (null, null), ((string?)image["hw_mem_encryption_model"], (string?)image["hw_firmware_stateless"]));
        await stacks.DeleteAsync("image");
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

        await stacks.CreateAsync("aggregate", "operator/aggregate.yaml", [], rollback: false, ("name", "template-hosts"), ("hosts", "compute1,compute2"));
        await stacks.UntilAsync("aggregate", "CREATE_COMPLETE");
        JsonNode aggregate = Assert.Single(await AggregatesAsync())!;
        Assert.Equal("required", (string?)aggregate["metadata"]!["trait:CUSTOM_SEV_SNP"]);
        Assert.Equal(2, aggregate["hosts"]!.AsArray().Count);
        await stacks.DeleteAsync("aggregate");
        Assert.Empty(await AggregatesAsync());
    }

    private async Task<Dictionary<string, JsonObject>> FlavorsAsync(string prefix) =>
        (await stack.Cloud.GetAsync("compute", "/flavors/detail?is_public=None"))!["flavors"]!.AsArray().Where(flavor => ((string)flavor!["name"]!).StartsWith(prefix, StringComparison.Ordinal))
            .ToDictionary(flavor => (string)flavor!["name"]!, flavor => flavor!["extra_specs"]!.AsObject(), StringComparer.Ordinal);

    private async Task<JsonArray> ImagesAsync() => (await stack.Cloud.GetAsync("image", "/v2/images?name=template-image"))!["images"]!.AsArray();

    private async Task<JsonNode?[]> AggregatesAsync() =>
        [.. (await stack.Cloud.GetAsync("compute", "/os-aggregates"))!["aggregates"]!.AsArray().Where(one => (string?)one!["name"] == "template-hosts")];

    private async Task<int> InstancesAsync(string project) => (int)(await stack.Cloud.GetAsync("compute", "/os-quota-sets/" + project))!["quota_set"]!["instances"]!;
}
