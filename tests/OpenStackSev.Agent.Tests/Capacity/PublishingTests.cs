using System.Net;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.OpenStack;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Tests.Capacity;

/// <summary>Whole rounds of one agent against a Placement that enforces its protocol.</summary>
public sealed class PublishingTests : IDisposable
{
    private const string ProviderName = "compute1:sev";
    private readonly FakePlacement placement = new();
    private readonly string folder = Directory.CreateTempSubdirectory("osev-agent-test").FullName;
    private readonly CapacityOptions options = new() { NodeName = Given.Node };
    private string? libvirtHostName;
    private readonly OpenStackConnection cloud;
    private readonly CapacityStateFolder state;
    private PlatformFacts facts = Given.Facts();

    public PublishingTests()
    {
        placement.Add(Given.Node, Given.Root).With("VCPU", 8).With("MEM_ENCRYPTION_CONTEXT", 10).With("CUSTOM_OPERATOR_POOL");
        cloud = FakeCloud.Connect(placement);
        state = CapacityStateFolder.Open(folder);
    }

    private CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        state.Dispose();
        cloud.Dispose();
        placement.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_first_round_makes_the_tree_and_a_second_one_writes_nothing()
    {
        CapacityPublisher agent = Agent();
        Assert.Equal(PublishResult.Applied, (await agent.PublishAsync(false, Ct)).Result);
        FakePlacement.Provider made = placement.Find(ProviderName)!;
        Assert.Equal(Given.Root, made.Parent);
        Assert.Equal(10, (int)made.Inventories["CUSTOM_SEV_ASID"]["total"]!);
        Assert.Equal(["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_SEV"], made.Traits);
        Assert.Equal(["CUSTOM_OPERATOR_POOL", "CUSTOM_SEV_CPU_MILAN"], placement.Find(Given.Node)!.Traits);
        Assert.Equal(PublishResult.Unchanged, (await agent.PublishAsync(false, Ct)).Result);
    }

    [Fact]
    public async Task A_first_publication_costs_at_most_16_requests_plus_one_a_new_name()
    {
        facts = Given.Facts(sev: 10, sevEs: 99) with { SnpPlatformStatus = null };
        placement.Add("compute1_amd_sev", parent: Given.Root).With("MEM_ENCRYPTION_CONTEXT", 10);
        placement.Add("compute1_amd_sev_snp", parent: Given.Root).With("MEM_ENCRYPTION_CONTEXT", 99);
        await Agent().PublishAsync(false, Ct);
        int newNames = placement.Requests.Count(request =>
            request.StartsWith("PUT /placement/resource_classes/", StringComparison.Ordinal) || request.StartsWith("PUT /placement/traits/", StringComparison.Ordinal));
        Assert.NotNull(placement.Find("compute1:sev_snp"));
        Assert.True(placement.Requests.Count - newNames <= 16, string.Join('\n', placement.Requests));
    }

    [Fact]
    public async Task A_steady_hour_costs_at_most_two_requests_a_minute()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        await agent.PublishAsync(false, Ct);
        int before = placement.Requests.Count;
        int rounds = (int)(TimeSpan.FromHours(1) / options.Interval);
        for (int round = 0; round < rounds; round++)
            await agent.PublishAsync(false, Ct);
        Assert.InRange(placement.Requests.Count - before, rounds, 2 * 60);
        Assert.All(placement.Requests.Skip(before), request => Assert.Contains("in_tree", request, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_write_of_somebody_else_in_between_is_a_conflict_and_the_next_round_wins()
    {
        CapacityPublisher agent = Agent();
        placement.BeforeWrite = _ =>
        {
            placement.BeforeWrite = null;
            placement.Find(Given.Node)!.With("CUSTOM_SOMEBODY").Generation++;
        };
        Assert.Equal(PublishResult.Conflict, (await agent.PublishAsync(false, Ct)).Result);
        Assert.Equal(PublishResult.Applied, (await agent.PublishAsync(false, Ct)).Result);
        Assert.Equal(["CUSTOM_OPERATOR_POOL", "CUSTOM_SEV_CPU_MILAN", "CUSTOM_SOMEBODY"], placement.Find(Given.Node)!.Traits);
    }

    [Fact]
    public async Task A_provider_that_was_deleted_is_made_again()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        placement.Remove(placement.Find(ProviderName)!.Uuid);
        Assert.Equal(PublishResult.Applied, (await agent.PublishAsync(false, Ct)).Result);
        Assert.NotNull(placement.Find(ProviderName));
    }

    [Fact]
    public async Task A_root_that_was_made_again_gets_our_provider_back()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        placement.Remove(placement.Find(ProviderName)!.Uuid);
        placement.Remove(Given.Root);
        await Assert.ThrowsAsync<NodeNotFoundException>(() => agent.PublishAsync(false, Ct));
        FakePlacement.Provider again = placement.Add(Given.Node).With("MEM_ENCRYPTION_CONTEXT", 10);
        Assert.Equal(PublishResult.Applied, (await agent.PublishAsync(false, Ct)).Result);
        Assert.Equal(again.Uuid, placement.Find(ProviderName)!.Parent);
    }

    [Fact]
    public async Task A_provider_left_below_a_former_root_moves_to_the_new_one()
    {
        await Agent().PublishAsync(false, Ct);
        placement.Find(Given.Node)!.Name = "compute1-before-reinstallation";
        FakePlacement.Provider again = placement.Add(Given.Node).With("MEM_ENCRYPTION_CONTEXT", 10);
        CapacityPublisher restarted = Agent();
        await restarted.PublishAsync(false, Ct);
        await restarted.PublishAsync(false, Ct);
        Assert.Equal(again.Uuid, placement.Find(ProviderName)!.Parent);
        Assert.Equal(10, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["total"]!);
    }

    [Fact]
    public async Task A_name_taken_by_another_tool_is_reported_and_left_alone()
    {
        FakePlacement.Provider other = placement.Add(ProviderName, parent: Given.Root).With("VCPU", 1);
        PublishOutcome outcome = await Agent().PublishAsync(false, Ct);
        Assert.Contains(outcome.Findings, finding => finding.Code == CapacityCodes.NameTaken);
        Assert.Equal(["VCPU"], other.Inventories.Keys);
    }

    [Fact]
    public async Task A_name_taken_in_another_tree_is_reported_and_the_other_models_are_published()
    {
        FakePlacement.Provider elsewhere = placement.Add("somewhere-else");
        placement.Add(ProviderName, parent: elsewhere.Uuid);
        facts = Given.Facts(sev: 10, sevEs: 9);
        CapacityPublisher agent = Agent();
        Assert.Equal(PublishResult.Conflict, (await agent.PublishAsync(false, Ct)).Result);
        PublishOutcome outcome = await agent.PublishAsync(false, Ct);
        Assert.Contains(outcome.Findings, finding => finding.Code == CapacityCodes.NameTaken);
        Assert.NotNull(placement.Find("compute1:sev_snp"));

        placement.Remove(placement.Find(ProviderName)!.Uuid);
        await agent.PublishAsync(false, Ct);
        Assert.Equal(Given.Root, placement.Find(ProviderName)!.Parent);
    }

    [Fact]
    public async Task Usage_that_fell_without_any_sign_is_noticed_in_the_next_rounds()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        placement.SetUsed(ProviderName, "CUSTOM_SEV_ASID", 2);
        facts = Given.Facts(sev: 0);
        await agent.PublishAsync(false, Ct);
        Assert.Equal(8, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["reserved"]!);
        placement.Find(ProviderName)!.Used["CUSTOM_SEV_ASID"] = 1;
        await agent.PublishAsync(false, Ct);
        Assert.Equal(9, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["reserved"]!);
    }

    [Fact]
    public async Task A_steady_hour_with_servers_costs_at_most_two_requests_a_minute()
    {
        facts = Given.Facts(sev: 10, sevEs: 9, sevInUse: 1, sevEsInUse: 1);
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        placement.SetUsed(ProviderName, "CUSTOM_SEV_ASID", 1);
        placement.SetUsed("compute1:sev_snp", "CUSTOM_SEV_SNP_ASID", 1);
        for (int settle = 0; settle < 4; settle++)
            await agent.PublishAsync(false, Ct);
        int before = placement.Requests.Count;
        for (int round = 0; round < 60; round++)
            await agent.PublishAsync(false, Ct);
        Assert.InRange(placement.Requests.Count - before, 60, 120);
    }

    [Fact]
    public async Task A_provider_that_vanishes_while_it_is_read_is_read_again()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        placement.Find(ProviderName)!.Generation++;
        placement.BeforeDetails = () =>
        {
            placement.BeforeDetails = null;
            placement.Remove(placement.Find(ProviderName)!.Uuid);
        };
        Assert.Equal(PublishResult.Applied, (await agent.PublishAsync(false, Ct)).Result);
        Assert.NotNull(placement.Find(ProviderName));
    }

    [Fact]
    public async Task A_full_disk_stops_no_publication()
    {
        Directory.CreateDirectory(Path.Join(folder, "capacity.json.new"));
        PublishOutcome outcome = await Agent().PublishAsync(false, Ct);
        Assert.Equal(PublishResult.Applied, outcome.Result);
        Assert.Contains(outcome.Findings, finding => finding.Code == CapacityCodes.StateNotSaved);
    }

    [Fact]
    public async Task A_compute_id_that_holds_no_UUID_is_waited_for_and_no_name_is_tried()
    {
        Directory.CreateDirectory(Path.Join(folder, "var/lib/nova"));
        await File.WriteAllTextAsync(Path.Join(folder, "var/lib/nova/compute_id"), "", Ct);
        NodeNotFoundException e = await Assert.ThrowsAsync<NodeNotFoundException>(() => Agent().PublishAsync(false, Ct));
        Assert.Contains("compute_id is there but holds no UUID", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_says_what_it_would_write_and_writes_nothing()
    {
        PublishOutcome outcome = await Agent().PublishAsync(dryRun: true, Ct);
        Assert.Equal(PublishResult.Planned, outcome.Result);
        Assert.Null(placement.Find(ProviderName));
        Assert.DoesNotContain(placement.Requests, request => request.StartsWith("PUT", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Three_reverts_in_a_row_are_another_writer()
    {
        CapacityPublisher agent = Agent();
        PublishOutcome outcome = await agent.PublishAsync(false, Ct);
        for (int round = 0; round < 4; round++)
        {
            Assert.Equal(round > 3, outcome.Findings.Any(finding => finding.Code == CapacityCodes.AnotherWriter));
            FakePlacement.Provider guard = placement.Find(ProviderName)!;
            guard.Inventories["CUSTOM_SEV_ASID"]["total"] = 99;
            guard.Generation++;
            outcome = await agent.PublishAsync(false, Ct);
        }

        Assert.Contains(outcome.Findings, finding => finding.Code == CapacityCodes.AnotherWriter);
    }

    [Fact]
    public async Task An_allocation_taken_in_between_keeps_a_withdrawn_inventory()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        facts = Given.Facts(sev: 0) with { KvmAmd = new KvmAmdParameters(false, false, false, 0) };
        placement.BeforeWrite = _ =>
        {
            placement.BeforeWrite = null;
            placement.SetUsed(ProviderName, "CUSTOM_SEV_ASID", 1);
        };
        Assert.Equal(PublishResult.Conflict, (await agent.PublishAsync(false, Ct)).Result);
        await agent.PublishAsync(false, Ct);
        Assert.Equal(9, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["reserved"]!);
    }

    [Fact]
    public async Task Usage_is_asked_again_when_only_the_machine_noticed_a_change()
    {
        CapacityPublisher agent = Agent();
        await agent.PublishAsync(false, Ct);
        placement.SetUsed(ProviderName, "CUSTOM_SEV_ASID", 3);
        facts = Given.Facts(sevInUse: 3);
        await agent.PublishAsync(false, Ct);
        // DELETE /allocations moves no generation
        placement.Find(ProviderName)!.Used["CUSTOM_SEV_ASID"] = 1;
        facts = Given.Facts(sevInUse: 2);
        await agent.PublishAsync(false, Ct);
        await agent.PublishAsync(false, Ct);
        Assert.Equal(1, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["reserved"]!);
    }

    [Fact]
    public async Task An_unknown_node_is_told_the_names_tried_and_the_nearest_that_exist()
    {
        options.NodeName = "compuet1";
        placement.Add("compute2");
        placement.Add("compute30");
        placement.Add("zz-far-away-from-it-all");
        NodeNotFoundException e = await Assert.ThrowsAsync<NodeNotFoundException>(() => Agent().PublishAsync(false, Ct));
        Assert.Equal(
            "no resource provider is this node; tried 'compuet1'; the nearest that exist are 'compute1', 'compute2', 'compute30'", e.Message);
    }

    [Fact]
    public async Task An_outage_is_transient_and_says_which_service()
    {
        placement.Outage = HttpStatusCode.InternalServerError;
        OpenStackApiException e = await Assert.ThrowsAsync<OpenStackApiException>(() => Agent().PublishAsync(false, Ct));
        Assert.True(e.IsTransient);
        Assert.Contains("placement", e.Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task What_was_confirmed_survives_a_restart()
    {
        facts = Given.Facts(sevInUse: 0);
        await Agent().PublishAsync(false, Ct);
        facts = Given.Facts(sevInUse: 2);
        await Agent().PublishAsync(false, Ct);
        Assert.Equal(0, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["reserved"]!);
        await Agent().PublishAsync(false, Ct);
        Assert.Equal(2, (int)placement.Find(ProviderName)!.Inventories["CUSTOM_SEV_ASID"]["reserved"]!);
    }

    [Fact]
    public async Task Without_a_configured_name_libvirts_is_tried_first_and_the_hosts_own_next()
    {
        options.NodeName = null;
        Directory.CreateDirectory(Path.Join(folder, "etc"));
        await File.WriteAllTextAsync(Path.Join(folder, "etc/hostname"), "other.example.org\n", Ct);
        libvirtHostName = Given.Node;
        placement.Add("other");
        Assert.Equal(Given.Node, (await Agent().PublishAsync(false, Ct)).Desired.RootName);
        libvirtHostName = null;
        Assert.Equal("other", (await Agent().PublishAsync(false, Ct)).Desired.RootName);
        libvirtHostName = "compute9";
        Assert.Equal("other", (await Agent().PublishAsync(false, Ct)).Desired.RootName);
    }

    [Fact]
    public void Every_code_has_a_line_in_the_README()
    {
        string readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Agent", "README.md"));
        Assert.All(CapacityCodes.All, code => Assert.Contains($"`{code}`", readme, StringComparison.Ordinal));
    }

    private CapacityPublisher Agent() => new(
        () => facts, ct => NodeIdentity.ReadAsync(options, folder, libvirtHostName, ct), new PlacementMirror(cloud.Placement), state, options);
}
