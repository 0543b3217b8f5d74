using OpenStackSev.Agent.Capacity;
using OpenStackSev.Api.Capacity;

namespace OpenStackSev.Agent.Tests.Capacity;

public sealed class ProviderChangesTests
{
    private const EncryptionModel Sev = EncryptionModel.AmdSev;

    [Fact]
    public void A_node_that_matches_needs_no_write()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0);
        Assert.True(ProviderChanges.Between(node, node.Tree).IsEmpty);
    }

    [Fact]
    public void A_new_provider_is_created_then_filled_then_named_by_traits()
    {
        ProviderTree desired = Given.Projected(Given.Empty((Sev, 10))).Desired;
        ProviderChanges changes = ProviderChanges.Between(Given.Empty(), desired);
        Assert.Equal(
            [typeof(CreateProvider), typeof(ReplaceInventories), typeof(ReplaceTraits), typeof(ReplaceTraits)],
            changes.Steps.Select(step => step.GetType()));
        Assert.Equal(["CUSTOM_SEV_ASID"], changes.NewNames.ResourceClasses);
        Assert.Equal(["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_SEV", "CUSTOM_SEV_CPU_MILAN"], changes.NewNames.Traits);
    }

    [Fact]
    public void Traits_of_others_survive_and_only_the_closed_lists_are_ours()
    {
        ObservedNode node = Given.Empty() with { AllRootTraits = ["COMPUTE_NODE", "CUSTOM_SEV_CPU_ROME", "CUSTOM_SEV_POOL_A", "CUSTOM_SEV_TRUSTED"] };
        ProviderTree desired = node.Tree with { RootFacts = ["CUSTOM_SEV_CPU_MILAN"] };
        ReplaceTraits change = Assert.IsType<ReplaceTraits>(Assert.Single(ProviderChanges.Between(node, desired).Steps));
        Assert.Equal(["COMPUTE_NODE", "CUSTOM_SEV_CPU_MILAN", "CUSTOM_SEV_POOL_A", "CUSTOM_SEV_TRUSTED"], change.After);
        Assert.Equal("~ traits compute1: +CUSTOM_SEV_CPU_MILAN -CUSTOM_SEV_CPU_ROME", change.Describe());
    }

    [Fact]
    public void Traits_of_others_on_our_providers_survive()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0);
        Guid uuid = node.Tree.Guards[Sev].Uuid;
        node = node with { AllGuardTraits = node.AllGuardTraits.SetItem(uuid, ["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_RACK_7"]) };
        ReplaceTraits change = Assert.IsType<ReplaceTraits>(Assert.Single(ProviderChanges.Between(node, node.Tree).Steps));
        Assert.Equal(["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_RACK_7", "CUSTOM_SEV"], change.After);
    }

    [Fact]
    public void An_inventory_that_somebody_changed_is_put_back()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0);
        GuardProvider guard = node.Tree.Guards[Sev];
        ObservedNode meddled = node with
        {
            Tree = node.Tree with
            {
                Guards = node.Tree.Guards.SetItem(Sev, guard with
                {
                    Inventories = guard.Inventories.SetItem("CUSTOM_SEV_ASID", GuardProvider.AsidInventory(10, 0) with { AllocationRatio = 16.0f }),
                }),
            },
        };
        Assert.IsType<ReplaceInventories>(Assert.Single(ProviderChanges.Between(meddled, node.Tree).Steps));
    }

    [Fact]
    public void A_provider_below_a_former_root_moves()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0);
        ObservedNode orphaned = node with
        {
            Tree = node.Tree with { Guards = node.Tree.Guards.SetItem(Sev, node.Tree.Guards[Sev] with { Parent = Guid.NewGuid() }) },
        };
        Assert.IsType<MoveProvider>(Assert.Single(ProviderChanges.Between(orphaned, node.Tree).Steps));
    }

    [Fact]
    public void ASIDs_that_move_to_another_model_are_taken_away_first()
    {
        ObservedNode node = Given.Empty((EncryptionModel.AmdSevEs, 20), (EncryptionModel.AmdSevSnp, 20))
            .WithGuard(EncryptionModel.AmdSevEs, total: 5, reserved: 0, used: 0).WithGuard(EncryptionModel.AmdSevSnp, total: 15, reserved: 0, used: 0);
        ProviderTree desired = Given.Projected(
            node, Given.Pools(sev: 0, sevEs: 20, sevSnp: 20, shared: true), new CapacityOptions { EsShare = 12 }).Desired;
        Assert.Equal(["compute1:sev_snp", "compute1:sev_es"],
            ProviderChanges.Between(node, desired).Steps.OfType<ReplaceInventories>().Select(step => step.Name));
    }

    [Fact]
    public void Every_change_says_what_it_does()
    {
        ProviderChanges changes = ProviderChanges.Between(Given.Empty(), Given.Projected(Given.Empty((Sev, 10))).Desired);
        Assert.Equal(
            [
                $"+ provider compute1:sev ({ProviderIdentity.Of("compute1:sev")}) below {Given.Root}",
                "~ inventory compute1:sev CUSTOM_SEV_ASID: none → total 10 reserved 0",
                "~ traits compute1:sev: +CUSTOM_OWNER_OPENSTACKSEV +CUSTOM_SEV",
                "~ traits compute1: +CUSTOM_SEV_CPU_MILAN",
            ],
            changes.Describe());
    }
}
