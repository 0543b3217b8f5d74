using System.Numerics;

namespace OpenStackSev.Validation.Explaining;

/// <summary>Builds a <see cref="SchedulingRequest"/> as Nova does.</summary>
/// <remarks>
/// Source: nova/scheduler/utils.py, ResourceRequest.from_request_spec, and nova/scheduler/request_filter.py. Not known here, since neither
/// flavor nor image tell: ports with resource requests, device profiles, tenant and isolated aggregates, and the filters that an operator may
/// switch on (<c>query_placement_for_image_type_support</c>, <c>image_metadata_prefilter</c>, <c>pci_in_placement</c>).
/// </remarks>
internal sealed class RequestTranslation
{
    private const string EveryRequest = "Nova, in every request";
    private const int LongestSuffix = 64;

    private static readonly Wish[] s_rootForbidden = [new("COMPUTE_STATUS_DISABLED", 1, EveryRequest)];

    /// <summary>The unsuffixed one first, the others as they come.</summary>
    private readonly List<Draft> groups = [new("")];
    private readonly List<string> ignored = [];
    private string? policy;

    private Draft Unsuffixed => groups[0];

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

        return new(flavor, image, release, translation.Groups(), RootTraits(flavor, image, release, known), s_rootForbidden, known.Aggregates ?? [],
            // Nova fills in "none" only where other groups than the flavor's come in; here all are the flavor's.
            translation.policy, translation.ignored, UnseenParts.Of(flavor, image));
    }

    private List<RequestGroup> Groups()
    {
        if (groups.Count > 2)
            groups.Sort(1, groups.Count - 1, Comparer<Draft>.Create((one, other) => string.CompareOrdinal(one.Suffix, other.Suffix)));
        List<RequestGroup> all = new(groups.Count) { Unsuffixed.Done() };
        foreach (Draft draft in groups.Skip(1))
        {
            RequestGroup group = draft.Done();
            if (!group.IsEmpty)
                all.Add(group);
        }

        return all;
    }

    private void AddExtraSpecs(FlavorSpec flavor)
    {
        if (flavor.ExtraSpecs.Count == 0)
            return;
        // By key: of two that Nova takes for one, the first has to win whatever the order of the body.
        foreach ((string key, string value) in InOrder(flavor.ExtraSpecs))
        {
            if (key == "group_policy")
            {
                if (value is "none" or "isolate")
                    policy = value;
                else
                    ignored.Add($"flavor group_policy={value}: neither 'none' nor 'isolate'");
            }
            else if (TrySplit(key, "resources", out string suffix, out string name))
                AddResource(Group(suffix), name, value, $"flavor {key}={value}");
            else if (TrySplit(key, "trait", out suffix, out name))
                AddTrait(Group(suffix), name, value, $"flavor {key}={value}");
        }
    }

    private static KeyValuePair<string, string>[] InOrder(IReadOnlyDictionary<string, string> values)
    {
        KeyValuePair<string, string>[] sorted = [.. values];
        Array.Sort(sorted, static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        return sorted;
    }

    private Draft Group(string suffix)
    {
        foreach (Draft known in groups)
        {
            if (known.Suffix == suffix)
                return known;
        }

        Draft group = new(suffix);
        groups.Add(group);
        return group;
    }

    /// <summary>Splits a key of the kind into its group's suffix and the name behind the colon.</summary>
    /// <remarks>
    /// Source: ResourceRequest.XS_KEYPAT, <c>^(resources|trait)([a-zA-Z0-9_-]{1,64})?:(.*)$</c>: a name is on one line, and one line end behind
    /// it is no part of it. By hand, since this runs for every key of every request.
    /// </remarks>
    private static bool TrySplit(string key, string kind, out string suffix, out string name)
    {
        suffix = name = "";
        if (!key.StartsWith(kind, StringComparison.Ordinal))
            return false;
        int colon = key.IndexOf(':', kind.Length);
        if (colon < 0 || colon - kind.Length > LongestSuffix)
            return false;
        foreach (char c in key.AsSpan(kind.Length..colon))
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))
                return false;
        }

        int lineEnd = key.IndexOf('\n', colon);
        if (lineEnd >= 0 && lineEnd < key.Length - 1)
            return false;
        suffix = key[kind.Length..colon];
        name = lineEnd < 0 ? key[(colon + 1)..] : key[(colon + 1)..lineEnd];
        return true;
    }

    private void AddResource(Draft group, string name, string value, string origin)
    {
        if (!PlacementNames.IsResourceClass(name))
            ignored.Add(origin + ": no such class is standard, and others begin with CUSTOM_");
        else if (!PythonNumber.TryParse(value, out BigInteger amount) || amount < 0)
            ignored.Add(origin + ": not a number of 0 or more");
        else
            // No inventory is larger.
            group.Ask(name, (int)BigInteger.Min(amount, int.MaxValue), origin);
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
        List<KeyValuePair<string, string>>? traits = null;
        foreach (KeyValuePair<string, string> property in image.Properties)
        {
            if (property.Key.StartsWith("trait:", StringComparison.Ordinal))
                (traits ??= []).Add(property);
        }

        traits?.Sort(static (one, other) => string.CompareOrdinal(one.Key, other.Key));
        foreach ((string key, string value) in traits ?? [])
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
            Unsuffixed.Ask("VCPU", shared, pinning.Origin);
        if (pinning.Dedicated is { } dedicated)
            Unsuffixed.Ask("PCPU", dedicated, pinning.Origin);
        if (pinning.Threads == "isolate")
            Unsuffixed.Forbid("HW_CPU_HYPERTHREADING", "hw:cpu_thread_policy=isolate");
        else if (pinning.Threads == "require")
            Unsuffixed.Require("HW_CPU_HYPERTHREADING", "hw:cpu_thread_policy=require");
    }

    private void AddFlavorItself(FlavorSpec flavor, Circumstances known)
    {
        // An amount of 0 counts as asked for: resources:VCPU=0 takes the flavor's own VCPU away.
        bool Has(string resourceClass) => groups.Exists(group => group.AsksFor(resourceClass));
        if (!Has("VCPU") && !Has("PCPU"))
            Unsuffixed.Ask("VCPU", flavor.Vcpus, $"flavor vcpus={flavor.Vcpus}");
        if (!Has("MEMORY_MB"))
            Unsuffixed.Ask("MEMORY_MB", flavor.RamMebibytes, $"flavor ram={flavor.RamMebibytes}");
        int disk = known.FurtherDiskGibibytes + (known.BootsFromVolume ? 0 : flavor.DiskGibibytes);
        if (!Has("DISK_GB"))
            Unsuffixed.Ask("DISK_GB", disk, $"flavor disk={disk}");
    }

    private void AddEncryption(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        MemoryEncryptionRequest request = MemoryEncryptionRequest.From(flavor, image, release);
        if (!request.Encrypted)
            return;
        string origin = request.ByFlavor ? "flavor hw:mem_encryption" : "image hw_mem_encryption";
        Unsuffixed.Ask(SevNames.Context, 1, origin);
        // Before 2025.2 Nova asks for the context only: there was one model.
        if (release.HasChildProviders && SevNames.NovaTrait(request.Model) is { } trait)
            Unsuffixed.Require(trait, $"{origin}, model {request.Model}");
    }

    private void AddDevices(FlavorSpec flavor, ImageSpec image)
    {
        if (flavor["hw:pmem"] is { } labels)
        {
            foreach (IGrouping<string, string> label in labels.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .GroupBy(label => PlacementNames.Custom("PMEM_NAMESPACE_" + label)))
                Unsuffixed.Ask(label.Key, label.Count(), "flavor hw:pmem");
        }

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
        if (release.HasStatelessFirmware && image["hw_firmware_type"] == "uefi" && IsTrue(image["hw_firmware_stateless"]))
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
        if (IsTrue(flavor["hw:ephemeral_encryption"]) || IsTrue(image["hw_ephemeral_encryption"]))
        {
            required.Add(new("COMPUTE_EPHEMERAL_ENCRYPTION", 1, "hw:ephemeral_encryption"));
            if ((flavor["hw:ephemeral_encryption_format"] ?? image["hw_ephemeral_encryption_format"]) is { Length: > 0 } format)
                required.Add(new("COMPUTE_EPHEMERAL_ENCRYPTION_" + format.ToUpperInvariant(), 1, "hw:ephemeral_encryption_format=" + format));
        }

        if (known.OwnedRoots)
            required.Add(new("OWNER_NOVA", 1, EveryRequest + " since 2026.2"));
        return required;
    }

    private static bool IsTrue(string? text) => text is not null && NovaBoolean.Of(text);

    /// <summary>A group while it is put together. The lists are short: nearly always some five names in all.</summary>
    private sealed class Draft(string suffix)
    {
        private readonly List<Wish> resources = [];
        private readonly List<Wish> required = [];
        private readonly List<Wish> forbidden = [];

        public string Suffix => suffix;

        /// <summary>The last amount counts.</summary>
        public void Ask(string resourceClass, int amount, string origin)
        {
            int at = Find(resources, resourceClass);
            if (at >= 0)
                resources[at] = new(resourceClass, amount, origin);
            else
                resources.Insert(~at, new(resourceClass, amount, origin));
        }

        public bool AsksFor(string resourceClass) => Find(resources, resourceClass) >= 0;

        public void Require(string trait, string origin) => AddFirst(required, trait, origin);

        public void Forbid(string trait, string origin) => AddFirst(forbidden, trait, origin);

        public RequestGroup Done()
        {
            // Nova strips zeros at the end.
            resources.RemoveAll(static wish => wish.Amount <= 0);
            return new(suffix, resources, required, forbidden);
        }

        private static void AddFirst(List<Wish> wishes, string name, string origin)
        {
            int at = Find(wishes, name);
            if (at < 0)
                wishes.Insert(~at, new(name, 1, origin));
        }

        /// <summary>By name; else the complement of where it belongs. As many names as a body has are found by halves.</summary>
        private static int Find(List<Wish> wishes, string name)
        {
            int low = 0, high = wishes.Count - 1;
            while (low <= high)
            {
                int middle = (low + high) / 2;
                int order = string.CompareOrdinal(wishes[middle].Name, name);
                if (order == 0)
                    return middle;
                if (order < 0)
                    low = middle + 1;
                else
                    high = middle - 1;
            }

            return ~low;
        }
    }
}
