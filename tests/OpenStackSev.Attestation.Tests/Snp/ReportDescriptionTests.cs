using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Snp;

public sealed class ReportDescriptionTests
{
    [Theory]
    [InlineData(SimulatedLine.Milan, 2), InlineData(SimulatedLine.Milan, 3), InlineData(SimulatedLine.Genoa, 5)]
    [InlineData(SimulatedLine.Turin, 2), InlineData(SimulatedLine.Turin, 5)]
    public void Every_byte_of_a_report_is_a_field_or_reserved(SimulatedLine line, uint version)
    {
        byte[] golden = Simulated(line, version);
        IReadOnlyList<ReportField> before = Described(golden, line);
        for (int bit = 0; bit < golden.Length * 8; bit++)
        {
            byte[] flipped = [.. golden];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            bool parsed = AttestationReport.TryParse(flipped, LayoutOf(line), out AttestationReport? after, out _);
            // By the values, which are complete; the words only repeat a part of them.
            Assert.False(parsed && after!.Describe().Select(f => (f.Name, f.Value)).SequenceEqual(before.Select(f => (f.Name, f.Value))),
                $"bit {bit % 8} of byte 0x{bit / 8:X3} is ignored");
        }
    }

    [Theory]
    [InlineData(SimulatedLine.Milan, 2), InlineData(SimulatedLine.Milan, 3), InlineData(SimulatedLine.Genoa, 5)]
    [InlineData(SimulatedLine.Turin, 2), InlineData(SimulatedLine.Turin, 5)]
    public void The_fields_stand_in_the_order_of_the_bytes_and_what_is_between_them_is_reserved(SimulatedLine line, uint version)
    {
        byte[] golden = Simulated(line, version);
        int at = 0;
        List<int> reserved = [];
        foreach (ReportField field in Described(golden, line))
        {
            Assert.True(field.Offset >= at, $"{field.Name} overlaps the one before");
            reserved.AddRange(Enumerable.Range(at, field.Offset - at));
            at = field.Offset + field.Length;
        }
        Assert.Equal(AttestationReport.Size, at);
        foreach (int index in reserved)
        {
            byte[] changed = [.. golden];
            changed[index] ^= 0x80;
            Assert.False(AttestationReport.TryParse(changed, LayoutOf(line), out _, out _), $"byte 0x{index:X3} is in no field, and was not refused");
        }
    }

    [Fact]
    public void A_real_report_is_described_as_its_index_says()
    {
        Assert.True(AttestationReport.TryParse(Vectors.Report("turin-v5"), null, out AttestationReport? report, out _));
        Dictionary<string, ReportField> fields = report.Describe().ToDictionary(f => f.Name, StringComparer.Ordinal);
        Assert.Equal(new("PLATFORM_INFO", 0x040, 8, "0x0000000000000065", "SMT on; ECC on; alias check complete; IOMMU write safe"), fields["PLATFORM_INFO"]);
        Assert.Equal("fmc 1, bootloader 1, tee 1, snp 4, microcode 81", fields["REPORTED_TCB"].Meaning);
        Assert.Equal("mitigations that are on: bits 0, 1, 2, 3, 4, 5", fields["CURRENT_MIT_VECTOR"].Meaning);
        Assert.Equal("1.55.65", fields["CURRENT_VERSION"].Value);
        Assert.Equal("Turin", fields["CPUID_FAM_ID"].Meaning);
        Assert.StartsWith("59790fb1c39f35c1", fields["CHIP_ID"].Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Bits_have_names_and_those_without_one_have_numbers()
    {
        Assert.Equal(
            ["ABI 1.31 or later", "SMT allowed", "migration agent allowed", "DEBUG allowed: the host may decrypt the guest", "single socket required",
                "CXL allowed", "AES-256-XTS required", "RAPL off required", "ciphertext hiding required", "page swap off required", "unknown: bits 26, 63"],
            ReportDescription.Words(new GuestPolicy(0x8000_0000_07FF_011F)));
        Assert.Equal(
            ["SMT on", "TSME on", "ECC on", "RAPL off", "ciphertext hiding on", "alias check complete", "IOMMU write safe", "TIO on", "unknown: bit 8"],
            ReportDescription.Words(new PlatformInfo(0x1FF)));
        Assert.Equal(["nothing is on"], ReportDescription.Words(new PlatformInfo(0)));
    }

    private static TcbLayout LayoutOf(SimulatedLine line) => line.HasFmc ? TcbLayout.Turin : TcbLayout.Milan;

    private static byte[] Simulated(SimulatedLine line, uint version)
    {
        using SimulatedSecurityProcessor chip = Given.Chip(line);
        return chip.Report(chip.Fields with { Version = version });
    }

    private static IReadOnlyList<ReportField> Described(byte[] bytes, SimulatedLine line)
    {
        Assert.True(AttestationReport.TryParse(bytes, LayoutOf(line), out AttestationReport? report, out IReadOnlyList<Finding> malformed),
            string.Join("; ", malformed));
        return report.Describe();
    }
}
