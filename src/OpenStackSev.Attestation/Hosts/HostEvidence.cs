using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Hosts;

/// <summary>What is known of a host when it is appraised.</summary>
/// <param name="Claims">Its own word.</param>
/// <param name="Proof">What its chip signed; null for nothing that counts.</param>
/// <param name="Witness">
/// What its chip signed while the host said what it says now: it said so before that report, and again afterwards, so that a difference is no change.
/// Null where no report is of such a time.
/// </param>
public sealed record HostEvidence(PlatformClaims Claims, PlatformProof? Proof, PlatformProof? Witness = null);

/// <summary>What a host says of itself. What it does not say is null.</summary>
/// <remarks>Trust: the host's own word. It can speak against the host, never alone for more than <see cref="HostEvidenceKind.Platform"/>.</remarks>
public sealed record PlatformClaims
{
    /// <summary>Null for a processor without SEV-SNP, or one that is not known.</summary>
    public ProductLine? Line { get; init; }

    /// <summary>Product by its name, for people.</summary>
    public string? Product { get; init; }

    /// <summary>kvm_amd starts guests of any model.</summary>
    public bool? StartsEncryptedGuests { get; init; }

    /// <summary>SEV-SNP is on.</summary>
    public bool? Snp { get; init; }

    public bool? RmpInitialized { get; init; }
    public TcbVersion? CurrentTcb { get; init; }
    public TcbVersion? ReportedTcb { get; init; }

    /// <summary>The version that runs. Which one is committed only a report tells.</summary>
    public FirmwareVersion? Firmware { get; init; }

    public bool? Smt { get; init; }
    public bool? Tsme { get; init; }
    public bool? CiphertextHiding { get; init; }
    public bool? AliasChecked { get; init; }
    public bool? MaskedChip { get; init; }
    public bool? Iommu { get; init; }
    public bool? DebugLocked { get; init; }
    public bool? Fused { get; init; }

    /// <summary>As <c>uname -r</c> prints it.</summary>
    public string? Kernel { get; init; }

    /// <summary>CHIP_ID of each socket, in hexadecimal.</summary>
    public IReadOnlyList<string> Chips { get; init; } = [];

    /// <summary>PDH, PEK, OCA and CEK as the security processor exports them; null where it does not.</summary>
    public ReadOnlyMemory<byte>? SevCertificates { get; init; }
}

/// <summary>A report that a chip of the host signed, as far as it is about the platform. Genuine: the caller has verified it.</summary>
/// <param name="Line">By the report, else by its key: reports of version 2 name no product.</param>
/// <param name="At">When the verifier received it.</param>
public sealed record PlatformProof(AttestationReport Report, ProductLine Line, DateTimeOffset At, bool Simulated);
