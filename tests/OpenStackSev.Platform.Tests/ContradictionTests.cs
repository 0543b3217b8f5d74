namespace OpenStackSev.Platform.Tests;

/// <summary>For each contradiction, facts in which nothing else is wrong.</summary>
public class ContradictionTests
{
    private const uint All = Given.Sev | Given.SevEs | Given.SevSnp;

    internal static readonly Dictionary<string, PlatformFacts> Vectors = new(StringComparer.Ordinal)
    {
        [PlatformCodes.UnknownProcessor] = Given.Facts() with { Processor = Given.Processor(null) },
        [PlatformCodes.CpuidMinimumAboveMaximum] = Given.Facts() with
        {
            Processor = Given.Processor(EpycProduct.Milan, All, maximum: 509, minimum: 600),
            AsidCapacity = new(0, 599),
            AsidCurrent = null,
            Virtualization = null,
        },
        [PlatformCodes.CpuidSnpWithoutSevEs] = Given.Facts() with
        {
            Processor = Given.Processor(EpycProduct.Milan, Given.Sev | Given.SevSnp),
            KvmAmd = new(true, false, false, 0),
        },
        [PlatformCodes.KvmSevWithoutCpuid] = Given.Facts() with { Processor = Given.Processor(EpycProduct.Milan, Given.SevEs | Given.SevSnp) },
        [PlatformCodes.KvmSevEsWithoutCpuid] = Given.Facts() with
        {
            Processor = Given.Processor(EpycProduct.Milan, Given.Sev),
            KvmAmd = new(true, true, false, 0),
        },
        [PlatformCodes.KvmSevSnpWithoutCpuid] = Given.Facts() with { Processor = Given.Processor(EpycProduct.Milan, Given.Sev | Given.SevEs) },
        [PlatformCodes.KvmSevEsWithoutSev] = Given.Facts() with { KvmAmd = new(false, true, true, 0), AsidCapacity = null, Virtualization = null },
        [PlatformCodes.KvmSevSnpWithoutSevEs] = Given.Facts() with { KvmAmd = new(true, false, true, 0) },
        [PlatformCodes.KvmSevEsWithoutAsids] = Given.Facts() with
        {
            Processor = Given.Processor(EpycProduct.Milan, All, maximum: 509, minimum: 1),
            AsidCapacity = new(509, 0),
            AsidCurrent = null,
            Virtualization = null,
        },
        [PlatformCodes.CapacitySevDisagrees] = Given.Facts() with { AsidCapacity = new(409, 99) },
        [PlatformCodes.CapacitySevEsDisagrees] = Given.Facts() with { AsidCapacity = new(410, 98) },
        [PlatformCodes.CapacitySevAbsent] = Given.Facts() with { AsidCapacity = new(0, 99), AsidCurrent = null },
        [PlatformCodes.CapacitySevEsAbsent] = Given.Facts() with { AsidCapacity = new(410, 0), AsidCurrent = null },
        [PlatformCodes.CapacityWithoutKvm] = Given.Facts() with { KvmAmd = new(false, false, false, 0), Virtualization = null },
        [PlatformCodes.CurrentAboveCapacity] = Given.Facts() with { AsidCurrent = new(411, 0) },
        [PlatformCodes.CiphertextHidingAbovePool] = Given.Facts() with
        {
            KvmAmd = new(true, true, true, 100),
            SnpPlatformStatus = Given.Status() with { CiphertextHidingEnabled = true },
        },
        [PlatformCodes.CiphertextHidingDisagrees] = Given.Facts() with
        {
            SnpPlatformStatus = Given.Status() with { CiphertextHidingEnabled = true },
        },
        [PlatformCodes.SnpNotInitialized] = Given.Facts() with { SnpPlatformStatus = Given.Status() with { RmpInitialized = false } },
        [PlatformCodes.LibvirtSevDisagrees] = Given.Facts() with { Virtualization = Given.Virtualization(409, 99) },
        [PlatformCodes.LibvirtSevEsDisagrees] = Given.Facts() with { Virtualization = Given.Virtualization(410, 98) },
        [PlatformCodes.LibvirtWithoutSev] = Given.Facts() with { Virtualization = Given.Virtualization(410, 99, supported: false) },
        [PlatformCodes.LibvirtSevWithoutKvm] = Given.Facts() with { KvmAmd = new(false, false, false, 0), AsidCapacity = new(0, 0), AsidCurrent = null },
        [PlatformCodes.NoSnpFirmware] = Given.Facts() with
        {
            SnpFirmware = [.. Given.Facts().SnpFirmware.Select(f => f with { LoadedAsMemory = false })],
        },
    };

    public static TheoryData<string> Codes => [.. Vectors.Keys];

    [Theory, MemberData(nameof(Codes))]
    public void A_contradiction_is_told_by_its_code_alone(string code)
    {
        PlatformFinding finding = Assert.Single(PlatformConsistency.Check(Vectors[code]));

        Assert.Equal(code, finding.Code);
        Assert.NotEmpty(finding.Detail);
    }

    [Fact]
    public void Facts_that_agree_have_no_contradiction() => Assert.Empty(PlatformConsistency.Check(Given.Facts()));

    [Fact]
    public void Facts_that_are_not_known_contradict_nothing()
    {
        PlatformFacts nothing = Given.Facts() with
        {
            Processor = null,
            KvmAmd = null,
            AsidCapacity = null,
            AsidCurrent = null,
            SnpPlatformStatus = null,
            SnpFirmware = [],
        };
        Assert.Empty(PlatformConsistency.Check(nothing));
    }

    [Fact]
    public void More_SEV_ES_guests_than_ASIDs_are_a_contradiction_too() =>
        Assert.Equal(PlatformCodes.CurrentAboveCapacity,
            Assert.Single(PlatformConsistency.Check(Given.Facts() with { AsidCurrent = new(0, 100) })).Code);

    [Fact]
    public void An_unknown_processor_without_SEV_is_nobodys_business() =>
        Assert.Empty(PlatformConsistency.Check(Given.Facts() with
        {
            Processor = Given.Processor(null, eax: 0),
            KvmAmd = new(false, false, false, 0),
            AsidCapacity = new(0, 0),
            AsidCurrent = new(0, 0),
            Virtualization = null,
        }));

    [Fact]
    public void Without_the_kernels_word_libvirt_is_held_to_the_processors()
    {
        PlatformFacts facts = Given.Facts() with { AsidCapacity = null, AsidCurrent = null, Virtualization = Given.Virtualization(411, 99) };
        PlatformFinding finding = Assert.Single(PlatformConsistency.Check(facts));
        Assert.Equal(PlatformCodes.LibvirtSevDisagrees, finding.Code);
        Assert.Contains("411", finding.Detail, StringComparison.Ordinal);
        Assert.Contains("410", finding.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void A_libvirt_that_counts_nothing_contradicts_nothing() =>
        Assert.Empty(PlatformConsistency.Check(Given.Facts() with
        {
            Virtualization = Given.Facts().Virtualization! with { Capabilities = new DomainCapabilities(null, null, null, []) },
        }));
}
