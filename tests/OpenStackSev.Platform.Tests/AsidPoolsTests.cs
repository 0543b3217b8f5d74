namespace OpenStackSev.Platform.Tests;

public class AsidPoolsTests
{
    internal static readonly Dictionary<string, PlatformFacts> Vectors = new(StringComparer.Ordinal)
    {
        [PlatformCodes.SevEsWithdrawn] = Given.Facts() with { SnpPlatformStatus = Given.Status(snp: 0x1B) },
        [PlatformCodes.SevEsUnknown] = Given.Facts() with { SnpPlatformStatus = null },
    };

    public static TheoryData<string> Codes => [.. Vectors.Keys];

    [Theory, MemberData(nameof(Codes))]
    public void What_the_pools_lost_is_told_by_its_code_alone_and_SEV_ES_counts_nothing(string code)
    {
        AsidPools pools = AsidPools.From(Vectors[code]);

        Assert.Equal(code, Assert.Single(pools.Findings).Code);
        Assert.Equal((410u, 0u, 99u, false), (pools.Sev, pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal(99u, pools.SevEsAndSnp);
    }

    [Fact]
    public void SEV_ES_and_SEV_SNP_share_one_pool_that_counts_once()
    {
        AsidPools pools = AsidPools.From(Given.Facts());

        Assert.Equal((410u, 99u, 99u, true), (pools.Sev, pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal(99u, pools.SevEsAndSnp);
        Assert.Equal((3u, 2u), (pools.SevInUse, pools.SevEsAndSnpInUse));
        Assert.Empty(pools.Findings);
    }

    [Fact]
    public void Ciphertext_hiding_divides_the_pool()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with
        {
            KvmAmd = new(true, true, true, 40),
            SnpPlatformStatus = Given.Status() with { CiphertextHidingEnabled = true },
        });

        Assert.Equal((59u, 40u, false), (pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal(99u, pools.SevEsAndSnp);
        Assert.Empty(pools.Findings);
    }

    [Theory, InlineData(99u), InlineData(100u), InlineData(uint.MaxValue)]
    public void Ciphertext_hiding_of_the_whole_pool_or_more_leaves_none_to_SEV_ES(uint hidden)
    {
        AsidPools pools = AsidPools.From(Given.Facts() with
        {
            KvmAmd = new(true, true, true, hidden),
            SnpPlatformStatus = Given.Status() with { CiphertextHidingEnabled = true },
        });

        Assert.Equal((0u, 99u, false), (pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
    }

    [Fact]
    public void What_kvm_amd_has_off_counts_nothing()
    {
        AsidPools none = AsidPools.From(Given.Facts() with { KvmAmd = new(false, false, false, 0) });
        AsidPools onlySev = AsidPools.From(Given.Facts() with { KvmAmd = new(true, false, false, 0) });
        AsidPools withoutSnp = AsidPools.From(Given.Facts() with { KvmAmd = new(true, true, false, 0), SnpPlatformStatus = null });

        Assert.Equal((0u, 0u, 0u), (none.Sev, none.SevEs, none.SevSnp));
        Assert.Equal((410u, 0u, 0u), (onlySev.Sev, onlySev.SevEs, onlySev.SevSnp));
        Assert.Equal((410u, 99u, 0u, false), (withoutSnp.Sev, withoutSnp.SevEs, withoutSnp.SevSnp, withoutSnp.SevEsAndSnpShare));
        Assert.Empty(withoutSnp.Findings);
    }

    [Fact]
    public void Without_kvm_amd_nothing_counts()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with { KvmAmd = null });
        Assert.Equal((0u, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
    }

    [Fact]
    public void SEV_SNP_counts_only_when_the_processor_announces_it()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with { Processor = Given.Processor(EpycProduct.Milan, Given.Sev | Given.SevEs) });
        Assert.Equal(0u, pools.SevSnp);
    }

    [Fact]
    public void SEV_SNP_counts_nothing_while_the_RMP_is_not_initialized()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with { SnpPlatformStatus = Given.Status() with { RmpInitialized = false } });

        Assert.Equal((99u, 0u), (pools.SevEs, pools.SevSnp));
        Assert.Equal(PlatformCodes.SnpNotInitialized, Assert.Single(pools.Findings).Code);
    }

    [Fact]
    public void SEV_ES_is_withdrawn_by_an_initialized_RMP_even_when_kvm_amd_has_SNP_off()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with
        {
            KvmAmd = new(true, true, false, 0),
            SnpPlatformStatus = Given.Status(snp: 0x1B),
        });
        Assert.Equal(0u, pools.SevEs);
        Assert.Equal(PlatformCodes.SevEsWithdrawn, Assert.Single(pools.Findings).Code);
    }

    [Fact]
    public void SEV_ES_counts_nothing_beside_SNP_on_a_processor_that_is_not_known()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with { Processor = Given.Processor(null) });
        Assert.Equal((0u, 99u), (pools.SevEs, pools.SevSnp));
        Assert.Equal(PlatformCodes.SevEsUnknown, Assert.Single(pools.Findings).Code);
    }

    [Fact]
    public void A_kernel_without_the_misc_controller_is_counted_by_CPUID()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with { AsidCapacity = null, AsidCurrent = null });

        Assert.Equal((410u, 99u, 99u), (pools.Sev, pools.SevEs, pools.SevSnp));
        Assert.Null(pools.SevInUse);
        Assert.Null(pools.SevEsAndSnpInUse);
        Assert.Equal(PlatformCodes.CapacityMissing, Assert.Single(pools.Findings).Code);
    }

    [Theory, InlineData(PlatformCodes.CapacityUnreadable), InlineData(PlatformCodes.CapacityMalformed)]
    public void A_capacity_that_is_there_and_cannot_be_trusted_is_not_replaced_by_CPUID(string code)
    {
        AsidPools pools = AsidPools.From(Given.Facts() with
        {
            AsidCapacity = null,
            Findings = [new PlatformFinding(code, "misc.capacity", "broken")],
        });

        Assert.Equal((0u, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
        Assert.Equal(code, Assert.Single(pools.Findings).Code);
    }

    [Fact]
    public void Misc_capacity_is_the_truth_where_CPUID_says_otherwise()
    {
        AsidPools pools = AsidPools.From(Given.Facts() with { AsidCapacity = new(15, 7) });

        Assert.Equal((15u, 7u, 7u), (pools.Sev, pools.SevEs, pools.SevSnp));
        Assert.Equal([PlatformCodes.CapacitySevDisagrees, PlatformCodes.CapacitySevEsDisagrees], pools.Findings.Select(f => f.Code));
    }
}
