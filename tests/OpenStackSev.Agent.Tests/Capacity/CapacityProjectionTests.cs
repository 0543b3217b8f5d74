using System.Collections.Immutable;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Tests.Capacity;

public sealed class CapacityProjectionTests
{
    private const EncryptionModel Sev = EncryptionModel.AmdSev;
    private const EncryptionModel Es = EncryptionModel.AmdSevEs;
    private const EncryptionModel Snp = EncryptionModel.AmdSevSnp;

    [Fact]
    public void A_model_that_Nova_launches_is_offered_in_whole_ASIDs()
    {
        CapacityProjection projection = Given.Projected(Given.Empty((Sev, 10)));
        Assert.Equal(new Inventory(10, 0, 1, 1, 1, 1.0f), projection.Of(Sev));
        Assert.Equal(["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_SEV"], projection.Desired.Guards[Sev].Traits);
        Assert.Equal("compute1:sev", projection.Desired.Guards[Sev].Name);
        Assert.Empty(projection.Findings);
    }

    [Fact]
    public void A_model_that_Nova_cannot_launch_is_shown_but_not_consumable()
    {
        CapacityProjection projection = Given.Projected(Given.Empty((Sev, 10)), Given.Pools(sev: 10, sevSnp: 7));
        Assert.Equal(GuardProvider.AsidInventory(7, 7), projection.Of(Snp));
        Assert.Equal(CapacityCodes.NotLaunchable, Assert.Single(projection.Findings).Code);
    }

    [Fact]
    public void An_operator_who_says_that_Nova_launches_a_model_is_believed()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Sev, 10)), Given.Pools(sev: 10, sevSnp: 7), new CapacityOptions { Launches = "amd-sev-snp" });
        Assert.Equal(GuardProvider.AsidInventory(7, 0), projection.Of(Snp));
        Assert.Empty(projection.Findings);
    }

    [Theory]
    [InlineData(0, null, 99)]
    [InlineData(20, 20, 79)]
    [InlineData(99, 99, null)]
    [InlineData(500, 99, null)]
    public void The_pool_of_SEV_ES_and_SEV_SNP_is_split_and_never_published_twice(int share, int? es, int? snp)
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Es, 99), (Snp, 99)), Given.Pools(sev: 0, sevEs: 99, sevSnp: 99, shared: true), new CapacityOptions { EsShare = share });
        Assert.Equal(es, projection.Of(Es)?.Total);
        Assert.Equal(snp, projection.Of(Snp)?.Total);
    }

    [Fact]
    public void Pools_divided_by_ciphertext_hiding_are_published_side_by_side()
    {
        CapacityProjection projection = Given.Projected(Given.Empty((Es, 40), (Snp, 59)), Given.Pools(sev: 0, sevEs: 40, sevSnp: 59));
        Assert.Equal(40, projection.Of(Es)?.Total);
        Assert.Equal(59, projection.Of(Snp)?.Total);
    }

    [Fact]
    public void Guests_without_an_allocation_are_reserved()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 2), facts: Given.Facts(sevInUse: 5));
        Assert.Equal(3, projection.Of(Sev)?.Reserved);
        Assert.Equal(CapacityCodes.ForeignGuests, Assert.Single(projection.Findings).Code);
    }

    [Fact]
    public void A_count_of_foreign_guests_is_believed_only_when_seen_twice()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0);
        CapacityProjection first = Given.Projected(node, seen: new ForeignGuestCount(0, 0, 0, 0), facts: Given.Facts(sevInUse: 1));
        Assert.Equal(0, first.Of(Sev)?.Reserved);
        CapacityProjection second = Given.Projected(node, seen: first.ForeignGuests, facts: Given.Facts(sevInUse: 1));
        Assert.Equal(1, second.Of(Sev)?.Reserved);
    }

    [Fact]
    public void A_boot_that_flaps_between_two_rounds_reserves_nothing()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0);
        ForeignGuestCount seen = new(0, 0, 0, 0);
        foreach (uint inUse in new uint[] { 1, 0, 1, 0, 2, 0 })
        {
            CapacityProjection round = Given.Projected(node, seen: seen, facts: Given.Facts(sevInUse: inUse));
            Assert.Equal(0, round.Of(Sev)?.Reserved);
            seen = round.ForeignGuests;
        }
    }

    [Fact]
    public void A_count_that_keeps_rising_is_followed_one_round_behind()
    {
        ForeignGuestCount seen = new(0, 0, 0, 0);
        ObservedNode node = Given.Empty((Sev, 20)).WithGuard(Sev, total: 20, reserved: 0, used: 0);
        foreach (uint inUse in new uint[] { 10, 11, 12, 13 })
        {
            CapacityProjection round = Given.Projected(node, Given.Pools(sev: 20), seen: seen, facts: Given.Facts(sev: 20, sevInUse: inUse));
            Assert.Equal(inUse == 10 ? 0 : (int)inUse - 1, round.Of(Sev)?.Reserved);
            seen = round.ForeignGuests;
        }
    }

    [Fact]
    public void After_an_unreadable_round_a_lower_count_needs_confirmation_too()
    {
        ForeignGuestCount seen = new(-1, -1, 3, 0);
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 3, used: 0);
        Assert.Equal(3, Given.Projected(node, seen: seen, facts: Given.Facts(sevInUse: 1)).Of(Sev)?.Reserved);
    }

    [Fact]
    public void Foreign_guests_that_no_longer_fit_into_SEV_SNP_are_taken_from_SEV_ES()
    {
        ObservedNode node = Given.Empty((Es, 20), (Snp, 20))
            .WithGuard(Snp, total: 15, reserved: 0, used: 14).WithGuard(Es, total: 5, reserved: 0, used: 0);
        CapacityProjection projection = Given.Projected(
            node, Given.Pools(sev: 0, sevEs: 20, sevSnp: 20, shared: true), new CapacityOptions { EsShare = 5 }, Given.Facts(sevEsInUse: 18));
        Assert.Equal(GuardProvider.AsidInventory(15, 1), projection.Of(Snp));
        Assert.Equal(GuardProvider.AsidInventory(5, 3), projection.Of(Es));
    }

    [Fact]
    public void A_pool_of_which_Nova_launches_only_SEV_ES_is_all_SEV_ES()
    {
        CapacityProjection projection = Given.Projected(Given.Empty((Es, 20)), Given.Pools(sev: 0, sevEs: 20, sevSnp: 20, shared: true));
        Assert.Equal(GuardProvider.AsidInventory(20, 0), projection.Of(Es));
        Assert.Null(projection.Of(Snp));
    }

    [Fact]
    public void Without_a_count_of_guests_the_confirmed_reserve_stays()
    {
        ObservedNode node = Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 3, used: 0);
        CapacityProjection round = Given.Projected(
            node, seen: new ForeignGuestCount(3, 0, 3, 0), facts: Given.Facts() with { AsidCurrent = null });
        Assert.Equal(3, round.Of(Sev)?.Reserved);
    }

    [Fact]
    public void Foreign_guests_of_a_shared_pool_are_taken_from_SEV_SNP_first()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Es, 20), (Snp, 20)), Given.Pools(sev: 0, sevEs: 20, sevSnp: 20, shared: true),
            new CapacityOptions { EsShare = 15 }, Given.Facts(sevEsInUse: 7));
        Assert.Equal(GuardProvider.AsidInventory(5, 5), projection.Of(Snp));
        Assert.Equal(GuardProvider.AsidInventory(15, 2), projection.Of(Es));
    }

    [Fact]
    public void SEV_ES_servers_that_outlive_their_share_are_taken_from_SEV_SNP()
    {
        ObservedNode node = Given.Empty((Snp, 20)).WithGuard(Es, total: 20, reserved: 0, used: 4);
        CapacityProjection projection = Given.Projected(node, Given.Pools(sev: 0, sevEs: 0, sevSnp: 20));
        Assert.Equal(GuardProvider.AsidInventory(20, 4), projection.Of(Snp));
    }

    [Theory, InlineData(1), InlineData(30)]
    public void The_operators_reserve_comes_on_top_and_stops_at_the_total(int reserve)
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Sev, 10)), options: new CapacityOptions { ReservedSev = reserve }, facts: Given.Facts(sevInUse: 2));
        Assert.Equal(Math.Min(10, reserve + 2), projection.Of(Sev)?.Reserved);
    }

    [Fact]
    public void A_reserve_never_stands_in_the_way_of_moving_the_allocations_that_exist()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty().WithGuard(Sev, total: 10, reserved: 0, used: 4), facts: Given.Facts(sevInUse: 4));
        Assert.Equal(GuardProvider.AsidInventory(10, 6), projection.Of(Sev));
    }

    [Fact]
    public void A_host_that_lost_a_model_deletes_a_free_inventory()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Sev, 10)).WithGuard(Sev, total: 10, reserved: 0, used: 0), Given.Pools(sev: 0));
        Assert.Null(projection.Of(Sev));
        Assert.Equal([SevTraits.Owner], projection.Desired.Guards[Sev].Traits);
        Assert.Equal(
            [CapacityCodes.Withdrawn, CapacityCodes.NovaOffersUnusable], projection.Findings.Select(finding => finding.Code).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_host_that_lost_a_model_keeps_what_is_allocated_and_offers_nothing()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty().WithGuard(Sev, total: 10, reserved: 0, used: 4), Given.Pools(sev: 0));
        Assert.Equal(GuardProvider.AsidInventory(10, 6), projection.Of(Sev));
        Assert.Equal(CapacityCodes.Withdrawn, Assert.Single(projection.Findings).Code);
    }

    [Fact]
    public void A_withdrawn_model_is_reported_as_long_as_its_provider_is_there()
    {
        ObservedNode node = Given.Empty().WithGuard(Sev, total: 10, reserved: 0, used: 0);
        node = node with
        {
            Tree = node.Tree with
            {
                Guards = node.Tree.Guards.SetItem(Sev, node.Tree.Guards[Sev] with { Inventories = ImmutableSortedDictionary<string, Inventory>.Empty }),
            },
        };
        Assert.Equal(CapacityCodes.Withdrawn, Assert.Single(Given.Projected(node, Given.Pools(sev: 0)).Findings).Code);
    }

    [Fact]
    public void A_host_that_shrank_below_its_usage_still_lets_its_servers_move()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Sev, 3)).WithGuard(Sev, total: 10, reserved: 0, used: 5), Given.Pools(sev: 3));
        Assert.Equal(GuardProvider.AsidInventory(5, 0), projection.Of(Sev));
        Assert.Equal(CapacityCodes.ShrunkBelowUsage, Assert.Single(projection.Findings).Code);
    }

    [Fact]
    public void A_name_that_belongs_to_somebody_else_is_left_alone()
    {
        ObservedNode node = Given.Empty((Sev, 10)) with
        {
            TakenNames = ImmutableSortedDictionary<EncryptionModel, Guid>.Empty.Add(Sev, Guid.NewGuid()),
        };
        CapacityProjection projection = Given.Projected(node);
        Assert.Empty(projection.Desired.Guards);
        Assert.Equal(CapacityCodes.NameTaken, Assert.Single(projection.Findings).Code);
    }

    [Theory]
    [InlineData(int.MaxValue, CapacityCodes.NovaOvercommits)]
    [InlineData(11, CapacityCodes.NovaOvercommits)]
    [InlineData(9, CapacityCodes.NovaUndercounts)]
    public void A_wrong_number_of_Nova_is_reported(int nova, string code) =>
        Assert.Equal(code, Assert.Single(Given.Projected(Given.Empty((Sev, nova))).Findings).Code);

    [Fact]
    public void Nova_offering_one_pool_twice_is_reported()
    {
        CapacityProjection projection = Given.Projected(
            Given.Empty((Es, 20), (Snp, 20)), Given.Pools(sev: 0, sevEs: 20, sevSnp: 20, shared: true), new CapacityOptions { EsShare = 5 });
        Assert.Equal(CapacityCodes.NovaSharesPool, Assert.Single(projection.Findings).Code);
    }

    [Fact]
    public void A_model_that_Nova_offers_and_the_host_lacks_is_reported() =>
        Assert.Equal(CapacityCodes.NovaOffersUnusable, Assert.Single(Given.Projected(Given.Empty((Sev, 10), (Es, 5))).Findings).Code);

    [Fact]
    public void A_host_without_any_encryption_gets_no_provider_at_all()
    {
        CapacityProjection projection = Given.Projected(Given.Empty(), Given.Pools(sev: 0));
        Assert.Empty(projection.Desired.Guards);
    }

    [Fact]
    public void Only_facts_that_were_read_become_traits()
    {
        PlatformFacts facts = Given.Facts();
        Assert.Equal(["CUSTOM_SEV_CPU_MILAN"], RootFactTraits.Of(facts));
        Assert.Empty(RootFactTraits.Of(facts with { Processor = null, SmtActive = null, IommuPresent = null }));
        Assert.Equal(
            ["CUSTOM_SEV_ALIAS_CHECKED", "CUSTOM_SEV_CIPHERTEXT_HIDING", "CUSTOM_SEV_CPU_TURIN", "CUSTOM_SEV_IOMMU", "CUSTOM_SEV_SMT_OFF"],
            RootFactTraits.Of(facts with
            {
                Processor = facts.Processor! with { Product = EpycProduct.Turin },
                SmtActive = false,
                IommuPresent = true,
                KvmAmd = facts.KvmAmd! with { CiphertextHidingAsids = 5 },
                SnpPlatformStatus = Given.SnpStatus() with { CiphertextHidingEnabled = true },
            }));
    }

    [Fact]
    public void A_simulated_machine_says_so() => Assert.Equal(
        CapacityCodes.Simulated,
        Assert.Single(Given.Projected(Given.Empty((Sev, 10)), facts: Given.Facts() with { Simulated = true }).Findings).Code);

    [Fact]
    public void A_product_newer_than_the_closed_list_gets_no_trait()
    {
        PlatformFacts facts = Given.Facts();
        Assert.Empty(RootFactTraits.Of(facts with { Processor = facts.Processor! with { Product = EpycProduct.Venice } }));
    }
}
