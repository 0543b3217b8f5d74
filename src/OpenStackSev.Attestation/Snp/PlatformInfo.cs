namespace OpenStackSev.Attestation.Snp;

/// <summary>PLATFORM_INFO: how the host is set up, as its security processor saw it when it made the report.</summary>
/// <remarks>
/// Source: AMD 56860, "PLATFORM_INFO Field". Bit 6 is IOMMU_WRITE_SAFE; it is set in reports of real Turin processors.
/// Firmware adds bits without a new version of the report, so unknown ones are kept and shown, and a policy decides.
/// </remarks>
public readonly record struct PlatformInfo(ulong Value)
{
    /// <summary>Simultaneous multithreading is on.</summary>
    public bool SmtEnabled => Bit(0);

    /// <summary>Transparent SME encrypts the host's memory.</summary>
    public bool TsmeEnabled => Bit(1);

    /// <summary>The memory corrects errors.</summary>
    public bool EccEnabled => Bit(2);

    /// <summary>Running average power limits are off.</summary>
    public bool RaplDisabled => Bit(3);

    /// <summary>The host cannot read ciphertext in DRAM.</summary>
    public bool CiphertextHidingEnabled => Bit(4);

    /// <summary>No two addresses led to the same memory when the host started, nor since its last reset.</summary>
    public bool AliasCheckComplete => Bit(5);

    /// <summary>Writes of devices through the IOMMU cannot reach guests' memory.</summary>
    public bool IommuWriteSafe => Bit(6);

    /// <summary>Devices can be assigned as trusted ones.</summary>
    public bool TioEnabled => Bit(7);

    /// <summary>Bits that no source names.</summary>
    public ulong UnknownBits => Value & ~0xFFUL;

    private bool Bit(int number) => (Value >> number & 1) != 0;

    public override string ToString() => $"0x{Value:x}";
}
