using System.Buffers.Binary;

namespace OpenStackSev.Benchmarks;

/// <summary>A report copied field by field, without any check: what parsing is compared with.</summary>
internal sealed class PlainReport(byte[] bytes)
{
    public uint Version { get; } = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
    public uint GuestSvn { get; } = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(0x004));
    public ulong Policy { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x008));
    public byte[] FamilyId { get; } = bytes[0x010..0x020];
    public byte[] ImageId { get; } = bytes[0x020..0x030];
    public uint Vmpl { get; } = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(0x030));
    public uint SignatureAlgorithm { get; } = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(0x034));
    public ulong CurrentTcb { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x038));
    public ulong PlatformInfo { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x040));
    public uint KeyInfo { get; } = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(0x048));
    public byte[] ReportData { get; } = bytes[0x050..0x090];
    public byte[] Measurement { get; } = bytes[0x090..0x0C0];
    public byte[] HostData { get; } = bytes[0x0C0..0x0E0];
    public byte[] IdKeyDigest { get; } = bytes[0x0E0..0x110];
    public byte[] AuthorKeyDigest { get; } = bytes[0x110..0x140];
    public byte[] ReportId { get; } = bytes[0x140..0x160];
    public byte[] ReportIdMigrationAgent { get; } = bytes[0x160..0x180];
    public ulong ReportedTcb { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x180));
    public byte[] Processor { get; } = bytes[0x188..0x18B];
    public byte[] ChipId { get; } = bytes[0x1A0..0x1E0];
    public ulong CommittedTcb { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x1E0));
    public byte[] CurrentVersion { get; } = bytes[0x1E8..0x1EB];
    public byte[] CommittedVersion { get; } = bytes[0x1EC..0x1EF];
    public ulong LaunchTcb { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x1F0));
    public ulong LaunchMitigations { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x1F8));
    public ulong CurrentMitigations { get; } = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(0x200));
    public byte[] Signature { get; } = bytes[0x2A0..0x4A0];
}
