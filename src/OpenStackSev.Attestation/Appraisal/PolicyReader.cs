using System.Globalization;
using System.Text.Json;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>Reads a policy document, and the bulletins that are built in: they have one form.</summary>
internal sealed partial class PolicyReader
{
    /// <summary>Nothing in the form goes deeper than 7.</summary>
    private const int MaximumDepth = 16;

    private static readonly string[] s_policyKeys =
    [
        "$schema", "version", "name", "description", "dates", "crl", "masked_chip", "signing_keys", "products", "vmpl", "guest_policy", "platform", "hosts",
        "provisional_firmware", "minimum_tcb", "minimum_launch_tcb", "minimum_firmware", "mitigations", "minimum_guest_svn", "reference_values",
        "chips", "providers", "bulletins", "simulated_roots",
    ];
    private static readonly string[] s_guestPolicyKeys =
    [
        "smt", "migration_agent", "debug", "single_socket", "cxl", "aes_256_xts", "rapl_off", "ciphertext_hiding", "page_swap_off", "unknown_bits",
        "minimum_abi",
    ];
    private static readonly string[] s_platformKeys = [.. PolicyWords.PlatformBits.Keys, "unknown_bits"];
    private static readonly string[] s_lines = [.. PolicyWords.Lines.Keys];
    private static readonly string[] s_tcbKeys = ["fmc", "bootloader", "tee", "snp", "microcode"];
    private static readonly string[] s_valueKeys = ["launch_digests", "host_data", "id_key_digests", "author_key_digests", "family_ids", "image_ids"];
    private static readonly string[] s_digestKeys = ["digest", "name", "covers_executables"];
    private static readonly string[] s_hostKeys = ["earned_by", "iommu", "unlocked_debug", "unfused_part", "minimum_kernel"];

    private readonly JsonReading _json = new();

    public IReadOnlyList<PolicyProblem> Problems => _json.Problems;

    /// <summary>The policy; what has problems is left as the default has it.</summary>
    public AppraisalPolicy? Policy(ReadOnlySpan<byte> json)
    {
        using JsonDocument? document = _json.Parse(json, PolicyDocument.MaximumSize, MaximumDepth);
        if (document is null)
            return null;
        JsonPlace root = new(document.RootElement, "$");
        Dictionary<string, JsonPlace> members = _json.Members(root, s_policyKeys);
        // What the keys of another version mean is not known here.
        return root.Value.ValueKind == JsonValueKind.Object && Version(root, members) ? Policy(members) : null;
    }

    /// <summary>The built-in bulletins: <c>{"version": 1, "bulletins": […]}</c>.</summary>
    public List<Bulletin> Bulletins(ReadOnlySpan<byte> json)
    {
        using JsonDocument? document = _json.Parse(json, PolicyDocument.MaximumSize, MaximumDepth);
        if (document is null)
            return [];
        JsonPlace root = new(document.RootElement, "$");
        Dictionary<string, JsonPlace> members = _json.Members(root, ["version", "bulletins"]);
        return Version(root, members) && members.TryGetValue("bulletins", out JsonPlace list) ? BulletinList(list) : [];
    }

    private bool Version(JsonPlace root, Dictionary<string, JsonPlace> members)
    {
        if (!members.TryGetValue("version", out JsonPlace version))
        {
            _json.Wrong(root.Path, "no version", $"write \"version\": {PolicyDocument.Version}");
            return true;
        }
        if (version.Value.ValueKind == JsonValueKind.Number && version.Value.TryGetUInt32(out uint number) && number == PolicyDocument.Version)
            return true;
        _json.Wrong(version.Path, $"version {JsonReading.Quote(version.Value)} is not known", $"write {PolicyDocument.Version}");
        return version.Value.ValueKind != JsonValueKind.Number;
    }

    private AppraisalPolicy Policy(Dictionary<string, JsonPlace> members)
    {
        AppraisalPolicy strict = AppraisalPolicy.Default;
        Text(members, "$schema", 2048);
        Text(members, "description", 4096);
        Dictionary<string, JsonPlace> products = Within(members, "products", "refused");
        Dictionary<string, JsonPlace> mitigations = Within(members, "mitigations", "current", "launch");
        Dictionary<string, JsonPlace> chips = Within(members, "chips", "allowed", "denied");
        AppraisalPolicy policy = new()
        {
            Name = members.TryGetValue("name", out JsonPlace name) ? _json.Line(name, 128) ?? strict.Name : strict.Name,
            Dates = Word(members, "dates", PolicyWords.Dates, strict.Dates),
            Crl = Word(members, "crl", PolicyWords.Crl, strict.Crl),
            MaskedChip = Word(members, "masked_chip", PolicyWords.Permission, strict.MaskedChip),
            SigningKeys = members.TryGetValue("signing_keys", out JsonPlace keys) ? NotEmpty(keys, _json.Words(keys, PolicyWords.SigningKeys)) : strict.SigningKeys,
            RefusedProducts = products.TryGetValue("refused", out JsonPlace refused) ? _json.Words(refused, PolicyWords.Lines) : strict.RefusedProducts,
            Vmpls = members.TryGetValue("vmpl", out JsonPlace vmpl) ? NotEmpty(vmpl, Vmpls(vmpl)) : strict.Vmpls,
            GuestPolicy = GuestPolicy(members, strict.GuestPolicy),
            Platform = Platform(members, strict.Platform),
            Hosts = Hosts(members, strict.Hosts),
            ProvisionalFirmware = Word(members, "provisional_firmware", PolicyWords.Permission, strict.ProvisionalFirmware),
            MinimumTcb = ByLine(members, "minimum_tcb", Tcb),
            MinimumLaunchTcb = ByLine(members, "minimum_launch_tcb", Tcb),
            MinimumFirmware = ByLine(members, "minimum_firmware", (place, _) => Firmware(place)),
            CurrentMitigations = ByLine(mitigations, "current", (place, _) => Vector(place)),
            LaunchMitigations = ByLine(mitigations, "launch", (place, _) => Vector(place)),
            MinimumGuestSvn = members.TryGetValue("minimum_guest_svn", out JsonPlace svn)
                ? _json.Number(svn, 0, uint.MaxValue) ?? strict.MinimumGuestSvn : strict.MinimumGuestSvn,
            ReferenceValues = Values(members),
            AllowedChips = chips.TryGetValue("allowed", out JsonPlace allowed) ? _json.Distinct(allowed, Chip) : strict.AllowedChips,
            DeniedChips = chips.TryGetValue("denied", out JsonPlace denied) ? _json.Distinct(denied, Chip) : strict.DeniedChips,
            AllowedProviders = members.TryGetValue("providers", out JsonPlace providers)
                ? _json.Distinct(providers, place => _json.Line(place, 256)) : strict.AllowedProviders,
            Bulletins = PolicyBulletins(members),
            SimulatedRoots = members.TryGetValue("simulated_roots", out JsonPlace roots)
                ? _json.Distinct(roots, place => _json.Hexadecimal(place, 64)) : strict.SimulatedRoots,
        };
        Together(policy);
        return policy;
    }

    // What no single key can say of itself: each would pass alone, and together they refuse everything or mean something else.
    private void Together(AppraisalPolicy policy)
    {
        foreach (string chip in policy.DeniedChips)
        {
            // 16 digits of hwID and 128 of CHIP_ID may name one chip.
            if (policy.AllowedChips.Any(allowed => allowed.TrimEnd('0') == chip.TrimEnd('0')))
                _json.Wrong("$.chips", $"{JsonReading.Quote(chip)} is allowed and denied", "keep it on one of the lists");
        }
        if (policy.MaskedChip == Stance.Allowed && policy.AllowedChips.Count > 0)
            _json.Wrong("$.masked_chip", "allowed, but a masked chip is on no list of allowed chips", "refuse masked chips, or empty chips.allowed");
        if (policy.AllowedProviders.Count > 0 && policy.SigningKeys is [SigningKey.Vcek])
            _json.Wrong("$.providers", "providers sign with VLEKs, and signing_keys takes none", "add \"vlek\" to signing_keys, or empty providers");
        foreach (string root in policy.SimulatedRoots)
        {
            if (AmdRoots.LineOf(root) is { } line)
                _json.Wrong("$.simulated_roots", $"{JsonReading.Quote(root)} is AMD's own root of {PolicyWords.Lines.Word(line)}", "remove it: AMD's roots are built in");
        }
        if (policy.RefusedProducts.Count == PolicyWords.Lines.Count)
            _json.Wrong("$.products.refused", "no product line is left", "remove one that may be trusted");
    }

    private GuestPolicyRules GuestPolicy(Dictionary<string, JsonPlace> members, GuestPolicyRules strict)
    {
        Dictionary<string, JsonPlace> rules = Within(members, "guest_policy", s_guestPolicyKeys);
        (byte Major, byte Minor) abi = rules.TryGetValue("minimum_abi", out JsonPlace place) ? Abi(place) : (strict.MinimumAbiMajor, strict.MinimumAbiMinor);
        return new()
        {
            Smt = Word(rules, "smt", PolicyWords.AnyStance, strict.Smt),
            MigrationAgent = Word(rules, "migration_agent", PolicyWords.AnyStance, strict.MigrationAgent),
            Debug = Word(rules, "debug", PolicyWords.AnyStance, strict.Debug),
            SingleSocket = Word(rules, "single_socket", PolicyWords.AnyStance, strict.SingleSocket),
            Cxl = Word(rules, "cxl", PolicyWords.AnyStance, strict.Cxl),
            Aes256Xts = Word(rules, "aes_256_xts", PolicyWords.AnyStance, strict.Aes256Xts),
            RaplOff = Word(rules, "rapl_off", PolicyWords.AnyStance, strict.RaplOff),
            CiphertextHiding = Word(rules, "ciphertext_hiding", PolicyWords.AnyStance, strict.CiphertextHiding),
            PageSwapOff = Word(rules, "page_swap_off", PolicyWords.AnyStance, strict.PageSwapOff),
            UnknownBits = Word(rules, "unknown_bits", PolicyWords.Permission, strict.UnknownBits),
            MinimumAbiMajor = abi.Major,
            MinimumAbiMinor = abi.Minor,
        };
    }

    private HostRules Hosts(Dictionary<string, JsonPlace> members, HostRules strict)
    {
        Dictionary<string, JsonPlace> rules = Within(members, "hosts", s_hostKeys);
        return new()
        {
            EarnedBy = Word(rules, "earned_by", PolicyWords.HostEvidence, strict.EarnedBy),
            Iommu = Word(rules, "iommu", PolicyWords.AnyStance, strict.Iommu),
            UnlockedDebug = Word(rules, "unlocked_debug", PolicyWords.Permission, strict.UnlockedDebug),
            UnfusedPart = Word(rules, "unfused_part", PolicyWords.Permission, strict.UnfusedPart),
            MinimumKernel = rules.TryGetValue("minimum_kernel", out JsonPlace kernel) ? Kernel(kernel) : strict.MinimumKernel,
        };
    }

    private KernelVersion? Kernel(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.String && KernelVersion.TryParse(place.Value.GetString()!, out KernelVersion version) && version.ToString() == place.Value.GetString())
            return version;
        _json.Wrong(place.Path, JsonReading.Quote(place.Value), "write major.minor, e.g. \"6.11\"");
        return null;
    }

    private PlatformRules Platform(Dictionary<string, JsonPlace> members, PlatformRules strict)
    {
        Dictionary<string, JsonPlace> rules = Within(members, "platform", s_platformKeys);
        return new()
        {
            Smt = Word(rules, "smt", PolicyWords.AnyStance, strict.Smt),
            Tsme = Word(rules, "tsme", PolicyWords.AnyStance, strict.Tsme),
            Ecc = Word(rules, "ecc", PolicyWords.AnyStance, strict.Ecc),
            RaplDisabled = Word(rules, "rapl_disabled", PolicyWords.AnyStance, strict.RaplDisabled),
            CiphertextHiding = Word(rules, "ciphertext_hiding", PolicyWords.AnyStance, strict.CiphertextHiding),
            AliasCheck = Word(rules, "alias_check", PolicyWords.AnyStance, strict.AliasCheck),
            IommuWriteSafe = Word(rules, "iommu_write_safe", PolicyWords.AnyStance, strict.IommuWriteSafe),
            Tio = Word(rules, "tio", PolicyWords.AnyStance, strict.Tio),
            UnknownBits = Word(rules, "unknown_bits", PolicyWords.Permission, strict.UnknownBits),
        };
    }

    private List<uint> Vmpls(JsonPlace place)
    {
        List<uint> levels = [];
        foreach (JsonPlace item in _json.Items(place))
        {
            if (_json.Number(item, 0, 3) is not { } level)
                continue;
            if (levels.Contains(level))
                _json.Wrong(item.Path, $"{level} comes twice", "keep one of them");
            else
                levels.Add(level);
        }
        return levels;
    }

    private TcbMinimum? Tcb(JsonPlace place, ProductLine line)
    {
        Dictionary<string, JsonPlace> parts = _json.Members(place, s_tcbKeys);
        if (place.Value.ValueKind != JsonValueKind.Object)
            return null;
        if (parts.TryGetValue("fmc", out JsonPlace fmc) && line.Layout() == TcbLayout.Milan)
            _json.Wrong(fmc.Path, $"the TCB of {PolicyWords.Lines.Word(line)} has no fmc", "remove it: Turin was the first to have one");
        if (parts.Count == 0)
            _json.Wrong(place.Path, "asks for nothing", "write a part of the TCB, or remove the product line");
        return new(Part("fmc"), Part("bootloader"), Part("tee"), Part("snp"), Part("microcode"));

        byte? Part(string key) => parts.TryGetValue(key, out JsonPlace part) ? (byte?)_json.Number(part, 0, byte.MaxValue) : null;
    }

    private FirmwareVersion? Firmware(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.String && FirmwareVersion.TryParse(place.Value.GetString()!, out FirmwareVersion version)
            && version.ToString() == place.Value.GetString())
        {
            return version;
        }
        _json.Wrong(place.Path, JsonReading.Quote(place.Value), "write major.minor.build, each from 0 to 255, e.g. \"1.55.22\"");
        return null;
    }

    private (byte Major, byte Minor) Abi(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.String && place.Value.GetString()!.Split('.') is [var major, var minor]
            && Part(major, out byte majorNumber) && Part(minor, out byte minorNumber))
        {
            return (majorNumber, minorNumber);
        }
        _json.Wrong(place.Path, JsonReading.Quote(place.Value), "write major.minor, each from 0 to 255, e.g. \"1.51\"");
        return default;

        // 01 is not a number that the writer would write.
        static bool Part(string text, out byte value) =>
            byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value.ToString(CultureInfo.InvariantCulture) == text;
    }

    private ulong? Vector(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.String && place.Value.GetString() is { Length: > 2 and <= 18 } text
            && text.StartsWith("0x", StringComparison.Ordinal)
            && ulong.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits))
        {
            return bits;
        }
        _json.Wrong(place.Path, JsonReading.Quote(place.Value), "write the bits as a text: \"0x\" and 1 to 16 hexadecimal digits");
        return null;
    }

    private ReferenceValues Values(Dictionary<string, JsonPlace> members)
    {
        Dictionary<string, JsonPlace> values = Within(members, "reference_values", s_valueKeys);
        return new()
        {
            LaunchDigests = values.TryGetValue("launch_digests", out JsonPlace digests) ? LaunchDigests(digests) : [],
            HostData = Known("host_data", 64),
            IdKeyDigests = Known("id_key_digests", 96),
            AuthorKeyDigests = Known("author_key_digests", 96),
            FamilyIds = Known("family_ids", 32),
            ImageIds = Known("image_ids", 32),
        };

        List<string> Known(string key, int digits) =>
            values.TryGetValue(key, out JsonPlace list) ? _json.Distinct(list, place => _json.Hexadecimal(place, digits)) : [];
    }

    private List<LaunchDigest> LaunchDigests(JsonPlace place)
    {
        List<LaunchDigest> digests = [];
        foreach (JsonPlace item in _json.Items(place))
        {
            Dictionary<string, JsonPlace> members = _json.Members(item, s_digestKeys);
            string? digest = Needed(item, members, "digest") is { } text ? _json.Hexadecimal(text, 96) : null;
            string? name = Needed(item, members, "name") is { } line ? _json.Line(line, 256) : null;
            bool covers = members.TryGetValue("covers_executables", out JsonPlace truth) && _json.Truth(truth) == true;
            if (digest is null || name is null)
                continue;
            if (digests.Exists(known => known.Digest == digest))
                _json.Wrong(item.Path, "the digest comes twice", "keep one of them");
            else
                digests.Add(new(digest, name, covers));
        }
        return digests;
    }

    private string? Chip(JsonPlace place)
    {
        string? chip = _json.Hexadecimal(place, 16, 128);
        if (chip is null || chip.Trim('0').Length > 0)
            return chip;
        _json.Wrong(place.Path, "zeros name no chip", "use masked_chip for reports that name none");
        return null;
    }

    private Dictionary<string, JsonPlace> Within(Dictionary<string, JsonPlace> members, string key, params string[] known) =>
        members.TryGetValue(key, out JsonPlace place) ? _json.Members(place, known) : [];

    private JsonPlace? Needed(JsonPlace place, Dictionary<string, JsonPlace> members, string key)
    {
        if (members.TryGetValue(key, out JsonPlace member))
            return member;
        if (place.Value.ValueKind == JsonValueKind.Object)
            _json.Wrong(place.Path, $"no {key}", $"write \"{key}\"");
        return null;
    }

    private T Word<T>(Dictionary<string, JsonPlace> members, string key, IReadOnlyDictionary<string, T> words, T strict) where T : struct =>
        members.TryGetValue(key, out JsonPlace place) ? _json.Word(place, words) ?? strict : strict;

    private void Text(Dictionary<string, JsonPlace> members, string key, int maximumLength)
    {
        if (!members.TryGetValue(key, out JsonPlace place))
            return;
        if (place.Value.ValueKind != JsonValueKind.String)
            _json.Wrong(place.Path, JsonReading.Kind(place.Value), "write a text");
        else if (place.Value.GetString()!.Length > maximumLength)
            _json.Wrong(place.Path, $"a text of {place.Value.GetString()!.Length} characters", $"write at most {maximumLength}");
    }

    private List<T> NotEmpty<T>(JsonPlace place, List<T> values)
    {
        if (place.Value.ValueKind == JsonValueKind.Array && place.Value.GetArrayLength() == 0)
            _json.Wrong(place.Path, "an empty list takes no report at all", "write what counts, or leave the key out for the default");
        return values;
    }

    private Dictionary<ProductLine, T> ByLine<T>(Dictionary<string, JsonPlace> members, string key, Func<JsonPlace, ProductLine, T?> read) where T : struct
    {
        Dictionary<ProductLine, T> values = [];
        foreach ((string word, JsonPlace place) in Within(members, key, s_lines))
        {
            if (read(place, PolicyWords.Lines[word]) is { } value)
                values.Add(PolicyWords.Lines[word], value);
        }
        return values;
    }

    private Dictionary<ProductLine, TcbMinimum> ByLine(Dictionary<string, JsonPlace> members, string key, Func<JsonPlace, ProductLine, TcbMinimum?> read)
    {
        Dictionary<ProductLine, TcbMinimum> values = [];
        foreach ((string word, JsonPlace place) in Within(members, key, s_lines))
        {
            if (read(place, PolicyWords.Lines[word]) is { } value)
                values.Add(PolicyWords.Lines[word], value);
        }
        return values;
    }
}
