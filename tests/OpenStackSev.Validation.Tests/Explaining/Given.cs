using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

/// <summary>Flavors, images and hosts to start from: a small SEV guest, and hosts that fit it.</summary>
internal static class Given
{
    public static InventoryFacts Inventory(int total, int used = 0, int reserved = 0, int min = 1, int max = int.MaxValue, int step = 1, double ratio = 1.0) =>
        new(total, reserved, used, min, max, step, ratio);

    public static FlavorSpec Flavor(params (string Key, string Value)[] specs) =>
        new("sev.small", "f1", specs.ToDictionary(spec => spec.Key, spec => spec.Value), RamMebibytes: 1024, Vcpus: 2, DiskGibibytes: 10);

    public static ImageSpec Image(params (string Key, string Value)[] properties) =>
        new("debian", null, properties.Append(("hw_machine_type", "q35")).Append(("hw_firmware_type", "uefi")).DistinctBy(property => property.Item1)
            .ToDictionary(property => property.Item1, property => property.Item2));

    public static ProviderFacts Provider(string name, ProviderFacts? parent, (string Class, InventoryFacts Inventory)[] inventories, params string[] traits) =>
        new(GuidOf(name), name, parent?.Uuid, inventories.ToDictionary(pair => pair.Class, pair => pair.Inventory), traits.ToHashSet(), new HashSet<Guid>());

    /// <summary>A compute node with room for a hundred small guests, and these children.</summary>
    public static NodeFacts Node(string name = "compute1", string[]? traits = null, ComputeServiceFacts? service = null, params Func<ProviderFacts, ProviderFacts>[] children)
    {
        ProviderFacts root = Provider(name, null,
            [("VCPU", Inventory(256)), ("MEMORY_MB", Inventory(131072)), ("DISK_GB", Inventory(1000))], traits ?? []);
        return new(name, [root, .. children.Select(child => child(root))], service ?? new(name, true, true, null));
    }

    /// <summary>Nova's own child for a model, since 2025.2.</summary>
    public static Func<ProviderFacts, ProviderFacts> NovaChild(string model, int total = 5, int used = 0) => root =>
        Provider($"{root.Name}_amd_{model}", root, [("MEM_ENCRYPTION_CONTEXT", Inventory(total, used, max: 1))], "HW_CPU_X86_AMD_" + model.ToUpperInvariant());

    /// <summary>Our child for a model.</summary>
    public static Func<ProviderFacts, ProviderFacts> Guard(string model, int total = 5, int used = 0, int reserved = 0) => root =>
        Provider($"{root.Name}:{model}", root, [($"CUSTOM_{model.ToUpperInvariant()}_ASID", Inventory(total, used, reserved, max: 1))], "CUSTOM_" + model.ToUpperInvariant());

    public static Guid GuidOf(string name) => new(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));
}
