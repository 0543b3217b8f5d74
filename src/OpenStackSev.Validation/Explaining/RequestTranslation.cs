using System.Numerics;
using System.Text.RegularExpressions;

namespace OpenStackSev.Validation.Explaining;

/// <summary>Builds a <see cref="SchedulingRequest"/> as Nova does.</summary>
/// <remarks>
/// Source: nova/scheduler/utils.py, ResourceRequest.from_request_spec, and nova/scheduler/request_filter.py. Not known here, since neither
/// flavor nor image tell: ports with resource requests, device profiles, tenant and isolated aggregates, and the filters that an operator may
/// switch on (<c>query_placement_for_image_type_support</c>, <c>image_metadata_prefilter</c>, <c>pci_in_placement</c>).
/// </remarks>
internal sealed partial class RequestTranslation
{
    private const string EveryRequest = "Nova, in every request";
    private readonly SortedDictionary<string, Draft> groups = new(StringComparer.Ordinal) { [""] = new() };
    private readonly List<string> ignored = [];
    private string? policy;

    private Draft Unsuffixed => groups[""];

    public static SchedulingRequest Of(FlavorSpec flavor, ImageSpec image, ComputeRelease release, Circumstances known)
    {
        var translation = new RequestTranslation();
        translation.AddExtraSpecs(flavor);
        translation.AddImageTraits(image);
        translation.AddPinning(flavor, image);
        translation.AddFlavorItself(flavor, known);
        translation.AddEncryption(flavor, image, release);
        translation.AddDevices(flavor, image);
        translation.AddAddressSpace(flavor, image, release);
        translation.AddSecurity(flavor, image, release);

        RequestGroup[] all = [.. translation.groups.Select(group => group.Value.Done(group.Key))];
        return new(flavor, image, release, [all[0], .. all.Skip(1).Where(group => !group.IsEmpty)], RootTraits(flavor, image, release, known),
            [new("COMPUTE_STATUS_DISABLED", 1, EveryRequest)], known.Aggregates ?? [],
            // Nova fills in "none" only where other groups than the flavor's come in; here all are the flavor's.
            translation.policy, translation.ignored, [.. UnseenParts.Of(flavor, image)]);
    }

    private void AddExtraSpecs(FlavorSpec flavor)
    {
        foreach ((string key, string value) in flavor.ExtraSpecs.OrderBy(spec => spec.Key, StringComparer.Ordinal))
        {
            if (key == "group_policy")
            {
                if (value is "none" or "isolate")
                    policy = value;
                else
                    ignored.Add($"flavor group_policy={value}: neither 'none' nor 'isolate'");
            }
            else if (GroupKey().Match(key) is { Success: true } match)
            {
                string suffix = match.Groups["suffix"].Value;
                if (!groups.TryGetValue(suffix, out Draft? group))
                    groups[suffix] = group = new();
                if (match.Groups["kind"].Value == "resources")
                    AddResource(group, match.Groups["name"].Value, value, $"flavor {key}={value}");
                else
                    AddTrait(group, match.Groups["name"].Value, value, $"flavor {key}={value}");
            }
        }
    }

    private void AddResource(Draft group, string name, string value, string origin)
    {
        if (!PlacementNames.IsResourceClass(name))
            ignored.Add(origin + ": no such class is standard, and others begin with CUSTOM_");
        else if (!PythonNumber.TryParse(value, out BigInteger amount) || amount < 0)
            ignored.Add(origin + ": not a number of 0 or more");
        else
            // No inventory is larger.
            group.Resources[name] = new(name, (int)BigInteger.Min(amount, int.MaxValue), origin);
    }

    private void AddTrait(Draft group, string name, string value, string origin)
    {
        if (value == "required")
            group.Require(name, origin);
        else if (value == "forbidden")
            group.Forbid(name, origin);
        else
            ignored.Add(origin + ": neither 'required' nor 'forbidden'");
    }

    private void AddImageTraits(ImageSpec image)
    {
        foreach ((string key, string value) in image.Properties.Where(property => property.Key.StartsWith("trait:", StringComparison.Ordinal))
            .OrderBy(property => property.Key, StringComparer.Ordinal))
        {
            if (value == "required")
                Unsuffixed.Require(key["trait:".Length..], $"image {key}=required");
            else
                ignored.Add($"image {key}={value}: only 'required' means something in an image");
        }
    }

    private void AddPinning(FlavorSpec flavor, ImageSpec image)
    {
        CpuPinning pinning = CpuPinning.Of(flavor, image);
        if (pinning.Shared is { } shared)
            Unsuffixed.Resources["VCPU"] = new("VCPU", shared, pinning.Origin);
        if (pinning.Dedicated is { } dedicated)
            Unsuffixed.Resources["PCPU"] = new("PCPU", dedicated, pinning.Origin);
        if (pinning.Threads == "isolate")
            Unsuffixed.Forbid("HW_CPU_HYPERTHREADING", "hw:cpu_thread_policy=isolate");
        else if (pinning.Threads == "require")
            Unsuffixed.Require("HW_CPU_HYPERTHREADING", "hw:cpu_thread_policy=require");
    }

    private void AddFlavorItself(FlavorSpec flavor, Circumstances known)
    {
        // An amount of 0 counts as asked for: resources:VCPU=0 takes the flavor's own VCPU away.
        bool Has(string resourceClass) => groups.Values.Any(group => group.Resources.ContainsKey(resourceClass));
        if (!Has("VCPU") && !Has("PCPU"))
            Unsuffixed.Resources["VCPU"] = new("VCPU", flavor.Vcpus, $"flavor vcpus={flavor.Vcpus}");
        if (!Has("MEMORY_MB"))
            Unsuffixed.Resources["MEMORY_MB"] = new("MEMORY_MB", flavor.RamMebibytes, $"flavor ram={flavor.RamMebibytes}");
        int disk = known.FurtherDiskGibibytes + (known.BootsFromVolume ? 0 : flavor.DiskGibibytes);
        if (!Has("DISK_GB"))
            Unsuffixed.Resources["DISK_GB"] = new("DISK_GB", disk, $"flavor disk={disk}");
    }

    private void AddEncryption(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        MemoryEncryptionRequest request = MemoryEncryptionRequest.From(flavor, image, release);
        if (!request.Encrypted)
            return;
        string origin = request.ByFlavor ? "flavor hw:mem_encryption" : "image hw_mem_encryption";
        Unsuffixed.Resources[SevNames.Context] = new(SevNames.Context, 1, origin);
        // Before 2025.2 Nova asks for the context only: there was one model.
        if (release.HasChildProviders && SevNames.NovaTrait(request.Model) is { } trait)
            Unsuffixed.Require(trait, $"{origin}, model {request.Model}");
    }

    private void AddDevices(FlavorSpec flavor, ImageSpec image)
    {
        foreach (IGrouping<string, string> label in (flavor["hw:pmem"] ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .GroupBy(label => PlacementNames.Custom("PMEM_NAMESPACE_" + label)))
            Unsuffixed.Resources[label.Key] = new(label.Key, label.Count(), "flavor hw:pmem");
        if ((flavor["hw:pci_numa_affinity_policy"] ?? image["hw_pci_numa_affinity_policy"]) == "socket")
            Unsuffixed.Require("COMPUTE_SOCKET_PCI_NUMA_AFFINITY", "hw:pci_numa_affinity_policy=socket");
    }

    /// <summary>How a guest sees physical addresses; since 2023.2.</summary>
    private void AddAddressSpace(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        string? mode = release.NovaMajor >= 28 ? flavor["hw:maxphysaddr_mode"] ?? image["hw_maxphysaddr_mode"] : null;
        if (mode == "passthrough")
            Unsuffixed.Require("COMPUTE_ADDRESS_SPACE_PASSTHROUGH", "hw:maxphysaddr_mode=passthrough");
        else if (mode == "emulate")
            Unsuffixed.Require("COMPUTE_ADDRESS_SPACE_EMULATED", "hw:maxphysaddr_mode=emulate");
    }

    private void AddSecurity(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        if (release.HasStatelessFirmware && image["hw_firmware_type"] == "uefi" && image["hw_firmware_stateless"] is { } stateless && NovaBoolean.Of(stateless))
            Unsuffixed.Require("COMPUTE_SECURITY_STATELESS_FIRMWARE", "image hw_firmware_stateless");
        if (flavor["os:secure_boot"] == "required" || image["os_secure_boot"] == "required")
            Unsuffixed.Require("COMPUTE_SECURITY_UEFI_SECURE_BOOT", "os:secure_boot=required");
        if ((flavor["hw:tpm_version"] ?? image["hw_tpm_version"]) is { Length: > 0 } version)
        {
            Unsuffixed.Require(version == "1.2" ? "COMPUTE_SECURITY_TPM_1_2" : "COMPUTE_SECURITY_TPM_2_0", "hw:tpm_version=" + version);
            if (release.NovaMajor > 26)
            {
                string model = flavor["hw:tpm_model"] ?? image["hw_tpm_model"] ?? "tpm-tis";
                Unsuffixed.Require(model == "tpm-crb" ? "COMPUTE_SECURITY_TPM_CRB" : "COMPUTE_SECURITY_TPM_TIS", "hw:tpm_model=" + model);
            }
        }
    }

    private static List<Wish> RootTraits(FlavorSpec flavor, ImageSpec image, ComputeRelease release, Circumstances known)
    {
        List<Wish> required = [];
        if (flavor["accel:device_profile"] is { Length: > 0 })
            required.Add(new("COMPUTE_ACCELERATORS", 1, "flavor accel:device_profile"));
        if (new[] { flavor["hw:ephemeral_encryption"], image["hw_ephemeral_encryption"] }.Any(asked => asked is not null && NovaBoolean.Of(asked)))
        {
            required.Add(new("COMPUTE_EPHEMERAL_ENCRYPTION", 1, "hw:ephemeral_encryption"));
            if ((flavor["hw:ephemeral_encryption_format"] ?? image["hw_ephemeral_encryption_format"]) is { Length: > 0 } format)
                required.Add(new("COMPUTE_EPHEMERAL_ENCRYPTION_" + format.ToUpperInvariant(), 1, "hw:ephemeral_encryption_format=" + format));
        }

        if (known.OwnedRoots)
            required.Add(new("OWNER_NOVA", 1, EveryRequest + " since 2026.2"));
        return required;
    }

    // Source: ResourceRequest.XS_KEYPAT.
    [GeneratedRegex("^(?<kind>resources|trait)(?<suffix>[a-zA-Z0-9_-]{1,64})?:(?<name>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupKey();

    private sealed class Draft
    {
        private readonly SortedDictionary<string, Wish> required = new(StringComparer.Ordinal);
        private readonly SortedDictionary<string, Wish> forbidden = new(StringComparer.Ordinal);

        public SortedDictionary<string, Wish> Resources { get; } = new(StringComparer.Ordinal);

        public void Require(string trait, string origin) => required.TryAdd(trait, new(trait, 1, origin));

        public void Forbid(string trait, string origin) => forbidden.TryAdd(trait, new(trait, 1, origin));

        // Nova strips zeros at the end.
        public RequestGroup Done(string suffix) => new(suffix, [.. Resources.Values.Where(wish => wish.Amount > 0)], [.. required.Values], [.. forbidden.Values]);
    }
}
