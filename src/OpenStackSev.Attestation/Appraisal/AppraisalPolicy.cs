using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>What an operator thinks of something that evidence may say.</summary>
public enum Stance
{
    Allowed,
    Refused,
    Required,
}

/// <summary>Whether the validity of certificates counts.</summary>
public enum DateChecks
{
    Checked,

    /// <summary>For looking at old evidence: the result says that dates were not checked.</summary>
    Ignored,
}

/// <summary>Whether a CRL must be there. One that is there is always asked, and must be signed and fresh.</summary>
public enum CrlUse
{
    IfPresent,
    Required,
}

/// <summary>What an operator asks of evidence beyond being genuine. The defaults are strict: what is not allowed by name is refused.</summary>
/// <remarks>
/// As JSON it is what appraisal-policy.schema.json in this folder describes; PolicyDocument reads and writes it.
/// </remarks>
public sealed record AppraisalPolicy
{
    /// <summary>The defaults with the bulletins that are built in.</summary>
    public static AppraisalPolicy Default { get; } = new() { Bulletins = KnownBulletins.All };

    /// <summary>For people and for results; nothing depends on it.</summary>
    public string Name { get; init; } = "default";

    public DateChecks Dates { get; init; } = DateChecks.Checked;
    public CrlUse Crl { get; init; } = CrlUse.IfPresent;

    /// <summary>CHIP_ID of zeros. Never <see cref="Stance.Required"/>.</summary>
    public Stance MaskedChip { get; init; } = Stance.Refused;

    /// <summary>Kinds of key whose signature counts.</summary>
    public IReadOnlyList<SigningKey> SigningKeys { get; init; } = [SigningKey.Vcek, SigningKey.Vlek];

    /// <summary>Product lines that are not trusted, whatever they sign.</summary>
    public IReadOnlyList<ProductLine> RefusedProducts { get; init; } = [];

    /// <summary>VMPLs, 0 to 3, whose reports count. A report that the host asked for never does.</summary>
    public IReadOnlyList<uint> Vmpls { get; init; } = [0];

    public GuestPolicyRules GuestPolicy { get; init; } = new();
    public PlatformRules Platform { get; init; } = new();

    /// <summary>What is asked of hosts beyond what is asked of the platform below a guest.</summary>
    public HostRules Hosts { get; init; } = new();

    /// <summary>Firmware that runs but is not committed. Never <see cref="Stance.Required"/>.</summary>
    /// <remarks>Allowed by default: the minima are compared with REPORTED_TCB, which COMMITTED_TCB meets, so rolling back gains nothing.</remarks>
    public Stance ProvisionalFirmware { get; init; } = Stance.Allowed;

    /// <summary>For REPORTED_TCB, by product line.</summary>
    public IReadOnlyDictionary<ProductLine, TcbMinimum> MinimumTcb { get; init; } = new Dictionary<ProductLine, TcbMinimum>();

    /// <summary>For LAUNCH_TCB, by product line.</summary>
    /// <remarks>LAUNCH_TCB is not compared with the others by default: after a migration it came from another node.</remarks>
    public IReadOnlyDictionary<ProductLine, TcbMinimum> MinimumLaunchTcb { get; init; } = new Dictionary<ProductLine, TcbMinimum>();

    /// <summary>For the committed firmware version, by product line.</summary>
    public IReadOnlyDictionary<ProductLine, FirmwareVersion> MinimumFirmware { get; init; } = new Dictionary<ProductLine, FirmwareVersion>();

    /// <summary>Bits that CURRENT_MIT_VECTOR must have, by product line.</summary>
    public IReadOnlyDictionary<ProductLine, ulong> CurrentMitigations { get; init; } = new Dictionary<ProductLine, ulong>();

    /// <summary>Bits that LAUNCH_MIT_VECTOR must have, by product line.</summary>
    public IReadOnlyDictionary<ProductLine, ulong> LaunchMitigations { get; init; } = new Dictionary<ProductLine, ulong>();

    public uint MinimumGuestSvn { get; init; }
    public ReferenceValues ReferenceValues { get; init; } = new();

    /// <summary>Only these chips, in hexadecimal as CHIP_ID (128 digits) or hwID (16 from Turin on); empty for all.</summary>
    /// <remarks>A masked chip is on no list of allowed ones.</remarks>
    public IReadOnlyList<string> AllowedChips { get; init; } = [];

    /// <summary>Never these. VCEKs cannot be revoked by serial number, so this is how one is.</summary>
    public IReadOnlyList<string> DeniedChips { get; init; } = [];

    /// <summary>Only VLEKs of these providers, as cspID has it; empty for all.</summary>
    public IReadOnlyList<string> AllowedProviders { get; init; } = [];

    /// <summary>Security bulletins whose minima hold beside the policy's own.</summary>
    public IReadOnlyList<Bulletin> Bulletins { get; init; } = [];

    /// <summary>SHA-256 of simulated ARKs to trust, lower-case hexadecimal. Every result then says that it is simulated.</summary>
    public IReadOnlyList<string> SimulatedRoots { get; init; } = [];
}

/// <summary>What is thought of each bit of POLICY.</summary>
public sealed record GuestPolicyRules
{
    public Stance Smt { get; init; } = Stance.Allowed;
    public Stance MigrationAgent { get; init; } = Stance.Refused;
    public Stance Debug { get; init; } = Stance.Refused;
    public Stance SingleSocket { get; init; } = Stance.Allowed;
    public Stance Cxl { get; init; } = Stance.Allowed;
    public Stance Aes256Xts { get; init; } = Stance.Allowed;
    public Stance RaplOff { get; init; } = Stance.Allowed;
    public Stance CiphertextHiding { get; init; } = Stance.Allowed;
    public Stance PageSwapOff { get; init; } = Stance.Allowed;

    /// <summary>A bit that nobody knows may allow the host anything. Never <see cref="Stance.Required"/>.</summary>
    public Stance UnknownBits { get; init; } = Stance.Refused;

    /// <summary>Lowest ABI major version that POLICY may ask for.</summary>
    public byte MinimumAbiMajor { get; init; }

    /// <summary>Lowest ABI minor version of that major one.</summary>
    public byte MinimumAbiMinor { get; init; }
}

/// <summary>What is thought of each bit of PLATFORM_INFO.</summary>
public sealed record PlatformRules
{
    public Stance Smt { get; init; } = Stance.Allowed;
    public Stance Tsme { get; init; } = Stance.Allowed;
    public Stance Ecc { get; init; } = Stance.Allowed;
    public Stance RaplDisabled { get; init; } = Stance.Allowed;
    public Stance CiphertextHiding { get; init; } = Stance.Allowed;
    public Stance AliasCheck { get; init; } = Stance.Allowed;
    public Stance IommuWriteSafe { get; init; } = Stance.Allowed;
    public Stance Tio { get; init; } = Stance.Allowed;

    /// <summary>Firmware adds bits; refusing new ones stops guests after an update. Never <see cref="Stance.Required"/>.</summary>
    public Stance UnknownBits { get; init; } = Stance.Allowed;
}

/// <summary>A minimum for some parts of a TCB; null parts are not asked for.</summary>
public sealed record TcbMinimum(byte? Fmc = null, byte? Bootloader = null, byte? Tee = null, byte? Snp = null, byte? Microcode = null)
{
    /// <summary>The parts that <paramref name="tcb"/> does not meet, e.g. <c>snp ≥ 24</c> and <c>snp 20</c>; null when it meets all.</summary>
    public (string Expected, string Actual)? Unmet(TcbVersion tcb)
    {
        List<string> expected = [], actual = [];
        Compare("fmc", Fmc, tcb.Fmc);
        Compare("bootloader", Bootloader, tcb.Bootloader);
        Compare("tee", Tee, tcb.Tee);
        Compare("snp", Snp, tcb.Snp);
        Compare("microcode", Microcode, tcb.Microcode);
        return expected.Count == 0 ? null : (string.Join(", ", expected), string.Join(", ", actual));

        void Compare(string part, byte? minimum, byte? value)
        {
            if (minimum is not { } least || value >= least)
                return;
            expected.Add($"{part} ≥ {least}");
            actual.Add(value is { } has ? $"{part} {has}" : $"no {part}");
        }
    }

    /// <summary>Whether <paramref name="tcb"/> meets every part that is asked for. A part that the TCB does not have is not met.</summary>
    public bool IsMetBy(TcbVersion tcb) =>
        (Fmc is null || tcb.Fmc >= Fmc) && (Bootloader is null || tcb.Bootloader >= Bootloader) && (Tee is null || tcb.Tee >= Tee)
        && (Snp is null || tcb.Snp >= Snp) && (Microcode is null || tcb.Microcode >= Microcode);
}

/// <summary>What known good evidence holds. A list that is empty is not compared.</summary>
public sealed record ReferenceValues
{
    public IReadOnlyList<LaunchDigest> LaunchDigests { get; init; } = [];

    /// <summary>HOST_DATA, 64 hexadecimal digits in lower case; so in the others, of their sizes.</summary>
    public IReadOnlyList<string> HostData { get; init; } = [];
    public IReadOnlyList<string> IdKeyDigests { get; init; } = [];

    /// <summary>Compared with AUTHOR_KEY_DIGEST, which counts only where AUTHOR_KEY_EN is on.</summary>
    public IReadOnlyList<string> AuthorKeyDigests { get; init; } = [];
    public IReadOnlyList<string> FamilyIds { get; init; } = [];
    public IReadOnlyList<string> ImageIds { get; init; } = [];
}

/// <summary>A MEASUREMENT that is known to be good.</summary>
/// <param name="Digest">96 hexadecimal digits, lower case.</param>
/// <param name="Name">What it stands for, e.g. <c>OVMF 2024.02, 4 EPYC-v4</c>.</param>
/// <param name="CoversExecutables">
/// The launch measured what runs: kernel hashes, or a root disk that they verify. Otherwise it covers firmware and vCPU state only.
/// </param>
public sealed record LaunchDigest(string Digest, string Name, bool CoversExecutables = false);
