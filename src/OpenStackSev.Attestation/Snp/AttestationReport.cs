using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;

namespace OpenStackSev.Attestation.Snp;

/// <summary>Which key signed a report: SIGNING_KEY of KEY_INFO.</summary>
public enum SigningKey
{
    /// <summary>Versioned chip endorsement key: one chip at one TCB.</summary>
    Vcek = 0,

    /// <summary>Versioned loaded endorsement key: one cloud provider at one TCB.</summary>
    Vlek = 1,

    /// <summary>The report is not signed.</summary>
    None = 7,
}

/// <summary>CPUID family and model with their extended parts, and stepping.</summary>
public readonly record struct ProcessorSignature(byte Family, byte Model, byte Stepping)
{
    /// <summary>As AMD writes it, e.g. <c>19/01/01</c>.</summary>
    public override string ToString() => $"{Family:X2}/{Model:X2}/{Stepping:X2}";
}

/// <summary>The SNP ATTESTATION_REPORT a guest obtained from its AMD-SP. Parsed, not yet believed.</summary>
/// <remarks>
/// Wire form: exactly 0x4A0 bytes, little-endian. The signature covers bytes 0x000..0x29F as received,
/// so <see cref="SignedBytes"/> copies the input and is never rebuilt from the fields.
/// Source: AMD 56860, "ATTESTATION_REPORT Structure" (report versions 2 to 5). Version 3 added the CPUID bytes, version 5 the mitigation vectors.
/// </remarks>
public sealed class AttestationReport
{
    /// <summary>Length of a report, in bytes.</summary>
    public const int Size = 0x4A0;

    /// <summary>Length of the part that is signed, from the start, in bytes.</summary>
    public const int SignedSize = 0x2A0;

    /// <summary>VMPL of a report that the host asked for instead of the guest.</summary>
    public const uint HostRequestedVmpl = 0xFFFFFFFF;

    private readonly byte[] _bytes;

    private AttestationReport(byte[] bytes, ref Wire wire, TcbLayout? vekLayout)
    {
        _bytes = bytes;
        Version = wire.UInt32(0x000);
        bool hasCpuid = Version >= 3, hasMitigations = Version >= 5;
        if (hasCpuid)
        {
            Processor = new(wire.Byte(0x188), wire.Byte(0x189), wire.Byte(0x18A));
            Product = SnpProducts.Of(wire.Byte(0x188), wire.Byte(0x189));
        }
        Layout = Product?.Line().Layout() ?? vekLayout ?? LayoutOfChipId(bytes.AsSpan(0x1A0, 64));

        GuestSvn = wire.UInt32(0x004);
        Policy = new(wire.UInt64(0x008));
        wire.Must(Policy.ReservedOne, SnpCodes.ReportReserved, "POLICY bit 17", "one", Policy.Value);
        Vmpl = wire.UInt32(0x030);
        wire.Must(Vmpl is <= 3 or HostRequestedVmpl, SnpCodes.ReportValue, "VMPL", "0 to 3, or 0xffffffff for the host", Vmpl);
        SignatureAlgorithm = wire.UInt32(0x034);
        CurrentTcb = wire.Tcb("CURRENT_TCB", 0x038, Layout);
        PlatformInfo = new(wire.UInt64(0x040));
        uint keyInfo = wire.UInt32(0x048);
        AuthorKeyEnabled = (keyInfo & 1) != 0;
        ChipKeyMasked = (keyInfo & 2) != 0;
        SigningKey = (SigningKey)(keyInfo >> 2 & 7);
        wire.Must(SigningKey is SigningKey.Vcek or SigningKey.Vlek or SigningKey.None, SnpCodes.ReportValue, "SIGNING_KEY",
            "0 (VCEK), 1 (VLEK) or 7 (none)", keyInfo >> 2 & 7);
        wire.Must(keyInfo >> 5 == 0, SnpCodes.ReportReserved, "reserved bits of KEY_INFO", "zero", keyInfo);
        wire.MustBeZero("reserved after KEY_INFO", 0x04C, 0x050);
        ReportedTcb = wire.Tcb("REPORTED_TCB", 0x180, Layout);
        if (hasCpuid)
            wire.MustBeZero("reserved after CPUID_STEP", 0x18B, 0x1A0);
        else
            wire.MustBeZero("reserved after REPORTED_TCB", 0x188, 0x1A0);
        if (Layout == TcbLayout.Turin)
            wire.MustBeZero("CHIP_ID after its 8 bytes", 0x1A8, 0x1E0);
        CommittedTcb = wire.Tcb("COMMITTED_TCB", 0x1E0, Layout);
        CurrentVersion = wire.Version(0x1E8);
        wire.MustBeZero("reserved after CURRENT_MAJOR", 0x1EB, 0x1EC);
        CommittedVersion = wire.Version(0x1EC);
        wire.MustBeZero("reserved after COMMITTED_MAJOR", 0x1EF, 0x1F0);
        LaunchTcb = wire.Tcb("LAUNCH_TCB", 0x1F0, Layout);
        if (hasMitigations)
        {
            LaunchMitigations = wire.UInt64(0x1F8);
            CurrentMitigations = wire.UInt64(0x200);
            wire.MustBeZero("reserved after CURRENT_MIT_VECTOR", 0x208, 0x2A0);
        }
        else
        {
            wire.MustBeZero("reserved after LAUNCH_TCB", 0x1F8, 0x2A0);
        }
    }

    /// <summary>2 to 5.</summary>
    public uint Version { get; }

    /// <summary>Security version of the guest, from its ID block.</summary>
    public uint GuestSvn { get; }

    /// <summary>What the guest's owner allows.</summary>
    public GuestPolicy Policy { get; }

    /// <summary>16 bytes from the ID block.</summary>
    public ReadOnlyMemory<byte> FamilyId => _bytes.AsMemory(0x010, 16);

    /// <summary>16 bytes from the ID block.</summary>
    public ReadOnlyMemory<byte> ImageId => _bytes.AsMemory(0x020, 16);

    /// <summary>Privilege level that asked for the report, 0 to 3, or <see cref="HostRequestedVmpl"/>.</summary>
    public uint Vmpl { get; }

    /// <summary>True when the host asked for the report: then REPORT_DATA is the host's word, not the guest's.</summary>
    public bool HostRequested => Vmpl == HostRequestedVmpl;

    /// <summary>1 is ECDSA P-384 with SHA-384.</summary>
    public uint SignatureAlgorithm { get; }

    /// <summary>TCB of the running firmware.</summary>
    public TcbVersion CurrentTcb { get; }

    /// <summary>How the host is set up.</summary>
    public PlatformInfo PlatformInfo { get; }

    /// <summary>The ID block was signed by a key that an author key signed: AUTHOR_KEY_DIGEST means something.</summary>
    public bool AuthorKeyEnabled { get; }

    /// <summary>The host keeps its endorsement key from signing: MASK_CHIP_KEY. The signature is then zero.</summary>
    public bool ChipKeyMasked { get; }

    /// <summary>Which key signed.</summary>
    public SigningKey SigningKey { get; }

    /// <summary>64 bytes that the requester chose. What they mean is between it and the verifier.</summary>
    public ReadOnlyMemory<byte> ReportData => _bytes.AsMemory(0x050, 64);

    /// <summary>Launch digest: 48-byte SHA-384 over the initial guest memory and VMSAs.</summary>
    public ReadOnlyMemory<byte> Measurement => _bytes.AsMemory(0x090, 48);

    /// <summary>32 bytes that the host chose at launch.</summary>
    public ReadOnlyMemory<byte> HostData => _bytes.AsMemory(0x0C0, 32);

    /// <summary>SHA-384 of the key that signed the ID block; zero without one.</summary>
    public ReadOnlyMemory<byte> IdKeyDigest => _bytes.AsMemory(0x0E0, 48);

    /// <summary>SHA-384 of the key that signed the ID key; zero unless <see cref="AuthorKeyEnabled"/>.</summary>
    public ReadOnlyMemory<byte> AuthorKeyDigest => _bytes.AsMemory(0x110, 48);

    /// <summary>32 bytes, the same for all reports of one guest.</summary>
    public ReadOnlyMemory<byte> ReportId => _bytes.AsMemory(0x140, 32);

    /// <summary>Report id of the migration agent; all 0xFF without one.</summary>
    public ReadOnlyMemory<byte> MigrationAgentReportId => _bytes.AsMemory(0x160, 32);

    /// <summary>The TCB that derives the signing key: what the host's owner lets its chips claim.</summary>
    public TcbVersion ReportedTcb { get; }

    /// <summary>From version 3 on.</summary>
    public ProcessorSignature? Processor { get; }

    /// <summary>From the CPUID bytes; null in version 2, and when they name no product that is known.</summary>
    public SnpProduct? Product { get; }

    /// <summary>How the TCBs were read: by the CPUID bytes, else as the VEK's certificate says, else by the form of CHIP_ID.</summary>
    public TcbLayout Layout { get; }

    /// <summary>64 bytes; zero when masked. From Turin on the first 8 name the chip and the others are zero.</summary>
    public ReadOnlyMemory<byte> ChipId => _bytes.AsMemory(0x1A0, 64);

    /// <summary>The host does not say which chip signed.</summary>
    public bool ChipIdMasked => !_bytes.AsSpan(0x1A0, 64).ContainsAnyExcept((byte)0);

    /// <summary>The TCB below which the firmware can no longer be rolled back.</summary>
    public TcbVersion CommittedTcb { get; }

    /// <summary>Version of the running firmware.</summary>
    public FirmwareVersion CurrentVersion { get; }

    /// <summary>Version below which the firmware can no longer be rolled back.</summary>
    public FirmwareVersion CommittedVersion { get; }

    /// <summary>The lowest CURRENT_TCB on which the guest was launched or imported.</summary>
    public TcbVersion LaunchTcb { get; }

    /// <summary>LAUNCH_MIT_VECTOR, from version 5 on: mitigations that were on when the guest was launched.</summary>
    public ulong? LaunchMitigations { get; }

    /// <summary>CURRENT_MIT_VECTOR, from version 5 on: mitigations that are on.</summary>
    public ulong? CurrentMitigations { get; }

    /// <summary>What the signature covers, as it was received.</summary>
    public ReadOnlySpan<byte> SignedBytes => _bytes.AsSpan(0, SignedSize);

    /// <summary>SIGNATURE, 512 bytes: r and s of 72 bytes each, little-endian, and 368 that are zero.</summary>
    public ReadOnlySpan<byte> Signature => _bytes.AsSpan(SignedSize);

    /// <summary>All 0x4A0 bytes, as they were received.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <param name="bytes">Anything; from an attacker as a rule.</param>
    /// <param name="vekLayout">From the VEK's certificate; decides where the report has no CPUID bytes (version 2) or unknown ones.</param>
    /// <param name="report">Null unless every reserved byte is as it must be.</param>
    /// <param name="malformed">Everything that is wrong; empty on success.</param>
    /// <returns>False when something is malformed; never throws on guest input.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, TcbLayout? vekLayout,
        [NotNullWhen(true)] out AttestationReport? report, out IReadOnlyList<Finding> malformed)
    {
        report = null;
        if (bytes.Length != Size)
        {
            malformed = [SnpCodes.ReportSize.Finds("ATTESTATION_REPORT", $"{Size} bytes", $"{bytes.Length} bytes")];
            return false;
        }
        uint version = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (version is < 2 or > 5)
        {
            malformed = [SnpCodes.ReportVersion.Finds("VERSION", "2 to 5", version.ToString())];
            return false;
        }
        byte[] copy = bytes.ToArray();
        Wire wire = new(copy);
        AttestationReport parsed = new(copy, ref wire, vekLayout);
        malformed = wire.Findings;
        if (malformed.Count > 0)
            return false;
        report = parsed;
        return true;
    }

    // Chips of Turin and later use 8 of the 64 bytes. A masked id tells nothing: then it is read as the older form.
    private static TcbLayout LayoutOfChipId(ReadOnlySpan<byte> chipId) =>
        !chipId[8..].ContainsAnyExcept((byte)0) && chipId[..8].ContainsAnyExcept((byte)0) ? TcbLayout.Turin : TcbLayout.Milan;
}
