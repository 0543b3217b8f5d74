namespace OpenStackSev.Platform.Tests;

public class CpuidTests
{
    [Fact]
    public void A_processor_is_read_as_cpuid_prints_it()
    {
        ProcessorFacts facts = CpuidSource.Parse(HostFolder.Cpuid).Then(CpuidSource.Decode).Value;

        Assert.Equal("AuthenticAMD", facts.Vendor);
        Assert.Equal("AMD EPYC 713", facts.Brand);
        Assert.Equal((0x19, 0x01, 1, 4), (facts.Family, facts.Model, facts.Stepping, facts.PackageType));
        Assert.Equal(EpycProduct.Milan, facts.Product);
        Assert.Equal(new EncryptionLeaf(0x1A, 0xF073, 509, 100), facts.Encryption);
    }

    [Theory]
    [InlineData(0x17, 0x01, 0, EpycProduct.Naples)]
    [InlineData(0x17, 0x0F, 0, EpycProduct.Naples)]
    [InlineData(0x17, 0x10, 0, null)]
    [InlineData(0x17, 0x2F, 0, null)]
    [InlineData(0x17, 0x31, 0, EpycProduct.Rome)]
    [InlineData(0x17, 0x40, 0, null)]
    [InlineData(0x18, 0x00, 0, null)]
    [InlineData(0x19, 0x01, 4, EpycProduct.Milan)]
    [InlineData(0x19, 0x11, 4, EpycProduct.Genoa)]
    [InlineData(0x19, 0x1F, 8, EpycProduct.Genoa)]
    [InlineData(0x19, 0x20, 4, null)]
    [InlineData(0x19, 0x9F, 4, null)]
    [InlineData(0x19, 0xA0, 4, EpycProduct.Bergamo)]
    [InlineData(0x19, 0xA0, 8, EpycProduct.Siena)]
    [InlineData(0x19, 0xB0, 8, null)]
    [InlineData(0x1A, 0x02, 4, EpycProduct.Turin)]
    [InlineData(0x1A, 0x11, 4, EpycProduct.Turin)]
    [InlineData(0x1A, 0x12, 4, null)]
    [InlineData(0x1A, 0x4F, 4, null)]
    [InlineData(0x1A, 0x50, 4, EpycProduct.Venice)]
    [InlineData(0x1A, 0x58, 4, null)]
    [InlineData(0x1A, 0x90, 4, EpycProduct.Venice)]
    [InlineData(0x1A, 0xAF, 4, EpycProduct.Venice)]
    [InlineData(0x1A, 0xB0, 4, null)]
    [InlineData(0x1A, 0xC7, 4, EpycProduct.Venice)]
    [InlineData(0x1A, 0xC8, 4, null)]
    public void The_product_is_told_by_family_model_and_package(int family, int model, int package, EpycProduct? product) =>
        Assert.Equal(product, EpycProducts.Of("AuthenticAMD", family, model, package));

    [Theory, InlineData("GenuineIntel"), InlineData("HygonGenuine"), InlineData("")]
    public void Nobody_elses_processor_is_an_EPYC(string vendor) => Assert.Null(EpycProducts.Of(vendor, 0x19, 0x01, 4));

    [Theory]
    [InlineData(0x0080_0F12u, 0x17, 0x01, 2)]
    [InlineData(0x0083_0F10u, 0x17, 0x31, 0)]
    [InlineData(0x00AA_0F02u, 0x19, 0xA0, 2)]
    [InlineData(0x00B0_0F21u, 0x1A, 0x02, 1)]
    [InlineData(0x000C_06F2u, 0x06, 0xCF, 2)]
    [InlineData(0xFFFF_F5FFu, 0x05, 0x0F, 15)]
    public void Family_model_and_stepping_are_those_of_leaf_1(uint eax, int family, int model, int stepping)
    {
        ProcessorFacts facts = CpuidSource.Decode(new Dictionary<uint, CpuidRegisters> { [0] = default, [1] = new(eax, 0, 0, 0) }).Value;
        Assert.Equal((family, model, stepping), (facts.Family, facts.Model, facts.Stepping));
    }

    [Fact]
    public void Without_leaf_8000_001F_there_is_no_encryption()
    {
        ProcessorFacts facts = CpuidSource.Decode(new Dictionary<uint, CpuidRegisters> { [0] = default, [1] = default }).Value;
        Assert.Null(facts.Encryption);
        Assert.Null(facts.Product);
        Assert.Equal("", facts.Brand);
    }

    [Fact]
    public void Of_several_processors_and_subleaves_the_first_counts()
    {
        const string Text = """
            CPU 0:
               0x00000000 0x01: eax=0x9 ebx=0x9 ecx=0x9 edx=0x9
               0x00000000 0x00: eax=0x1 ebx=0x2 ecx=0x3 edx=0x4
            CPU 1:
               0x00000000 0x00: eax=0x5 ebx=0x6 ecx=0x7 edx=0x8
            """;
        Assert.Equal(new CpuidRegisters(1, 2, 3, 4), Assert.Single(CpuidSource.Parse(Text).Value).Value);
    }

    [Theory]
    [InlineData("0x0 0x0: eax=0x1 ebx=0x2 ecx=0x3")]
    [InlineData("0x0 0x0: eax=0x1 ebx=0x2 ecx=0x3 edx=0x")]
    [InlineData("0x0 0x0: eax=0x1 ebx=0x2 ecx=0x3 edx=0x100000000")]
    [InlineData("0x0 0x0: eax=0x1 ebx=0x2 ecx=0x3 edx=-1")]
    [InlineData("0x0 0x0: ebx=0x1 eax=0x2 ecx=0x3 edx=0x4")]
    [InlineData("0x0 0x0 eax=0x1 ebx=0x2 ecx=0x3 edx=0x4")]
    [InlineData("0x0 0x0: eax=0x1 ebx=0x2 ecx=0x3 edx=0x4 more")]
    [InlineData("garbage")]
    public void A_line_of_another_form_is_malformed(string line) =>
        Assert.Equal(SourceState.Malformed, CpuidSource.Parse(line).State);

    [Fact]
    public void A_brand_cannot_carry_control_characters() =>
        Assert.Equal("[2J", CpuidSource.Decode(new Dictionary<uint, CpuidRegisters>
        {
            [0] = default,
            [1] = default,
            [0x8000_0002] = new(0x4A32_5B1B, 0x0A0D_8000, 0, 0),
        }).Value.Brand);

    [Theory]
    [InlineData(509u, 100u, 410u, 99u)]
    [InlineData(15u, 1u, 15u, 0u)]
    [InlineData(15u, 0u, 0u, 0u)]
    [InlineData(15u, 15u, 1u, 14u)]
    [InlineData(15u, 16u, 0u, 15u)]
    [InlineData(15u, 17u, 0u, 15u)]
    [InlineData(0u, 0u, 0u, 0u)]
    [InlineData(uint.MaxValue, 1u, uint.MaxValue, 0u)]
    [InlineData(uint.MaxValue, uint.MaxValue, 1u, uint.MaxValue - 1)]
    public void ASIDs_are_divided_at_the_minimum_of_plain_SEV(uint maximum, uint minimum, uint sev, uint sevEs)
    {
        EncryptionLeaf leaf = new(0, 0, maximum, minimum);
        Assert.Equal((sev, sevEs), (leaf.SevAsidCount, leaf.SevEsAndSnpAsidCount));
    }

    [Fact]
    public void The_bits_of_leaf_8000_001F_are_where_the_manual_has_them()
    {
        Assert.True(new EncryptionLeaf(1 << 0, 0, 0, 0).Sme);
        Assert.True(new EncryptionLeaf(1 << 1, 0, 0, 0).Sev);
        Assert.True(new EncryptionLeaf(1 << 3, 0, 0, 0).SevEs);
        Assert.True(new EncryptionLeaf(1 << 4, 0, 0, 0).SevSnp);
        EncryptionLeaf others = new(~0x1Bu, 0xFFFF_F173, 0, 0);
        Assert.False(others.Sme || others.Sev || others.SevEs || others.SevSnp);
        Assert.Equal((51, 5), (others.CBitPosition, others.ReducedPhysicalBits));
    }
}
