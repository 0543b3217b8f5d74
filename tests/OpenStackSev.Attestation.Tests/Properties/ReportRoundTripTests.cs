using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Properties;

/// <summary>What a report is made of is what is read from it.</summary>
public sealed class ReportRoundTripTests
{
    [Property(MaxTest = 1000)]
    public Property Every_field_that_is_written_is_read() => Prop.ForAll(Fields.ToArbitrary(), fields =>
    {
        Assert.True(AttestationReport.TryParse(fields.Encode(), LayoutOf(fields.Line), out AttestationReport? report, out IReadOnlyList<Finding> malformed),
            string.Join("; ", malformed));
        Assert.Equal(fields.Version, report.Version);
        Assert.Equal(fields.GuestSvn, report.GuestSvn);
        Assert.Equal(fields.Policy, report.Policy.Value);
        Assert.Equal(fields.PlatformInfo, report.PlatformInfo.Value);
        Assert.Equal(fields.Vmpl, report.Vmpl);
        Assert.Equal(fields.SignatureAlgorithm, report.SignatureAlgorithm);
        Assert.Equal(((SigningKey)fields.SigningKey, fields.MaskChipKey, fields.AuthorKeyEnabled), (report.SigningKey, report.ChipKeyMasked, report.AuthorKeyEnabled));
        Assert.Equal(fields.FamilyId, report.FamilyId.ToArray());
        Assert.Equal(fields.ImageId, report.ImageId.ToArray());
        Assert.Equal(fields.ReportData, report.ReportData.ToArray());
        Assert.Equal(fields.Measurement, report.Measurement.ToArray());
        Assert.Equal(fields.HostData, report.HostData.ToArray());
        Assert.Equal(fields.IdKeyDigest, report.IdKeyDigest.ToArray());
        Assert.Equal(fields.AuthorKeyDigest, report.AuthorKeyDigest.ToArray());
        Assert.Equal(fields.ReportId, report.ReportId.ToArray());
        Assert.Equal(fields.ReportIdMigrationAgent, report.MigrationAgentReportId.ToArray());
        Assert.Equal(fields.ChipId, report.ChipId.Span[..fields.ChipId.Length].ToArray());
        Assert.Equal(Read(fields.CurrentTcb), report.CurrentTcb);
        Assert.Equal(Read(fields.ReportedTcb), report.ReportedTcb);
        Assert.Equal(Read(fields.CommittedTcb), report.CommittedTcb);
        Assert.Equal(Read(fields.LaunchTcb), report.LaunchTcb);
        Assert.Equal(Read(fields.CurrentFirmware), report.CurrentVersion);
        Assert.Equal(Read(fields.CommittedFirmware), report.CommittedVersion);
        Assert.Equal(fields.Version >= 3 ? new ProcessorSignature(fields.Cpu.Family, fields.Cpu.Model, fields.Cpu.Stepping) : null, report.Processor);
        Assert.Equal(fields.Version >= 5 ? fields.LaunchMitigationVector : null, report.LaunchMitigations);
        Assert.Equal(fields.Version >= 5 ? fields.CurrentMitigationVector : null, report.CurrentMitigations);
        return true;
    });

    [Property(MaxTest = 500)]
    public Property The_address_of_a_VCEK_is_made_of_safe_characters_only() => Prop.ForAll(Fields.ToArbitrary(), fields =>
    {
        if (!fields.ChipId.AsSpan().ContainsAnyExcept((byte)0))
            return true;
        string address = KdsAddress.Vcek(Enum.Parse<ProductLine>(fields.Line.ToString()), fields.ChipId, Read(fields.ReportedTcb));
        return address.StartsWith("/vcek/v1/", StringComparison.Ordinal) && address.All(c => char.IsAsciiLetterOrDigit(c) || c is '/' or '?' or '=' or '&')
            && address.Count(c => c == '/') == 4 && address.Count(c => c == '?') == 1;
    });

    private static Gen<ReportFields> Fields =>
        from line in Gen.Elements(Enum.GetValues<SimulatedLine>())
        from version in Gen.Choose(2, 5)
        from numbers in Gen.Choose(int.MinValue, int.MaxValue).ArrayOf(8)
        from small in Gen.Choose(0, 255).ArrayOf(32)
        from bytes in Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf(64 + 48 + 32 + 48 + 48 + 32 + 32 + 16 + 16 + 64)
        from vmpl in Gen.Elements(0u, 1u, 2u, 3u, 0xFFFFFFFFu)
        from key in Gen.Elements(0u, 1u, 7u)
        select Make(line, (uint)version, numbers, [.. small.Select(s => (byte)s)], bytes, vmpl, key);

    private static ReportFields Make(SimulatedLine line, uint version, int[] numbers, byte[] small, byte[] bytes, uint vmpl, uint key)
    {
        int at = 0;
        byte[] Take(int length) => bytes[at..(at += length)];
        SimulatedTcb Tcb(int from) => new(line.HasFmc ? small[from] : null, small[from + 1], small[from + 2], small[from + 3], small[from + 4]);
        ulong Long(int index) => (ulong)(uint)numbers[index] << 32 | (uint)numbers[index + 1];
        return new(line)
        {
            Version = version,
            GuestSvn = (uint)numbers[0],
            Policy = Long(1) | 1 << 17,
            PlatformInfo = Long(3),
            LaunchMitigationVector = Long(5),
            CurrentMitigationVector = Long(6),
            SignatureAlgorithm = (uint)numbers[7],
            Vmpl = vmpl,
            SigningKey = key,
            MaskChipKey = small[31] % 2 == 0,
            AuthorKeyEnabled = small[31] % 3 == 0,
            CurrentTcb = Tcb(0),
            ReportedTcb = Tcb(5),
            CommittedTcb = Tcb(10),
            LaunchTcb = Tcb(15),
            CurrentFirmware = new(small[20], small[21], small[22]),
            CommittedFirmware = new(small[23], small[24], small[25]),
            ReportData = Take(64),
            Measurement = Take(48),
            HostData = Take(32),
            IdKeyDigest = Take(48),
            AuthorKeyDigest = Take(48),
            ReportId = Take(32),
            ReportIdMigrationAgent = Take(32),
            FamilyId = Take(16),
            ImageId = Take(16),
            ChipId = Take(line.ChipIdLength),
        };
    }

    private static TcbLayout LayoutOf(SimulatedLine line) => line.HasFmc ? TcbLayout.Turin : TcbLayout.Milan;

    private static TcbVersion Read(SimulatedTcb tcb) => new(tcb.Fmc, tcb.Bootloader, tcb.Tee, tcb.Snp, tcb.Microcode);

    private static Attestation.Snp.FirmwareVersion Read(Simulation.Snp.FirmwareVersion version) => new(version.Major, version.Minor, version.Build);
}
