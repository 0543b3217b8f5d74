using System.Globalization;
using System.Text.RegularExpressions;

namespace OpenStackSev.Validation.Explaining;

/// <summary>One thing that a request wants, and who wanted it.</summary>
/// <param name="Name">Resource class or trait.</param>
/// <param name="Amount">1 for a trait.</param>
/// <param name="Origin">In words: <c>flavor resources:CUSTOM_SEV_ASID=1</c>.</param>
public sealed record Wish(string Name, int Amount, string Origin);

/// <summary>Wishes that belong together.</summary>
/// <param name="Suffix">Empty for the unsuffixed group, whose resources may come from several providers of a tree; else one provider gives all.</param>
public sealed record RequestGroup(string Suffix, IReadOnlyList<Wish> Resources, IReadOnlyList<Wish> Required, IReadOnlyList<Wish> Forbidden)
{
    public bool IsUnsuffixed => Suffix.Length == 0;
}

/// <summary>Aggregates of which a host must be in one.</summary>
/// <param name="Origin">In words: <c>availability zone az1</c>.</param>
public sealed record AggregateWish(IReadOnlySet<Guid> AnyOf, IReadOnlyList<string> Names, string Origin);

/// <summary>What a flavor and an image do not tell.</summary>
/// <param name="BootsFromVolume">The root disk takes no DISK_GB then.</param>
/// <param name="FurtherDiskGibibytes">Ephemeral disk and swap, the latter rounded up.</param>
/// <param name="Aggregates">Of an availability zone, when one was asked for and aggregates define it.</param>
/// <param name="OwnedRoots">Nova asks for OWNER_NOVA on the compute node (2026.2, once all computes are that new).</param>
public sealed record Circumstances(
    bool BootsFromVolume = false, int FurtherDiskGibibytes = 0, IReadOnlyList<AggregateWish>? Aggregates = null, bool OwnedRoots = false);

/// <summary>What Nova asks Placement for a flavor and an image.</summary>
/// <param name="Groups">The unsuffixed one first; it is always there.</param>
/// <param name="RootRequired">Traits that the compute node's own provider must have.</param>
/// <param name="RootForbidden">Traits that it must not have.</param>
/// <param name="Isolated">Suffixed groups must come from different providers.</param>
/// <param name="Ignored">Extra specs that Nova passes over with a line in its log, each with the reason.</param>
/// <remarks>
/// Source: nova/scheduler/utils.py, ResourceRequest, and nova/scheduler/request_filter.py. Not known here, since neither flavor nor image
/// tell: ports with resource requests, PCI groups, device profiles, tenant and isolated aggregates, filters that an operator switched on
/// (<c>query_placement_for_image_type_support</c>, <c>image_metadata_prefilter</c>).
/// </remarks>
public sealed partial record SchedulingRequest(
    FlavorSpec Flavor, ImageSpec Image, ComputeRelease Release, IReadOnlyList<RequestGroup> Groups, IReadOnlyList<Wish> RootRequired,
    IReadOnlyList<Wish> RootForbidden, IReadOnlyList<AggregateWish> MemberOf, bool Isolated, IReadOnlyList<string> Ignored)
{
    private const string EveryRequest = "Nova, in every request";

    public RequestGroup Unsuffixed => Groups[0];

    /// <summary>Pure.</summary>
    public static SchedulingRequest From(FlavorSpec flavor, ImageSpec image, ComputeRelease release, Circumstances? circumstances = null)
    {
        Circumstances known = circumstances ?? new();
        var groups = new SortedDictionary<string, Draft>(StringComparer.Ordinal) { [""] = new() };
        var ignored = new List<string>();
        AddExtraSpecs(groups, flavor, ignored);
        foreach ((string key, string value) in image.Properties.OrderBy(property => property.Key, StringComparer.Ordinal))
        {
            if (!key.StartsWith("trait:", StringComparison.Ordinal))
                continue;
            if (value == "required")
                groups[""].Require(key["trait:".Length..], $"image {key}=required");
            else
                ignored.Add($"image {key}={value}: only 'required' means something in an image");
        }

        AddFlavorItself(groups, flavor, known);
        AddEncryption(groups[""], flavor, image, release);
        AddSecurity(groups[""], flavor, image, release);
        List<Wish> rootRequired = known.OwnedRoots ? [new("OWNER_NOVA", 1, "Nova, in every request since 2026.2")] : [];
        if (flavor["accel:device_profile"] is { Length: > 0 })
            rootRequired.Add(new("COMPUTE_ACCELERATORS", 1, "flavor accel:device_profile"));
        return new(flavor, image, release, [.. groups.Select(group => group.Value.Done(group.Key))], rootRequired,
            [new("COMPUTE_STATUS_DISABLED", 1, EveryRequest)], known.Aggregates ?? [], flavor["group_policy"] == "isolate", ignored);
    }

    /// <summary>The query of GET /allocation_candidates that asks the same, each name with one value.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ToQuery()
    {
        var query = new List<KeyValuePair<string, string>>();
        void Add(string name, IEnumerable<string> values)
        {
            string joined = string.Join(',', values);
            if (joined.Length > 0)
                query.Add(KeyValuePair.Create(name, joined));
        }

        foreach (RequestGroup group in Groups)
        {
            Add("resources" + group.Suffix, group.Resources.Select(wish => $"{wish.Name}:{wish.Amount}"));
            Add("required" + group.Suffix, [.. group.Required.Select(wish => wish.Name), .. group.Forbidden.Select(wish => "!" + wish.Name)]);
        }

        Add("root_required", [.. RootRequired.Select(wish => wish.Name), .. RootForbidden.Select(wish => "!" + wish.Name)]);
        foreach (AggregateWish aggregates in MemberOf)
            query.Add(KeyValuePair.Create("member_of", "in:" + string.Join(',', aggregates.AnyOf.Order())));
        if (Groups.Count(group => !group.IsUnsuffixed) > 1)
            query.Add(KeyValuePair.Create("group_policy", Isolated ? "isolate" : "none"));
        return query;
    }

    private static void AddExtraSpecs(SortedDictionary<string, Draft> groups, FlavorSpec flavor, List<string> ignored)
    {
        foreach ((string key, string value) in flavor.ExtraSpecs.OrderBy(spec => spec.Key, StringComparer.Ordinal))
        {
            if (GroupKey().Match(key) is not { Success: true } match)
                continue;
            (string kind, string suffix, string name) = (match.Groups["kind"].Value, match.Groups["suffix"].Value, match.Groups["name"].Value);
            if (!groups.TryGetValue(suffix, out Draft? group))
                groups[suffix] = group = new();
            string origin = $"flavor {key}={value}";
            if (kind == "resources")
            {
                if (int.TryParse(value, NumberStyles.Integer, CultureInfo.InvariantCulture, out int amount) && amount >= 0)
                    group.Resources[name] = new(name, amount, origin);
                else
                    ignored.Add(origin + ": not a number");
            }
            else if (value == "required")
            {
                group.Require(name, origin);
            }
            else if (value == "forbidden")
            {
                group.Forbidden.TryAdd(name, new(name, 1, origin));
            }
            else
            {
                ignored.Add(origin + ": neither 'required' nor 'forbidden'");
            }
        }
    }

    private static void AddFlavorItself(SortedDictionary<string, Draft> groups, FlavorSpec flavor, Circumstances known)
    {
        bool Has(string resourceClass) => groups.Values.Any(group => group.Resources.ContainsKey(resourceClass));
        Draft unsuffixed = groups[""];
        string cpu = string.Equals(flavor["hw:cpu_policy"], "dedicated", StringComparison.OrdinalIgnoreCase) ? "PCPU" : "VCPU";
        if (!Has("VCPU") && !Has("PCPU"))
            unsuffixed.Resources[cpu] = new(cpu, flavor.Vcpus, $"flavor vcpus={flavor.Vcpus}");
        if (!Has("MEMORY_MB"))
            unsuffixed.Resources["MEMORY_MB"] = new("MEMORY_MB", flavor.RamMebibytes, $"flavor ram={flavor.RamMebibytes}");
        int disk = known.FurtherDiskGibibytes + (known.BootsFromVolume ? 0 : flavor.DiskGibibytes);
        if (!Has("DISK_GB"))
            unsuffixed.Resources["DISK_GB"] = new("DISK_GB", disk, $"flavor disk={disk}");
    }

    private static void AddEncryption(Draft unsuffixed, FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        MemoryEncryptionRequest request = MemoryEncryptionRequest.From(flavor, image, release);
        if (!request.Encrypted)
            return;
        string origin = request.ByFlavor ? "flavor hw:mem_encryption" : "image hw_mem_encryption";
        unsuffixed.Resources[SevNames.Context] = new(SevNames.Context, 1, origin);
        // Before 2025.2 Nova asks for the context only: there was one model.
        if (release.HasChildProviders && SevNames.NovaTrait(request.Model) is { } trait)
            unsuffixed.Require(trait, $"{origin}, model {request.Model}");
    }

    /// <summary>Source: nova/scheduler/utils.py, <c>_translate_secure_boot_request</c>, <c>_translate_stateless_firmware_request</c>, <c>_translate_vtpm_request</c>.</summary>
    private static void AddSecurity(Draft unsuffixed, FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        if (release.HasStatelessFirmware && image["hw_firmware_stateless"] is { } stateless && NovaBoolean.Of(stateless))
            unsuffixed.Require("COMPUTE_SECURITY_STATELESS_FIRMWARE", "image hw_firmware_stateless");
        if (flavor["os:secure_boot"] == "required" || image["os_secure_boot"] == "required")
            unsuffixed.Require("COMPUTE_SECURITY_UEFI_SECURE_BOOT", "os:secure_boot=required");
        if ((flavor["hw:tpm_version"] ?? image["hw_tpm_version"]) is { Length: > 0 } version)
        {
            unsuffixed.Require(version == "1.2" ? "COMPUTE_SECURITY_TPM_1_2" : "COMPUTE_SECURITY_TPM_2_0", "hw:tpm_version=" + version);
            if (release.NovaMajor > 26)
            {
                string model = flavor["hw:tpm_model"] ?? image["hw_tpm_model"] ?? "tpm-tis";
                unsuffixed.Require(model == "tpm-crb" ? "COMPUTE_SECURITY_TPM_CRB" : "COMPUTE_SECURITY_TPM_TIS", "hw:tpm_model=" + model);
            }
        }
    }

    // Source: ResourceRequest.XS_KEYPAT.
    [GeneratedRegex("^(?<kind>resources|trait)(?<suffix>[a-zA-Z0-9_-]{1,64})?:(?<name>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex GroupKey();

    private sealed class Draft
    {
        public SortedDictionary<string, Wish> Resources { get; } = new(StringComparer.Ordinal);
        public SortedDictionary<string, Wish> Required { get; } = new(StringComparer.Ordinal);
        public SortedDictionary<string, Wish> Forbidden { get; } = new(StringComparer.Ordinal);

        public void Require(string trait, string origin) => Required.TryAdd(trait, new(trait, 1, origin));

        // Nova strips zeros at the end: resources:VCPU=0 takes the flavor's own VCPU away.
        public RequestGroup Done(string suffix) =>
            new(suffix, [.. Resources.Values.Where(wish => wish.Amount > 0)], [.. Required.Values], [.. Forbidden.Values]);
    }
}
