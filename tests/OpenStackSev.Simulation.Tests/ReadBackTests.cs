using OpenStackSev.Platform;

namespace OpenStackSev.Simulation.Tests;

/// <summary>What is written is what <see cref="PlatformProbe"/> reads, and a sick host has its findings.</summary>
public sealed class ReadBackTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Host => _folder.At("host");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("naples", EpycProduct.Naples, 11u, 4u, 0u, false)]
    [InlineData("rome", EpycProduct.Rome, 410u, 99u, 0u, false)]
    [InlineData("milan", EpycProduct.Milan, 410u, 99u, 99u, true)]
    [InlineData("genoa", EpycProduct.Genoa, 754u, 252u, 252u, true)]
    [InlineData("bergamo", EpycProduct.Bergamo, 754u, 252u, 252u, true)]
    [InlineData("siena", EpycProduct.Siena, 754u, 252u, 252u, true)]
    [InlineData("turin", EpycProduct.Turin, 754u, 252u, 252u, true)]
    [InlineData("turin-cth", EpycProduct.Turin, 754u, 124u, 128u, false)]
    public void A_model_reads_as_itself_without_findings(string model, EpycProduct product, uint sev, uint sevEs, uint sevSnp, bool share)
    {
        PlatformFacts facts = Written(new(HostModel.Named(model)!));
        Assert.Empty(AllFindings(facts));
        Assert.True(facts.Simulated);
        Assert.Equal(product, facts.Processor!.Product);
        Assert.Equal(HostModel.Named(model)!.Brand, facts.Processor.Brand);
        AsidPools pools = AsidPools.From(facts);
        Assert.Equal((sev, sevEs, sevSnp, share), (pools.Sev, pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
        Assert.Equal((0u, 0u), (pools.SevInUse, pools.SevEsAndSnpInUse));
    }

    public static TheoryData<string, uint, uint?> Sizes()
    {
        TheoryData<string, uint, uint?> sizes = [];
        foreach (HostModel model in HostModel.All)
        {
            sizes.Add(model.Name, 1, null);
            sizes.Add(model.Name, 2, null);
            sizes.Add(model.Name, 3, 2);
            sizes.Add(model.Name, 200, null);
            sizes.Add(model.Name, 200, 1);
            sizes.Add(model.Name, 200, 200);
            sizes.Add(model.Name, 70_000, 60_000);
        }
        return sizes;
    }

    [Theory, MemberData(nameof(Sizes))]
    public void The_asids_that_were_asked_for_are_read_without_findings(string model, uint asids, uint? minimum)
    {
        SimulatedHostOptions options = new(HostModel.Named(model)!) { Asids = asids, MinimumSevAsid = minimum };
        PlatformFacts facts = Written(options);
        Assert.Empty(AllFindings(facts));
        HostNumbers numbers = HostNumbers.Of(options);
        AsidPools pools = AsidPools.From(facts);
        Assert.Equal(numbers.Sev, pools.Sev);
        Assert.Equal(numbers.SevEsAndSnp, pools.SevEsAndSnp);
        Assert.Equal(asids, pools.Sev + pools.SevEsAndSnp);
    }

    [Theory, InlineData(1u), InlineData(64u), InlineData(252u)]
    public void Hidden_asids_are_for_snp_alone(uint hidden)
    {
        PlatformFacts facts = Written(new(HostModel.Named("turin-cth")!) { HiddenAsids = hidden });
        Assert.Empty(AllFindings(facts));
        AsidPools pools = AsidPools.From(facts);
        Assert.Equal((252 - hidden, hidden, false), (pools.SevEs, pools.SevSnp, pools.SevEsAndSnpShare));
    }

    [Fact]
    public void Running_guests_are_read_and_changed()
    {
        PlatformFacts facts = Written(new(HostModel.Named("turin")!) { RunningSev = 7, RunningSevEs = 3 });
        Assert.Empty(AllFindings(facts));
        Assert.Equal(new AsidCounts(7, 3), facts.AsidCurrent);
        SimulatedHost.SetCurrent(Host, 5, 0);
        Assert.Equal(new AsidCounts(5, 0), PlatformProbe.Read(Host).AsidCurrent);
    }

    [Fact]
    public void No_asid_for_plain_sev_is_what_the_firmware_says_and_a_finding()
    {
        PlatformFacts facts = Written(new(HostModel.Named("turin")!) { Asids = 99, MinimumSevAsid = 100 });
        Assert.Equal([PlatformCodes.CpuidMinimumAboveMaximum], Codes(facts));
        Assert.Equal((0u, 99u), (AsidPools.From(facts).Sev, AsidPools.From(facts).SevEsAndSnp));
    }

    [Theory]
    [InlineData("sev-off-in-bios", new string[0], 0u, 0u, 0u)]
    [InlineData("post-cve-2025-48514", new[] { PlatformCodes.SevEsWithdrawn }, 754u, 0u, 252u)]
    [InlineData("no-misc-cgroup", new[] { PlatformCodes.CapacityMissing, PlatformCodes.CurrentMissing }, 754u, 252u, 252u)]
    [InlineData("contradiction", new[] { PlatformCodes.CapacitySevDisagrees }, 377u, 252u, 252u)]
    [InlineData("no-kvm-amd", new[] { PlatformCodes.KvmAmdMissing }, 0u, 0u, 0u)]
    [InlineData("snp-status-missing", new[] { PlatformCodes.SevEsUnknown, PlatformCodes.SnpStatusMissing }, 754u, 0u, 252u)]
    public void A_sick_host_gives_the_code_it_is_about(string sick, string[] codes, uint sev, uint sevEs, uint sevSnp)
    {
        PlatformFacts facts = Written(new(HostModel.Named("turin")!) { Sick = Sickness.Named(sick) });
        Assert.Equal(codes.Order(StringComparer.Ordinal), Codes(facts));
        AsidPools pools = AsidPools.From(facts);
        Assert.Equal((sev, sevEs, sevSnp), (pools.Sev, pools.SevEs, pools.SevSnp));
    }

    [Theory]
    [InlineData("milan"), InlineData("genoa"), InlineData("bergamo"), InlineData("siena"), InlineData("turin"), InlineData("turin-cth")]
    public void Sev_es_is_withdrawn_on_every_generation_with_snp(string model)
    {
        PlatformFacts facts = Written(new(HostModel.Named(model)!) { Sick = Sickness.PostCve202548514 });
        Assert.Equal([PlatformCodes.SevEsWithdrawn], Codes(facts));
    }

    [Theory]
    [InlineData("truncated"), InlineData("garbage")]
    public void A_host_of_broken_files_has_only_findings_of_broken_files_and_sells_nothing(string sick)
    {
        foreach (HostModel model in HostModel.All)
        {
            PlatformFacts facts = Written(new(model) { Sick = Sickness.Named(sick) });
            Assert.True(facts.Simulated);
            string[] codes = Codes(facts);
            Assert.Contains(PlatformCodes.CapacityMalformed, codes);
            Assert.Contains(PlatformCodes.CpuidMalformed, codes);
            Assert.All(codes.Except([PlatformCodes.NoSnpFirmware]), code => Assert.Matches("[.](malformed|unreadable)$", code));
            AsidPools pools = AsidPools.From(facts);
            Assert.Equal((0u, 0u, 0u), (pools.Sev, pools.SevEs, pools.SevSnp));
        }
    }

    private PlatformFacts Written(SimulatedHostOptions options)
    {
        SimulatedHost.Write(Host, options);
        return PlatformProbe.Read(Host);
    }

    private static IEnumerable<PlatformFinding> AllFindings(PlatformFacts facts) =>
        facts.Findings.Concat(PlatformConsistency.Check(facts)).Concat(AsidPools.From(facts).Findings);

    private static string[] Codes(PlatformFacts facts) =>
        [.. AllFindings(facts).Select(f => f.Code).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
}
