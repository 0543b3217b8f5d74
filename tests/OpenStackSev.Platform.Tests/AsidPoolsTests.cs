using static OpenStackSev.Platform.Tests.Healthy;

namespace OpenStackSev.Platform.Tests;

public sealed class AsidPoolsTests
{
    [Fact]
    public void Sev_es_and_snp_share_one_pool_that_is_counted_once()
    {
        AsidPools pools = AsidPools.From(Milan);

        Assert.Equal((Sev, SevEs, SevEs, true), (pools.Sev, pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal(SevEs, pools.SevEsAndSnp);
        Assert.Equal((3u, 2u), (pools.SevInUse, pools.SevEsAndSnpInUse));
        Assert.Empty(pools.Findings);
    }

    [Fact]
    public void A_model_that_kvm_has_off_gets_nothing()
    {
        Assert.Equal(0u, AsidPools.From(Milan.WithKvm(k => k with { Sev = false })).Sev);
        Assert.Equal(0u, AsidPools.From(Milan.WithKvm(k => k with { SevEs = false })).SevEs);
        AsidPools withoutSnp = AsidPools.From(Milan.WithKvm(k => k with { SevSnp = false }));
        Assert.Equal((SevEs, 0u, false), (withoutSnp.SevEs, withoutSnp.SevSnp, withoutSnp.SevEsAndSnpShare));
    }

    [Fact]
    public void A_parameter_that_this_kernel_lacks_is_off()
    {
        AsidPools pools = AsidPools.From(Milan.WithKvm(_ => new KvmAmdParameters(true, null, null, null)));

        Assert.Equal((Sev, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
    }

    [Fact]
    public void Without_kvm_amd_there_are_no_pools()
    {
        AsidPools pools = AsidPools.From(Milan with { KvmAmd = null });

        Assert.Equal((0u, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
    }

    [Fact]
    public void Snp_needs_the_processor_too()
    {
        AsidPools pools = AsidPools.From(Milan.WithLeaf(leaf => leaf with { Eax = leaf.Eax & ~0x10u }));

        Assert.Equal(0u, pools.SevSnp);
        Assert.Equal(0u, AsidPools.From(Milan with { Processor = null }).SevSnp);
    }

    [Theory]
    [InlineData(EpycProduct.Milan, 0xDB1A_0000_0000_0004, false)]
    [InlineData(EpycProduct.Milan, 0xDB1B_0000_0000_0004, true)]
    [InlineData(EpycProduct.Genoa, 0x541B_0000_0000_0009, true)]
    [InlineData(EpycProduct.Bergamo, 0x541B_0000_0000_0009, true)]
    [InlineData(EpycProduct.Siena, 0x541C_0000_0000_0009, true)]
    [InlineData(EpycProduct.Siena, 0x541A_0000_FFFF_FFFF, false)]
    [InlineData(EpycProduct.Turin, 0xFFFF_FFFF_03FF_FFFF, false)]
    [InlineData(EpycProduct.Turin, 0x0000_0000_0400_0000, true)]
    [InlineData(EpycProduct.Venice, 0x0000_0000_FF00_0000, false)]
    public void Firmware_past_cve_2025_48514_has_no_sev_es_while_snp_is_on(EpycProduct product, ulong currentTcb, bool withdrawn)
    {
        AsidPools pools = AsidPools.From(Milan.With(product, currentTcb));

        Assert.Equal(withdrawn ? 0u : SevEs, pools.SevEs);
        Assert.Equal(SevEs, pools.SevSnp);
        Assert.Equal(!withdrawn, pools.SevEsAndSnpShare);
        Assert.Equal(withdrawn ? [PlatformCodes.SevEsWithdrawn] : [], pools.Findings.Select(f => f.Code));
    }

    [Fact]
    public void The_reported_tcb_does_not_withdraw_sev_es()
    {
        AsidPools pools = AsidPools.From(Milan.WithStatus(s => s with { ReportedTcb = 0xDBFF_0000_0000_0004 }));

        Assert.Equal(SevEs, pools.SevEs);
    }

    [Fact]
    public void Firmware_past_the_cve_keeps_sev_es_where_snp_is_off()
    {
        PlatformFacts facts = Milan.With(EpycProduct.Milan, 0xDB1B_0000_0000_0004)
            .WithKvm(k => k with { SevSnp = false })
            .WithStatus(s => s with { RmpInitialized = false });

        Assert.Equal(SevEs, AsidPools.From(facts).SevEs);
    }

    [Fact]
    public void Firmware_past_the_cve_withdraws_sev_es_also_when_only_kvm_has_snp_off()
    {
        PlatformFacts facts = Milan.With(EpycProduct.Milan, 0xDB1B_0000_0000_0004).WithKvm(k => k with { SevSnp = false });

        Assert.Equal((0u, 0u), (AsidPools.From(facts).SevEs, AsidPools.From(facts).SevSnp));
    }

    [Fact]
    public void Sev_es_is_not_promised_while_snp_is_on_and_its_status_is_unknown()
    {
        AsidPools pools = AsidPools.From(Milan with { SnpPlatformStatus = null });

        Assert.Equal((0u, SevEs, false), (pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal([PlatformCodes.SevEsUnknown], pools.Findings.Select(f => f.Code));
    }

    [Fact]
    public void Sev_es_is_not_promised_on_a_processor_whose_tcb_layout_is_unknown()
    {
        AsidPools pools = AsidPools.From(Milan.With(product: null, 0));

        Assert.Equal(0u, pools.SevEs);
        Assert.Equal([PlatformCodes.SevEsUnknown], pools.Findings.Select(f => f.Code));
    }

    [Fact]
    public void Snp_is_not_promised_while_the_rmp_is_not_initialized()
    {
        AsidPools pools = AsidPools.From(Milan.WithStatus(s => s with { RmpInitialized = false }));

        Assert.Equal(0u, pools.SevSnp);
        Assert.Equal([PlatformCodes.SnpNotInitialized], pools.Findings.Select(f => f.Code));
    }

    [Theory]
    [InlineData(40u, 75u, 40u)]
    [InlineData(115u, 0u, 115u)]
    [InlineData(9999u, 0u, 115u)]
    public void Ciphertext_hiding_splits_the_pool(uint hidden, uint sevEs, uint sevSnp)
    {
        AsidPools pools = AsidPools.From(Turin.WithKvm(k => k with { CiphertextHidingAsids = hidden })
            .WithStatus(s => s with { CiphertextHidingEnabled = true }));

        Assert.Equal((sevEs, sevSnp, false), (pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal(SevEs, pools.SevEsAndSnp);
    }

    [Fact]
    public void Without_the_misc_controller_cpuid_counts_and_a_finding_says_so()
    {
        AsidPools pools = AsidPools.From(Milan with { AsidCapacity = null, AsidCurrent = null });

        Assert.Equal((Sev, SevEs, SevEs), (pools.Sev, pools.SevEs, pools.SevSnp));
        Assert.Null(pools.SevInUse);
        Assert.Equal([PlatformCodes.CapacityMissing], pools.Findings.Select(f => f.Code));
    }

    [Fact]
    public void Without_the_misc_controller_kvm_still_has_to_say_that_the_model_is_on()
    {
        AsidPools pools = AsidPools.From((Milan with { AsidCapacity = null }).WithKvm(k => k with { Sev = false, SevEs = null }));

        Assert.Equal((0u, 0u, SevEs), (pools.Sev, pools.SevEs, pools.SevSnp));
    }

    [Theory]
    [InlineData(PlatformCodes.CapacityMalformed)]
    [InlineData(PlatformCodes.CapacityUnreadable)]
    public void A_capacity_that_is_there_and_cannot_be_trusted_is_not_replaced_by_cpuid(string code)
    {
        var broken = new PlatformFinding(code, "sys/fs/cgroup/misc.capacity", "…");
        AsidPools pools = AsidPools.From(Milan with { AsidCapacity = null, AsidCurrent = null, Findings = [broken] });

        Assert.Equal((0u, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
        Assert.Equal([broken], pools.Findings);
    }

    [Fact]
    public void The_capacity_wins_over_cpuid_and_the_disagreement_is_told()
    {
        AsidPools pools = AsidPools.From(Milan with { AsidCapacity = new AsidCounts(400, 115) });

        Assert.Equal(400u, pools.Sev);
        Assert.Equal([PlatformCodes.CapacitySevDisagrees], pools.Findings.Select(f => f.Code));
    }
}
