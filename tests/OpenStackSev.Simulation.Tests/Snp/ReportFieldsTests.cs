using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class ReportFieldsTests
{
    /// <summary>The fields of real reports, by hand; the bytes of the report that was received are what they must give.</summary>
    public static TheoryData<string, ReportFields> Real => new()
    {
        {
            "snp/milan-v2/report.bin",
            new(SimulatedLine.Milan)
            {
                Version = 2,
                PlatformInfo = 1,
                CurrentTcb = new(null, 3, 0, 8, 115),
                ReportedTcb = new(null, 3, 0, 8, 115),
                CommittedTcb = new(null, 3, 0, 8, 115),
                LaunchTcb = new(null, 3, 0, 8, 115),
                CurrentFirmware = new(1, 52, 4),
                CommittedFirmware = new(1, 52, 4),
            }
        },
        {
            "snp/genoa-v3/report.bin",
            new(SimulatedLine.Genoa)
            {
                Version = 3,
                GuestSvn = 2,
                Policy = 0x3_001F,
                FamilyId = [1],
                ImageId = [2],
                PlatformInfo = 0x27,
            }
        },
        {
            "snp/milan-vlek-v3/report.bin",
            new(SimulatedLine.Milan)
            {
                Version = 3,
                Vmpl = 1,
                SigningKey = 1,
                PlatformInfo = 0x27,
                CurrentTcb = new(null, 4, 0, 24, 220),
                ReportedTcb = new(null, 4, 0, 24, 217),
            }
        },
        {
            "snp/turin-v5/report.bin",
            new(SimulatedLine.Turin) { GuestSvn = 2, Policy = 0x3_001F, FamilyId = [1], ImageId = [2], PlatformInfo = 0x65 }
        },
    };

    [Theory, MemberData(nameof(Real), DisableDiscoveryEnumeration = true)]
    public void The_fields_of_a_real_report_give_its_bytes(string path, ReportFields fields)
    {
        byte[] real = RealVectors.Bytes(path);
        byte[] encoded = (fields with
        {
            ReportData = real[0x50..0x90],
            Measurement = real[0x90..0xC0],
            HostData = real[0xC0..0xE0],
            IdKeyDigest = real[0xE0..0x110],
            ReportId = real[0x140..0x160],
            ChipId = real[0x1A0..0x1E0],
        }).Encode();
        Assert.Equal(Convert.ToHexString(real.AsSpan(0, ReportFields.SignedLength)),
            Convert.ToHexString(encoded.AsSpan(0, ReportFields.SignedLength)));
    }

    [Fact]
    public void Every_byte_that_is_signed_can_be_set()
    {
        static byte[] Ones(int length) => Enumerable.Repeat((byte)0xFF, length).ToArray();
        SimulatedTcb tcb = new(255, 255, 255, 255, 255);
        ReportFields fields = new(SimulatedLine.Turin)
        {
            Version = uint.MaxValue,
            GuestSvn = uint.MaxValue,
            Policy = ulong.MaxValue,
            FamilyId = Ones(16),
            ImageId = Ones(16),
            Vmpl = uint.MaxValue,
            SignatureAlgorithm = uint.MaxValue,
            CurrentTcb = tcb,
            PlatformInfo = ulong.MaxValue,
            AuthorKeyEnabled = true,
            MaskChipKey = true,
            SigningKey = 7,
            KeyInfoReserved = uint.MaxValue,
            Reserved04C = Ones(4),
            ReportData = Ones(64),
            Measurement = Ones(48),
            HostData = Ones(32),
            IdKeyDigest = Ones(48),
            AuthorKeyDigest = Ones(48),
            ReportId = Ones(32),
            ReportIdMigrationAgent = Ones(32),
            ReportedTcb = tcb,
            Cpu = new(255, 255, 255),
            Reserved18B = Ones(21),
            ChipId = Ones(64),
            CommittedTcb = tcb,
            CurrentFirmware = new(255, 255, 255),
            Reserved1EB = 255,
            CommittedFirmware = new(255, 255, 255),
            Reserved1EF = 255,
            LaunchTcb = tcb,
            LaunchMitigationVector = ulong.MaxValue,
            CurrentMitigationVector = ulong.MaxValue,
            Reserved208 = Ones(152),
        };
        byte[] report = fields.Encode();
        int[] zero = [.. Enumerable.Range(0, ReportFields.SignedLength).Where(i => report[i] == 0)];
        // The reserved bytes 4 to 6 within each TCB: alter them in the encoded report and sign it anew.
        Assert.Equal(new[] { 0x38, 0x180, 0x1E0, 0x1F0 }.SelectMany(tcbAt => new[] { tcbAt + 4, tcbAt + 5, tcbAt + 6 }), zero);
    }
}
