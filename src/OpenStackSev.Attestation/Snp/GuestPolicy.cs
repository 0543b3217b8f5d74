namespace OpenStackSev.Attestation.Snp;

/// <summary>POLICY: what the owner of a guest allows, fixed at its launch and enforced by the security processor.</summary>
/// <remarks>Source: AMD 56860, "Guest Policy Structure".</remarks>
public readonly record struct GuestPolicy(ulong Value)
{
    /// <summary>Lowest minor version of the firmware's API that may run the guest.</summary>
    public byte AbiMinor => (byte)Value;

    /// <summary>Lowest major version of the firmware's API that may run the guest.</summary>
    public byte AbiMajor => (byte)(Value >> 8);

    /// <summary>The guest may run where simultaneous multithreading is on.</summary>
    public bool SmtAllowed => Bit(16);

    /// <summary>Reserved, and must be one.</summary>
    public bool ReservedOne => Bit(17);

    /// <summary>A migration agent may be associated: it can move, and so read, the guest.</summary>
    public bool MigrationAgentAllowed => Bit(18);

    /// <summary>The host may decrypt the guest's memory.</summary>
    public bool DebugAllowed => Bit(19);

    /// <summary>The guest may run on one socket only.</summary>
    public bool SingleSocketRequired => Bit(20);

    /// <summary>CXL memory and devices may be used.</summary>
    public bool CxlAllowed => Bit(21);

    /// <summary>Memory must be encrypted with AES-256-XTS.</summary>
    public bool Aes256XtsRequired => Bit(22);

    /// <summary>Running average power limits must be off.</summary>
    public bool RaplOffRequired => Bit(23);

    /// <summary>The host must not be able to read ciphertext in DRAM.</summary>
    public bool CiphertextHidingRequired => Bit(24);

    /// <summary>The host must not be able to move or swap pages of the guest.</summary>
    public bool PageSwapOffRequired => Bit(25);

    /// <summary>Bits 26 to 63, which no known version of the firmware defines.</summary>
    public ulong UnknownBits => Value & ~((1UL << 26) - 1);

    private bool Bit(int number) => (Value >> number & 1) != 0;

    public override string ToString() => $"0x{Value:x}";
}
