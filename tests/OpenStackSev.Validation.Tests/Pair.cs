using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests;

/// <summary>A flavor and an image, with the release and the cloud that they are judged for.</summary>
internal sealed record Pair(
    IReadOnlyDictionary<string, string> Specs, IReadOnlyDictionary<string, string> Properties, ComputeRelease Release, CloudFacts? Cloud = null,
    string FlavorName = "sev.small", string ImageName = "debian", int Disk = 10)
{
    /// <summary>SEV-SNP with nothing to be said against it, not even a hint.</summary>
    public static Pair Sound { get; } = new(
        Map(("hw:mem_encryption", "true"), ("hw:mem_encryption_model", "amd-sev-snp"), ("hw:cpu_policy", "dedicated"), ("hw:cpu_thread_policy", "isolate")),
        Map(("hw_mem_encryption", "true"), ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("hw_firmware_stateless", "true")),
        ComputeRelease.Newest);

    /// <summary>No encryption, and nobody can turn it on.</summary>
    public static Pair Plain { get; } = new(Map(("hw:mem_encryption", "false")), Map(), ComputeRelease.Newest);

    /// <summary>Plain SEV, as far as Zed knows it.</summary>
    public static Pair OfZed { get; } = Sound.On(ComputeRelease.Zed).Flavor("hw:mem_encryption_model", null).Image("hw_firmware_stateless", null);

    public FlavorSpec FlavorSpec => new(FlavorName, null, Specs, RamMebibytes: 2048, Vcpus: 2, DiskGibibytes: Disk);
    public ImageSpec ImageSpec => new(ImageName, null, Properties);

    public Pair Flavor(string key, string? value) => this with { Specs = With(Specs, key, value) };
    public Pair Image(string key, string? value) => this with { Properties = With(Properties, key, value) };
    public Pair On(ComputeRelease release) => this with { Release = release };
    public Pair In(CloudFacts cloud) => this with { Cloud = cloud };

    /// <summary>Another model, with the firmware that it needs.</summary>
    public Pair Model(string model) => Flavor("hw:mem_encryption_model", model);

    public IReadOnlyList<Finding> Check() => RequestRules.Check(FlavorSpec, ImageSpec, Release, Cloud);

    /// <summary>One host: processors and memory on the root, a context and one of our keys for each model.</summary>
    public static NodeFacts Host(string name, double ramRatio, bool guard, params string[] models)
    {
        Guid root = Guid.NewGuid();
        List<ProviderFacts> providers =
        [
            new(root, name, null, Inventory(("VCPU", 16, 1), ("MEMORY_MB", 65536, ramRatio), ("DISK_GB", 1000, 1)),
                new HashSet<string>(StringComparer.Ordinal) { "CUSTOM_SEV_TRUSTED", "CUSTOM_SEV_SMT_OFF" }, new HashSet<Guid>()),
        ];
        foreach (string model in models)
        {
            (_, string resourceClass, string trait, string novaTrait) = SevNames.Models.Single(known => known.Model == model);
            providers.Add(Child(root, $"{name}_{model}", "MEM_ENCRYPTION_CONTEXT", novaTrait));
            if (guard)
                providers.Add(Child(root, $"{name}:{model}", resourceClass, trait));
        }
        return new(name, providers, null);
    }

    public static ProviderFacts Child(Guid root, string name, string resourceClass, string trait) =>
        new(Guid.NewGuid(), name, root, Inventory((resourceClass, 100, 1)), new HashSet<string>(StringComparer.Ordinal) { trait }, new HashSet<Guid>());

    public static Dictionary<string, string> Map(params (string Key, string Value)[] entries) =>
        entries.ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal);

    private static Dictionary<string, InventoryFacts> Inventory(params (string Class, int Total, double Ratio)[] entries) =>
        entries.ToDictionary(entry => entry.Class, entry => new InventoryFacts(entry.Total, 0, 0, 1, entry.Total, 1, entry.Ratio), StringComparer.Ordinal);

    private static Dictionary<string, string> With(IReadOnlyDictionary<string, string> values, string key, string? value)
    {
        var copy = new Dictionary<string, string>(values, StringComparer.Ordinal);
        if (value is null)
            copy.Remove(key);
        else
            copy[key] = value;
        return copy;
    }
}
