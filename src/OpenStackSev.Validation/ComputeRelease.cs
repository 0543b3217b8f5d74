using System.Diagnostics.CodeAnalysis;

namespace OpenStackSev.Validation;

/// <summary>A way of encrypting a guest's memory, as Nova names it in <c>hw:mem_encryption_model</c>.</summary>
public enum MemoryEncryptionModel
{
    AmdSev,
    AmdSevEs,
    AmdSevSnp,
}

/// <summary>A release of OpenStack, by what its Nova does with memory encryption.</summary>
/// <param name="Name">As people say it: <c>zed</c>, <c>2023.1</c>, … <c>2026.2</c>.</param>
/// <param name="NovaMajor">Version of Nova, e.g. 26.</param>
/// <param name="Microversion">Highest minor part of the compute API's 2.x microversions, which tells the release of a cloud.</param>
/// <remarks>Source: Nova's release notes and git tags; microversions from nova/api/openstack/compute/rest_api_version_history.rst.</remarks>
public sealed record ComputeRelease(string Name, int NovaMajor, int Microversion)
{
    /// <summary>All that are known, the oldest first.</summary>
    public static IReadOnlyList<ComputeRelease> All { get; } =
    [
        new("zed", 26, 93),
        new("2023.1", 27, 95),
        new("2023.2", 28, 95),
        new("2024.1", 29, 96),
        new("2024.2", 30, 96),
        new("2025.1", 31, 100),
        new("2025.2", 32, 100),
        new("2026.1", 33, 103),
        new("2026.2", 34, 104),
    ];

    public static ComputeRelease Zed => All[0];
    public static ComputeRelease Newest => All[^1];

    /// <summary><c>hw:mem_encryption_model</c> and <c>hw_mem_encryption_model</c> exist; before, all encryption is plain SEV.</summary>
    public bool HasModelKey => NovaMajor >= 32;

    /// <summary><c>hw_firmware_stateless</c> exists.</summary>
    public bool HasStatelessFirmware => NovaMajor >= 30;

    /// <summary>Encryption contexts are inventory of children of the compute node's provider, one a model; before, of the provider itself.</summary>
    public bool HasChildProviders => NovaMajor >= 32;

    /// <summary>The models that this Nova can launch.</summary>
    public IReadOnlyList<MemoryEncryptionModel> Models => NovaMajor switch
    {
        >= 34 => [MemoryEncryptionModel.AmdSev, MemoryEncryptionModel.AmdSevEs, MemoryEncryptionModel.AmdSevSnp],
        >= 32 => [MemoryEncryptionModel.AmdSev, MemoryEncryptionModel.AmdSevEs],
        _ => [MemoryEncryptionModel.AmdSev],
    };

    /// <param name="name"><c>zed</c>, <c>26</c> or <c>2026.2</c>, in any case.</param>
    /// <param name="release">Null when no release is called so.</param>
    public static bool TryParse(string name, [NotNullWhen(true)] out ComputeRelease? release)
    {
        release = All.FirstOrDefault(r => r.Name.Equals(name, StringComparison.OrdinalIgnoreCase) || r.NovaMajor.ToString() == name);
        return release is not null;
    }

    /// <summary>The newest release whose highest microversion is at most the cloud's; the oldest for one before Zed.</summary>
    /// <param name="minor">1 for 2.1, 93 for 2.93.</param>
    /// <remarks>Three pairs of releases share one: 2.95, 2.96 and 2.100. The newer is taken, and <c>--release</c> tells otherwise.</remarks>
    public static ComputeRelease OfMicroversion(int minor) => All.LastOrDefault(r => r.Microversion <= minor) ?? Zed;
}
