using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Keystone;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests;

/// <summary>Every call at least once, against the answer of a real cloud where one was recorded.</summary>
public sealed class BodyTests : IDisposable
{
    private const string Providers = FakeCloud.Placement + "/resource_providers";
    private static readonly Guid Node = Guid.Parse("056c095b-6532-59c6-8e97-730926c6df3f");
    private static readonly Guid Snp = Guid.Parse("909a73a5-7ca5-429b-bee7-01b7e16bf597");
    private static readonly Guid Consumer = Guid.Parse("29cf3f25-137f-4a6b-9da9-0b06e1a7a73e");

    private readonly FakeCloud _cloud = new();
    private readonly OpenStackConnection _connection;

    public BodyTests() => _connection = _cloud.Open();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;
    private IPlacementApi Placement => _connection.Placement;

    public void Dispose()
    {
        _connection.Dispose();
        _cloud.Dispose();
    }

    [Fact]
    public async Task Resource_providers()
    {
        _cloud.Answer("GET", Providers, Sample.Of("pl_resource_providers"));
        var providers = (await Placement.ListResourceProvidersAsync(ct: Ct)).ResourceProviders;
        Assert.Equal(new ResourceProvider(Node, "cn1", 3, Node), providers[0]);
        await Placement.ListResourceProvidersAsync(name: "cn 1&x", inTree: Node, ct: Ct);
        Assert.Equal($"?name=cn%201%26x&in_tree={Node}", new Uri(_cloud.Asked(Providers)[1].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task A_nested_provider()
    {
        _cloud.Answer("POST", Providers, Sample.Of("pl_create_nested_rp"));
        var created = await Placement.CreateResourceProviderAsync(new NewResourceProvider("cn1_cc_snp", Snp, Node), Ct);
        Assert.Equal(new ResourceProvider(Snp, "cn1_cc_snp", 0, Node, Node), created);
        AssertSent("POST", Providers, $$"""{"name":"cn1_cc_snp","uuid":"{{Snp}}","parent_provider_uuid":"{{Node}}"}""");
    }

    [Fact]
    public async Task A_provider_without_a_parent_is_sent_without_one()
    {
        _cloud.Answer("POST", Providers, Sample.Of("pl_create_nested_rp"));
        await Placement.CreateResourceProviderAsync(new NewResourceProvider("cn1", Node, null), Ct);
        AssertSent("POST", Providers, $$"""{"name":"cn1","uuid":"{{Node}}"}""");
    }

    [Fact]
    public async Task A_moved_and_a_deleted_provider()
    {
        string path = $"{Providers}/{Snp}";
        _cloud.Answer("PUT", path, Sample.Of("pl_create_nested_rp"));
        _cloud.Answer("DELETE", path, 204);
        Assert.Equal(0, (await Placement.UpdateResourceProviderAsync(Snp, new ResourceProviderUpdate("cn1_cc_snp", Node), Ct)).Generation);
        AssertSent("PUT", path, $$"""{"name":"cn1_cc_snp","parent_provider_uuid":"{{Node}}"}""");
        await Placement.DeleteResourceProviderAsync(Snp, Ct);
        Assert.Single(_cloud.Asked(path, "DELETE"));
    }

    [Fact]
    public async Task Inventories()
    {
        string path = $"{Providers}/{Node}/inventories";
        _cloud.Answer("GET", path, Sample.Of("pl_cn1_inventories"));
        _cloud.Answer("PUT", path, Sample.Of("pl_put_inventories"));
        var read = await Placement.GetInventoriesAsync(Node, Ct);
        Assert.Equal(3, read.ResourceProviderGeneration);
        Assert.Equal((1000, 4), (read.Inventories["VCPU"].Total, (int)read.Inventories["VCPU"].AllocationRatio));

        var wanted = new Dictionary<string, Inventory> { ["CUSTOM_SEV_SNP_ASID"] = new(99, 0, 1, 1, 1, 1) };
        var written = await Placement.ReplaceInventoriesAsync(Node, new ProviderInventories(0, wanted), Ct);
        Assert.Equal((1, 99), (written.ResourceProviderGeneration, written.Inventories["CUSTOM_SEV_SNP_ASID"].Total));
        AssertSent("PUT", path, """
            {"resource_provider_generation":0,"inventories":{"CUSTOM_SEV_SNP_ASID":
            {"total":99,"reserved":0,"min_unit":1,"max_unit":1,"step_size":1,"allocation_ratio":1}}}
            """);
    }

    [Fact]
    public async Task Traits_of_a_provider()
    {
        string path = $"{Providers}/{Node}/traits";
        _cloud.Answer("GET", path, Sample.Of("pl_cn1_traits"));
        _cloud.Answer("PUT", path, Sample.Of("pl_put_traits"));
        Assert.Contains("OWNER_NOVA", (await Placement.GetTraitsAsync(Node, Ct)).Traits);
        var written = await Placement.ReplaceTraitsAsync(Node, new ProviderTraits(1, ["CUSTOM_SEV_SNP"]), Ct);
        Assert.Equal((2, "CUSTOM_SEV_SNP"), (written.ResourceProviderGeneration, Assert.Single(written.Traits)));
    }

    [Fact]
    public async Task Aggregates_of_a_provider()
    {
        _cloud.Answer("GET", $"{Providers}/{Node}/aggregates", 200, $$"""{"aggregates":["{{Snp}}"],"resource_provider_generation":4}""");
        ProviderAggregates read = await Placement.GetAggregatesAsync(Node, Ct);
        Assert.Equal((4, Snp), (read.ResourceProviderGeneration, Assert.Single(read.Aggregates)));
    }

    [Fact]
    public async Task Allocation_candidates_are_asked_for_by_names_that_the_request_makes_up()
    {
        const string path = FakeCloud.Placement + "/allocation_candidates";
        // As Placement of Zed answered, shortened.
        _cloud.Answer("GET", path, 200, """
            {"allocation_requests":[{"allocations":{"NODE":{"resources":{"VCPU":1}},"SNP":{"resources":{"CUSTOM_SEV_SNP_ASID":1}}},"mappings":{"":["NODE"],"1":["SNP"]}}],
            "provider_summaries":{"NODE":{"resources":{"VCPU":{"capacity":4096,"used":0}},"traits":[],"parent_provider_uuid":null,"root_provider_uuid":"NODE"},
            "SNP":{"resources":{},"traits":[],"parent_provider_uuid":"NODE","root_provider_uuid":"NODE"}}}
            """.Replace("NODE", $"{Node}", StringComparison.Ordinal).Replace("\"SNP\"", $"\"{Snp}\"", StringComparison.Ordinal));
        AllocationCandidates candidates = await _connection.AllocationCandidatesAsync(
            [new("resources", "VCPU:1"), new("required1", "!CUSTOM_A,CUSTOM_B"), new("member_of", "in:x"), new("member_of", "in:y")], Ct);
        Assert.Equal(1, Assert.Single(candidates.AllocationRequests).Allocations[Snp].Resources["CUSTOM_SEV_SNP_ASID"]);
        Assert.Equal(Node, candidates.ProviderSummaries[Snp].RootProviderUuid);
        Assert.Equal("?resources=VCPU%3A1&required1=%21CUSTOM_A%2CCUSTOM_B&member_of=in%3Ax&member_of=in%3Ay", new Uri(_cloud.Asked(path)[0].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task Allocation_candidates_that_are_none_are_malformed()
    {
        _cloud.Answer("GET", FakeCloud.Placement + "/allocation_candidates", 200, """{"allocation_requests":1}""");
        OpenStackApiException failure = await Assert.ThrowsAsync<OpenStackApiException>(() => _connection.AllocationCandidatesAsync([new("resources", "VCPU:1")], Ct));
        Assert.Equal(("placement", OpenStackCodes.MalformedAnswer), (failure.Service, failure.Code));
    }

    [Fact]
    public async Task Metadata_of_a_server_is_added_to()
    {
        string path = $"{FakeCloud.Compute}/servers/{Consumer}/metadata";
        // As Nova of 2026.2 answered: all items, old and new.
        _cloud.Answer("POST", path, 200, """{"metadata":{"role":"web","openstack_sev_nudge":"3"}}""");
        ServerMetadata all = await _connection.Nova.UpdateServerMetadataAsync(
            Consumer, new ServerMetadata(new Dictionary<string, string> { ["openstack_sev_nudge"] = "3" }), Ct);
        Assert.Equal(("web", "3"), (all.Metadata["role"], all.Metadata["openstack_sev_nudge"]));
        AssertSent("POST", path, """{"metadata":{"openstack_sev_nudge":"3"}}""");
    }

    [Fact]
    public async Task Metadata_beyond_the_quota_is_refused()
    {
        _cloud.Answer("POST", $"{FakeCloud.Compute}/servers/{Consumer}/metadata", 403,
            """{"forbidden":{"code":403,"message":"Maximum number of metadata items exceeds 128"}}""");
        OpenStackApiException refused = await Assert.ThrowsAsync<OpenStackApiException>(() => _connection.Nova.UpdateServerMetadataAsync(
            Consumer, new ServerMetadata(new Dictionary<string, string> { ["a"] = "b" }), Ct));
        Assert.Equal((System.Net.HttpStatusCode.Forbidden, false), (refused.Status, refused.IsTransient));
        Assert.Contains("128", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Host_aggregates_and_the_service_of_a_hypervisor()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/os-aggregates", 200, $$"""
            {"aggregates":[{"id":1,"name":"az1","uuid":"{{Snp}}","hosts":["compute1"],"availability_zone":"az1","metadata":{"availability_zone":"az1"},
            "created_at":"2026-11-22T22:06:20.000000","updated_at":null,"deleted":false,"deleted_at":null}]}
            """);
        Aggregate aggregate = Assert.Single((await _connection.Nova.ListAggregatesAsync(Ct)).Aggregates);
        Assert.Equal((Snp, "az1", "az1", "compute1"), (aggregate.Uuid, aggregate.Name, aggregate.AvailabilityZone, Assert.Single(aggregate.Hosts)));
        _cloud.Answer("GET", FakeCloud.Compute + "/os-hypervisors/detail", Sample.Of("nova_hypervisors"));
        List<Hypervisor> hypervisors = [];
        await foreach (Hypervisor hypervisor in _connection.Nova.AllHypervisorsAsync(ct: Ct))
            hypervisors.Add(hypervisor);
        Assert.All(hypervisors, hypervisor => Assert.NotEmpty(hypervisor.Service!.Host));
    }

    [Fact]
    public async Task A_server_tells_what_it_was_made_of()
    {
        _cloud.Answer("GET", $"{FakeCloud.Compute}/servers/{Consumer}", Sample.Of("server_show"));
        Server server = (await _connection.Nova.GetServerAsync(Consumer, Ct)).Server;
        Assert.True(server.Flavor is { Ram: > 0, Vcpus: > 0 } && server.Image is not null, server.ToString());
    }

    [Fact]
    public async Task Usages_and_the_consumers_of_a_provider()
    {
        _cloud.Answer("GET", $"{Providers}/{Snp}/usages", 200, """{"resource_provider_generation":3,"usages":{"CUSTOM_SEV_SNP_ASID":1}}""");
        _cloud.Answer("GET", $"{Providers}/{Snp}/allocations", 200,
            Sample.Of("alloc_snp").Body.Replace(Snp.ToString(), Consumer.ToString(), StringComparison.Ordinal)
                .Replace("\"project_id\"", "\"resource_provider_generation\":3,\"project_id\"", StringComparison.Ordinal));
        Assert.Equal(1, (await Placement.GetUsagesAsync(Snp, Ct)).Usages["CUSTOM_SEV_SNP_ASID"]);
        Assert.Equal(1, (await Placement.GetProviderAllocationsAsync(Snp, Ct)).Allocations[Consumer].Resources["CUSTOM_SEV_SNP_ASID"]);
    }

    [Fact]
    public async Task Allocations_of_a_consumer()
    {
        _cloud.Answer("GET", $"{FakeCloud.Placement}/allocations/{Consumer}", Sample.Of("alloc_snp"));
        var held = (await Placement.GetAllocationsAsync(Consumer, Ct)).Allocations;
        Assert.Equal((256, 1), (held[Node].Resources["MEMORY_MB"], held[Snp].Resources["CUSTOM_SEV_SNP_ASID"]));
    }

    [Fact]
    public async Task Names_of_classes_and_traits()
    {
        _cloud.Answer("GET", FakeCloud.Placement + "/resource_classes", 200, """{"resource_classes":[{"name":"VCPU","links":[]}]}""");
        _cloud.Answer("GET", FakeCloud.Placement + "/traits", 200, """{"traits":["CUSTOM_SEV_SNP"]}""");
        _cloud.Answer("PUT", FakeCloud.Placement + "/resource_classes/CUSTOM_A", 201);
        _cloud.Answer("PUT", FakeCloud.Placement + "/traits/CUSTOM_B", 204);
        Assert.Equal("VCPU", Assert.Single((await Placement.ListResourceClassesAsync(Ct)).ResourceClasses).Name);
        Assert.Equal("CUSTOM_SEV_SNP", Assert.Single((await Placement.ListTraitsAsync("in:CUSTOM_SEV_SNP", Ct)).Traits));
        await Placement.EnsureResourceClassAsync("CUSTOM_A", Ct);
        await Placement.EnsureTraitAsync("CUSTOM_B", Ct);
        Assert.Equal("0", FakeCloud.Header(Assert.Single(_cloud.Asked(FakeCloud.Placement + "/traits/CUSTOM_B")), "Content-Length"));
    }

    [Fact]
    public async Task A_name_cannot_leave_its_place_in_the_path()
    {
        await Assert.ThrowsAsync<OpenStackApiException>(() => Placement.EnsureTraitAsync("../resource_providers?x=", Ct));
        Assert.All(_cloud.Asked(method: "PUT"), request =>
            Assert.StartsWith(FakeCloud.Placement + "/traits/", new Uri(request.AbsoluteUrl).AbsolutePath, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Servers()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/servers/detail", Sample.Of("servers_detail_all_tenants"));
        var servers = (await _connection.Nova.ListServersAsync(allTenants: true, ct: Ct)).Servers;
        Assert.Equal(18, servers.Count);
        Server placed = servers.Single(server => server.Id == Consumer);
        Assert.Equal(("vm-snp", "ACTIVE", "cn1", "cn1", FakeCloud.Project),
            (placed.Name, placed.Status, placed.Host, placed.HypervisorHostname, placed.ProjectId));
        Assert.Equal(("snp", "required"), (placed.Flavor!.OriginalName, placed.Flavor.ExtraSpecs!["trait:CUSTOM_SEV_SNP"]));
        Server failed = servers.First(server => server.Status == "ERROR");
        Assert.Equal((500, "No valid host was found. ", null), (failed.Fault!.Code, failed.Fault.Message, failed.Host));
    }

    [Fact]
    public async Task What_is_asked_of_a_list_of_servers()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/servers/detail", 200, """{"servers":[]}""");
        await _connection.Nova.ListServersAsync(true, "cn1", "2026-11-22T22:00:00Z", 10, "m", Ct);
        Assert.Equal("?all_tenants=True&host=cn1&changes-since=2026-11-22T22%3A00%3A00Z&limit=10&marker=m",
            new Uri(_cloud.Asked(FakeCloud.Compute + "/servers/detail")[0].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task A_server()
    {
        Sample sample = Sample.Of("server_show");
        var id = Guid.Parse(sample.Json["server"]!["id"]!.GetValue<string>());
        _cloud.Answer("GET", $"{FakeCloud.Compute}/servers/{id}", sample);
        Server server = (await _connection.Nova.GetServerAsync(id, Ct)).Server;
        Assert.Equal((id, "ACTIVE"), (server.Id, server.Status));
        Assert.NotNull(server.Created);
    }

    /// <remarks>Source: Compute API guide, "Handling Down Cells".</remarks>
    [Fact]
    public async Task What_a_cell_that_is_down_leaves_out_may_be_missing()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/servers/detail", 200, $$"""
            {"servers":[{"id":"{{Consumer}}","status":"UNKNOWN","tenant_id":"p","created":"2026-11-22T22:00:00Z","links":[]}]}
            """);
        _cloud.Answer("GET", FakeCloud.Compute + "/os-services", 200, """{"services":[{"binary":"nova-compute","host":"cn9","status":"UNKNOWN"}]}""");
        Server server = Assert.Single((await _connection.Nova.ListServersAsync(ct: Ct)).Servers);
        Assert.Equal(("UNKNOWN", "", null, null), (server.Status, server.Name, server.Host, server.Flavor));
        Assert.Equal(new ComputeService("nova-compute", "cn9", "UNKNOWN"), Assert.Single((await _connection.Nova.ListServicesAsync(ct: Ct)).Services));
    }

    [Fact]
    public async Task Flavors()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/flavors/detail", Sample.Of("flavors_detail"));
        Flavor flavor = Assert.Single((await _connection.Nova.ListFlavorsAsync("None", ct: Ct)).Flavors);
        Assert.Equal(("f-plain", "plain", 512, 1, 1), (flavor.Id, flavor.Name, flavor.Ram, flavor.Vcpus, flavor.Disk));
        Assert.Empty(flavor.ExtraSpecs!);
    }

    [Fact]
    public async Task A_flavor_whose_extra_specs_are_hidden()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/flavors/detail", 200, """{"flavors":[{"id":"1","name":"a","ram":1,"vcpus":1,"disk":0}]}""");
        Assert.Null(Assert.Single((await _connection.Nova.ListFlavorsAsync(ct: Ct)).Flavors).ExtraSpecs);
    }

    [Fact]
    public async Task Compute_services()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/os-services", Sample.Of("nova_services"));
        var services = (await _connection.Nova.ListServicesAsync("nova-compute", ct: Ct)).Services;
        ComputeService first = services.First(service => service.Binary == "nova-compute");
        Assert.Equal(("cn1", "enabled", "up", null), (first.Host, first.Status, first.State, first.DisabledReason));
        Assert.Equal(Guid.Parse("6a90ba37-0bb0-48cc-bc9f-f2aa5b7aa52d"), first.Id);
    }

    [Fact]
    public async Task A_compute_service_is_disabled_with_a_reason_and_enabled_without_one()
    {
        Guid id = Guid.Parse("6a90ba37-0bb0-48cc-bc9f-f2aa5b7aa52d");
        string path = $"{FakeCloud.Compute}/os-services/{id}";
        _cloud.Answer("PUT", path, 200, $$$"""
            {"service":{"id":"{{{id}}}","binary":"nova-compute","host":"cn1","zone":"nova","status":"disabled","state":"up","disabled_reason":"openstack-sev: x","forced_down":false,"updated_at":null}}
            """);
        ComputeService service = (await _connection.Nova.UpdateServiceAsync(id, new ServiceUpdate("disabled", "openstack-sev: x"), Ct)).Service;
        AssertSent("PUT", path, """{"status":"disabled","disabled_reason":"openstack-sev: x"}""");
        Assert.Equal(("cn1", "disabled", "openstack-sev: x"), (service.Host, service.Status, service.DisabledReason));
        await _connection.Nova.UpdateServiceAsync(id, new ServiceUpdate("enabled"), Ct);
        Assert.Equal("""{"status":"enabled"}""", _cloud.Asked(path, "PUT")[1].Body);
    }

    [Fact]
    public async Task Hypervisors()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/os-hypervisors/detail", Sample.Of("nova_hypervisors"));
        var hypervisors = (await _connection.Nova.ListHypervisorsAsync(ct: Ct)).Hypervisors;
        Assert.Equal(new Hypervisor(Node, "cn1", "up", "enabled", "fake", new HypervisorService("cn1")), hypervisors[0]);
    }

    [Fact]
    public async Task Images_and_their_properties()
    {
        Sample sample = Sample.Of("glance_images");
        _cloud.Answer("GET", FakeCloud.Image + "/v2/images", sample);
        ImageList images = await _connection.Glance.ListImagesAsync(ct: Ct);
        Assert.Null(images.Next);
        Image uefi = images.Images.Single(image => image.Name == "uefi-stateful");
        Assert.Equal(("active", "uefi"), (uefi.Status, uefi.Properties!["hw_firmware_type"].GetString()));

        JsonNode one = sample.Json["images"]![0]!;
        _cloud.Answer("GET", $"{FakeCloud.Image}/v2/images/{one["id"]}", 200, one.ToJsonString());
        Assert.Equal("bios", (await _connection.Glance.GetImageAsync(Guid.Parse(one["id"]!.GetValue<string>()), Ct)).Name);
    }

    [Fact]
    public async Task A_token_of_somebody_else()
    {
        Sample sample = Sample.Of("keystone_token");
        _cloud.Answer("GET", "/identity/v3/auth/tokens", 200, sample.Body);
        TokenEnvelope other = await _connection.Keystone.ValidateTokenAsync("mine", "theirs", ct: Ct);
        Assert.Equal("admin", other.Token.User.Name);
        var request = Assert.Single(_cloud.Asked());
        Assert.Equal(("mine", "theirs"), (FakeCloud.Header(request, "X-Auth-Token"), FakeCloud.Header(request, "X-Subject-Token")));
    }

    private void AssertSent(string method, string path, string body)
    {
        var request = Assert.Single(_cloud.Asked(path, method));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(request.Body!)), request.Body);
        Assert.Equal(request.BodyAsBytes!.Length.ToString(), FakeCloud.Header(request, "Content-Length"));
        Assert.Equal("application/json", FakeCloud.Header(request, "Content-Type"));
    }
}
