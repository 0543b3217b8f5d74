using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace OpenStackSev.Platform.Tests;

/// <summary>No parser throws, whatever the bytes; and what one accepts keeps its promises.</summary>
public class AnyBytesTests
{
    [Property]
    public void Any_bytes_are_a_text_or_malformed(byte[] bytes) => Assert.True(SourceFolder.Decode(bytes).State is SourceState.Found or SourceState.Malformed);

    [Property(MaxTest = 500)]
    public Property Any_text_is_a_processor_or_malformed() => ForAnyEdit(HostFolder.Cpuid, text =>
    {
        Source<ProcessorFacts> facts = CpuidSource.Parse(text).Then(CpuidSource.Decode);
        return !facts.IsFound || !facts.Value.Brand.Any(char.IsControl);
    });

    [Property(MaxTest = 500)]
    public Property Any_text_counts_ASIDs_or_is_malformed() => ForAnyEdit("sev 410\nsev_es 99\n", text =>
        MiscCgroupSource.Parse(text).State is SourceState.Found or SourceState.Malformed);

    [Property(MaxTest = 500)]
    public Property Any_text_is_a_parameter_or_malformed() => ForAnyEdit("99\n", text =>
        KvmAmdSource.ParseNumber(text).State is SourceState.Found or SourceState.Malformed
        && KvmAmdSource.ParseSwitch(text).State is SourceState.Found or SourceState.Malformed
        && KernelSource.ParseSmt(text).State is SourceState.Found or SourceState.Malformed);

    [Property(MaxTest = 500)]
    public Property Any_kernel_line_has_no_control_character() => ForAnyEdit("6.12.48+deb13-amd64\n", text =>
        KernelSource.ParseLine(text, mayBeEmpty: true) is not { IsFound: true } line || !line.Value.Any(char.IsControl));

    [Property(MaxTest = 500)]
    public Property Any_text_is_a_descriptor_or_malformed() => ForAnyEdit(HostFolder.Snp, text =>
        FirmwareSource.Parse(Encoding.UTF8.GetBytes(text), "/d.json") is var firmware
        && (!firmware.IsFound || firmware.Value is null || firmware.Value.ImagePath.StartsWith('/')));

    [Property(MaxTest = 500)]
    public Property Any_text_is_capabilities_or_malformed() => ForAnyEdit(HostFolder.CapabilitiesXml, text =>
        DomainCapabilitiesXml.Parse(text) is var capabilities
        && (capabilities.State == SourceState.Malformed || capabilities.Value.LaunchSecurity.All(word => word.All(char.IsAscii))));

    [Property]
    public void Any_bytes_are_a_descriptor_or_malformed(byte[] bytes) =>
        Assert.NotEqual(SourceState.Unreadable, FirmwareSource.Parse(bytes, "/d.json").State);

    [Property]
    public void Any_bytes_are_an_answer_exactly_when_they_are_32(byte[] bytes)
    {
        Assert.Equal(bytes.Length == 32, SnpStatusSource.Parse(bytes).IsFound);
        byte[] full = new byte[32];
        bytes.AsSpan(0, Math.Min(bytes.Length, 32)).CopyTo(full);
        Assert.True(SnpStatusSource.Parse(full).IsFound);
    }

    [Property(MaxTest = 30)]
    public void Any_bytes_in_every_file_are_read_without_an_exception(byte[] bytes)
    {
        using HostFolder host = new();
        foreach (string file in PlatformProbeTests.Files.Select(row => row.Data))
            host.Write(file, bytes);
        PlatformFacts facts = host.Read();

        Assert.All(facts.Findings, f => Assert.Contains(f.Code, PlatformCodes.All));
        _ = PlatformConsistency.Check(facts);
        _ = AsidPools.From(facts);
    }

    [Property(MaxTest = 500)]
    public void Pools_never_count_more_than_there_is(uint maximum, uint minimum, uint sev, uint sevEs, uint hidden, bool es, bool snp, byte version)
    {
        PlatformFacts facts = Given.Facts() with
        {
            Processor = Given.Processor(EpycProduct.Milan, maximum: maximum, minimum: minimum),
            KvmAmd = new(true, es, snp, hidden),
            AsidCapacity = new(sev, sevEs),
            SnpPlatformStatus = Given.Status(version),
        };
        AsidPools pools = AsidPools.From(facts);
        Assert.True(pools.Sev <= sev);
        Assert.True(pools.SevEsAndSnp <= sevEs);
        Assert.True(facts.Processor!.Encryption!.SevAsidCount + (ulong)facts.Processor.Encryption.SevEsAndSnpAsidCount <= maximum);
    }

    // Random text alone stops at the first character of every parser, so most of a good one is kept.
    private static Property ForAnyEdit(string good, Func<string, bool> holds)
    {
        Gen<string> inserted = ArbMap.Default.GeneratorFor<string?>().Select(text => text ?? "");
        Gen<string> edited =
            from start in Gen.Choose(0, good.Length)
            from length in Gen.Choose(0, Math.Min(12, good.Length - start))
            from text in inserted
            select good.Remove(start, length).Insert(start, text);
        return Prop.ForAll(Gen.OneOf(edited, inserted).ToArbitrary(), holds);
    }
}
