using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OpenStackSev.Simulation.Snp;

/// <summary>Every field of an ATTESTATION_REPORT, also those that must be zero.</summary>
/// <remarks>
/// Nothing is checked: any report can be written, also an impossible one. Byte fields of another length than the table's are cut or padded with zero.
/// Source: AMD 56860 "ATTESTATION_REPORT Structure", report versions 2 to 5.
/// </remarks>
public sealed record ReportFields(SimulatedLine Line)
{
    /// <summary>Length of a report.</summary>
    public const int Length = 0x4A0;

    /// <summary>How many bytes, from the first, are signed; the signature follows them.</summary>
    public const int SignedLength = 0x2A0;

    public uint Version { get; init; } = 5;
    public uint GuestSvn { get; init; }

    /// <summary>SMT allowed and the bit that must be one.</summary>
    public ulong Policy { get; init; } = 0x3_0000;

    public byte[] FamilyId { get; init; } = [];
    public byte[] ImageId { get; init; } = [];
    public uint Vmpl { get; init; }

    /// <summary>1 is ECDSA P-384 with SHA-384.</summary>
    public uint SignatureAlgorithm { get; init; } = 1;

    public SimulatedTcb CurrentTcb { get; init; } = Line.UsualTcb;

    /// <summary>SMT on, ECC on, aliases checked.</summary>
    public ulong PlatformInfo { get; init; } = 0x25;

    public bool AuthorKeyEnabled { get; init; }

    /// <summary>The processor leaves the signature zero.</summary>
    public bool MaskChipKey { get; init; }

    /// <summary>0 VCEK, 1 VLEK, 7 none; by this the processor chooses its key. 3 bits.</summary>
    public uint SigningKey { get; init; }

    /// <summary>Bits 5 to 31 of KEY_INFO, in their place.</summary>
    public uint KeyInfoReserved { get; init; }

    public byte[] Reserved04C { get; init; } = [];
    public byte[] ReportData { get; init; } = [];
    public byte[] Measurement { get; init; } = Enumerable.Repeat((byte)0x5E, 48).ToArray();
    public byte[] HostData { get; init; } = [];
    public byte[] IdKeyDigest { get; init; } = [];
    public byte[] AuthorKeyDigest { get; init; } = [];
    public byte[] ReportId { get; init; } = Enumerable.Repeat((byte)0x1D, 32).ToArray();

    /// <summary>All ones: no migration agent.</summary>
    public byte[] ReportIdMigrationAgent { get; init; } = Enumerable.Repeat((byte)0xFF, 32).ToArray();

    /// <summary>That of the key that signs.</summary>
    public SimulatedTcb ReportedTcb { get; init; } = Line.UsualTcb;

    /// <summary>Written from version 3 on.</summary>
    public SimulatedCpu Cpu { get; init; } = SimulatedCpu.Of(Line);

    /// <summary>21 bytes; before version 3, 24 from 0x188 on.</summary>
    public byte[] Reserved18B { get; init; } = [];

    /// <summary>64 bytes, or 8 followed by zeros.</summary>
    public byte[] ChipId { get; init; } = [];

    public SimulatedTcb CommittedTcb { get; init; } = Line.UsualTcb;
    public FirmwareVersion CurrentFirmware { get; init; } = FirmwareVersion.Of(Line);
    public byte Reserved1EB { get; init; }
    public FirmwareVersion CommittedFirmware { get; init; } = FirmwareVersion.Of(Line);
    public byte Reserved1EF { get; init; }
    public SimulatedTcb LaunchTcb { get; init; } = Line.UsualTcb;

    /// <summary>Written from version 5 on.</summary>
    public ulong LaunchMitigationVector { get; init; } = Line.HasFmc ? 0x3Fu : 0x0Bu;

    /// <summary>Written from version 5 on.</summary>
    public ulong CurrentMitigationVector { get; init; } = Line.HasFmc ? 0x3Fu : 0x0Bu;

    /// <summary>152 bytes; before version 5, 168 from 0x1F8 on.</summary>
    public byte[] Reserved208 { get; init; } = [];

    /// <summary>The report without a signature: its 512 bytes are zero.</summary>
    public byte[] Encode()
    {
        byte[] report = new byte[Length];
        Number(0x000, Version);
        Number(0x004, GuestSvn);
        LongNumber(0x008, Policy);
        Bytes(0x010, 16, FamilyId);
        Bytes(0x020, 16, ImageId);
        Number(0x030, Vmpl);
        Number(0x034, SignatureAlgorithm);
        Bytes(0x038, 8, CurrentTcb.Encode(Line));
        LongNumber(0x040, PlatformInfo);
        Number(0x048, (AuthorKeyEnabled ? 1u : 0) | (MaskChipKey ? 2u : 0) | ((SigningKey & 7) << 2) | (KeyInfoReserved & ~0x1Fu));
        Bytes(0x04C, 4, Reserved04C);
        Bytes(0x050, 64, ReportData);
        Bytes(0x090, 48, Measurement);
        Bytes(0x0C0, 32, HostData);
        Bytes(0x0E0, 48, IdKeyDigest);
        Bytes(0x110, 48, AuthorKeyDigest);
        Bytes(0x140, 32, ReportId);
        Bytes(0x160, 32, ReportIdMigrationAgent);
        Bytes(0x180, 8, ReportedTcb.Encode(Line));
        if (Version >= 3)
        {
            Bytes(0x188, 3, [Cpu.Family, Cpu.Model, Cpu.Stepping]);
            Bytes(0x18B, 21, Reserved18B);
        }
        else
        {
            Bytes(0x188, 24, Reserved18B);
        }
        Bytes(0x1A0, 64, ChipId);
        Bytes(0x1E0, 8, CommittedTcb.Encode(Line));
        Bytes(0x1E8, 4, [CurrentFirmware.Build, CurrentFirmware.Minor, CurrentFirmware.Major, Reserved1EB]);
        Bytes(0x1EC, 4, [CommittedFirmware.Build, CommittedFirmware.Minor, CommittedFirmware.Major, Reserved1EF]);
        Bytes(0x1F0, 8, LaunchTcb.Encode(Line));
        if (Version >= 5)
        {
            LongNumber(0x1F8, LaunchMitigationVector);
            LongNumber(0x200, CurrentMitigationVector);
            Bytes(0x208, 152, Reserved208);
        }
        else
        {
            Bytes(0x1F8, 168, Reserved208);
        }
        return report;

        void Number(int offset, uint value) => BinaryPrimitives.WriteUInt32LittleEndian(report.AsSpan(offset), value);
        void LongNumber(int offset, ulong value) => BinaryPrimitives.WriteUInt64LittleEndian(report.AsSpan(offset), value);
        void Bytes(int offset, int length, byte[] value) =>
            value.AsSpan(0, Math.Min(length, value.Length)).CopyTo(report.AsSpan(offset, length));
    }
}

/// <summary>Family, model and stepping of a processor, as CPUID Fn0000_0001 gives them.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SimulatedCpu(byte Family, byte Model, byte Stepping)
{
    public static SimulatedCpu Milan { get; } = new(0x19, 0x01, 1);
    public static SimulatedCpu Genoa { get; } = new(0x19, 0x11, 1);

    /// <summary>Bergamo and Siena: a report does not tell them apart.</summary>
    public static SimulatedCpu BergamoOrSiena { get; } = new(0x19, 0xA0, 2);

    public static SimulatedCpu Turin { get; } = new(0x1A, 0x02, 1);
    public static SimulatedCpu TurinDense { get; } = new(0x1A, 0x11, 0);
    public static SimulatedCpu Venice { get; } = new(0x1A, 0x50, 0);

    /// <summary>The first one of a line.</summary>
    public static SimulatedCpu Of(SimulatedLine line) => line switch
    {
        SimulatedLine.Milan => Milan,
        SimulatedLine.Genoa => Genoa,
        SimulatedLine.Turin => Turin,
        _ => Venice,
    };
}

/// <summary>Version of the SNP firmware.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct FirmwareVersion(byte Major, byte Minor, byte Build)
{
    /// <summary>One that real machines of the line have; Venice's is Turin's.</summary>
    public static FirmwareVersion Of(SimulatedLine line) => line switch
    {
        SimulatedLine.Milan => new(1, 55, 29),
        SimulatedLine.Genoa => new(1, 55, 40),
        _ => new(1, 55, 65),
    };
}
