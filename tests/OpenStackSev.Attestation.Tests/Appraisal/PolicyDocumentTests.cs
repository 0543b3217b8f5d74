using System.Collections;
using System.Reflection;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using FsCheck.Xunit;
using NJsonSchema;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Tests.Appraisal;

/// <summary>Policies as operators write them.</summary>
public sealed class PolicyDocumentTests
{
    // NJsonSchema knows definitions by the name that they had before draft 2019-09.
    private static readonly Lazy<Task<JsonSchema>> s_schema = new(() => JsonSchema.FromJsonAsync(
        PolicyDocument.Schema.Replace("$defs", "definitions", StringComparison.Ordinal), TestContext.Current.CancellationToken));
    private static readonly string s_digest = new('a', 96);

    /// <summary>Documents that one thing is wrong with, where it is, and whether the schema can see it.</summary>
    public static TheoryData<string, string, string, bool> WrongDocuments { get; } = new()
    {
        { "", "$", "not JSON", true },
        { "[]", "$", "a list", true },
        { "null", "$", "null", true },
        { "{}", "$", "no version", true },
        { """{"version": 2}""", "$.version", "version 2 is not known", true },
        { """{"version": "1"}""", "$.version", "version 1 is not known", true },
        { """{"version": 1} {}""", "$", "not JSON", true },
        { """{"version": 1,}""", "$", "not JSON", true },
        { """{"version": 1 /* one */}""", "$", "not JSON", true },
        { """{"version": 1, "version": 1}""", "$.version", "the key comes twice", false },
        { """{"version": 1, "name": "a", "name": "b"}""", "$.name", "the key comes twice", false },
        { """{"version": 1, "crll": "required"}""", "$.crll", "did you mean 'crl'?", true },
        { """{"version": 1, "Crl": "required"}""", "$.Crl", "did you mean 'crl'?", true },
        { """{"version": 1, "something_else": 1}""", "$.something_else", "remove it, or write one of", true },
        { """{"version": 1, "crl": "always"}""", "$.crl", "write \"if-present\" or \"required\"", true },
        { """{"version": 1, "crl": null}""", "$.crl", "null", true },
        { """{"version": 1, "name": ""}""", "$.name", "empty", true },
        { """{"version": 1, "name": " a"}""", "$.name", "without space around", true },
        { """{"version": 1, "name": "a\nb"}""", "$.name", "on one line", true },
        { """{"version": 1, "name": 1}""", "$.name", "a number", true },
        { """{"version": 1, "description": 1}""", "$.description", "a number", true },
        { """{"version": 1, "masked_chip": "required"}""", "$.masked_chip", "\"allowed\" or \"refused\"", true },
        { """{"version": 1, "provisional_firmware": "required"}""", "$.provisional_firmware", "\"allowed\" or \"refused\"", true },
        { """{"version": 1, "guest_policy": {"unknown_bits": "required"}}""", "$.guest_policy.unknown_bits", "\"allowed\" or \"refused\"", true },
        { """{"version": 1, "platform": {"unknown_bits": "required"}}""", "$.platform.unknown_bits", "\"allowed\" or \"refused\"", true },
        { """{"version": 1, "guest_policy": {"debugs": "refused"}}""", "$.guest_policy.debugs", "did you mean 'debug'?", true },
        { """{"version": 1, "guest_policy": []}""", "$.guest_policy", "a list", true },
        { """{"version": 1, "guest_policy": {"minimum_abi": "1"}}""", "$.guest_policy.minimum_abi", "major.minor", true },
        { """{"version": 1, "guest_policy": {"minimum_abi": "1.256"}}""", "$.guest_policy.minimum_abi", "major.minor", true },
        { """{"version": 1, "guest_policy": {"minimum_abi": "01.5"}}""", "$.guest_policy.minimum_abi", "major.minor", true },
        { """{"version": 1, "guest_policy": {"minimum_abi": 1.5}}""", "$.guest_policy.minimum_abi", "major.minor", true },
        { """{"version": 1, "signing_keys": []}""", "$.signing_keys", "takes no report at all", true },
        { """{"version": 1, "signing_keys": ["vcek", "vcek"]}""", "$.signing_keys[1]", "comes twice", true },
        { """{"version": 1, "signing_keys": ["none"]}""", "$.signing_keys[0]", "\"vcek\" or \"vlek\"", true },
        { """{"version": 1, "signing_keys": "vcek"}""", "$.signing_keys", "write a list", true },
        { """{"version": 1, "vmpl": []}""", "$.vmpl", "takes no report at all", true },
        { """{"version": 1, "vmpl": [4]}""", "$.vmpl[0]", "from 0 to 3", true },
        { """{"version": 1, "vmpl": [-1]}""", "$.vmpl[0]", "from 0 to 3", true },
        { """{"version": 1, "vmpl": [0.5]}""", "$.vmpl[0]", "from 0 to 3", true },
        { """{"version": 1, "vmpl": [1, 1]}""", "$.vmpl[1]", "comes twice", true },
        { """{"version": 1, "products": {"refused": ["rome"]}}""", "$.products.refused[0]", "\"milan\" or", true },
        { """{"version": 1, "products": {"refused": ["milan", "genoa", "turin", "venice"]}}""", "$.products.refused", "no product line is left", false },
        { """{"version": 1, "minimum_tcb": {"Milan": {"snp": 1}}}""", "$.minimum_tcb.Milan", "did you mean 'milan'?", true },
        { """{"version": 1, "minimum_tcb": {"milan": {"fmc": 1}}}""", "$.minimum_tcb.milan.fmc", "has no fmc", true },
        { """{"version": 1, "minimum_tcb": {"milan": {}}}""", "$.minimum_tcb.milan", "asks for nothing", true },
        { """{"version": 1, "minimum_tcb": {"milan": {"snp": 256}}}""", "$.minimum_tcb.milan.snp", "from 0 to 255", true },
        { """{"version": 1, "minimum_tcb": {"milan": {"snp": 1e99}}}""", "$.minimum_tcb.milan.snp", "from 0 to 255", true },
        { """{"version": 1, "minimum_launch_tcb": {"milan": 24}}""", "$.minimum_launch_tcb.milan", "a number", true },
        { """{"version": 1, "minimum_firmware": {"milan": "1.55"}}""", "$.minimum_firmware.milan", "major.minor.build", true },
        { """{"version": 1, "minimum_firmware": {"milan": "1.55.300"}}""", "$.minimum_firmware.milan", "major.minor.build", true },
        { """{"version": 1, "minimum_firmware": {"milan": "1.55.022"}}""", "$.minimum_firmware.milan", "major.minor.build", true },
        { """{"version": 1, "mitigations": {"current": {"turin": "3f"}}}""", "$.mitigations.current.turin", "0x", true },
        { """{"version": 1, "mitigations": {"launch": {"turin": 63}}}""", "$.mitigations.launch.turin", "0x", true },
        { """{"version": 1, "mitigations": {"launch": {"turin": "0x11111111111111111"}}}""", "$.mitigations.launch.turin", "0x", true },
        { """{"version": 1, "minimum_guest_svn": 4294967296}""", "$.minimum_guest_svn", "from 0 to 4294967295", true },
        { """{"version": 1, "reference_values": {"host_data": ["ab"]}}""", "$.reference_values.host_data[0]", "write 64 hexadecimal digits", true },
        { """{"version": 1, "reference_values": {"family_ids": ["zz000000000000000000000000000000"]}}""", "$.reference_values.family_ids[0]", "is not hexadecimal", true },
        { """{"version": 1, "reference_values": {"launch_digests": [{"name": "a"}]}}""", "$.reference_values.launch_digests[0]", "no digest", true },
        { """{"version": 1, "reference_values": {"launch_digests": ["aa"]}}""", "$.reference_values.launch_digests[0]", "write an object", true },
        { $$$"""{"version": 1, "reference_values": {"launch_digests": [{"digest": "{{{s_digest}}}", "name": "a", "covers_executables": "yes"}]}}""",
            "$.reference_values.launch_digests[0].covers_executables", "true or false", true },
        { $$$"""{"version": 1, "reference_values": {"launch_digests": [{"digest": "{{{s_digest}}}", "name": "a"}, {"digest": "{{{s_digest}}}", "name": "b"}]}}""",
            "$.reference_values.launch_digests[1]", "comes twice", false },
        { $$$"""{"version": 1, "reference_values": {"id_key_digests": ["{{{s_digest}}}", "{{{s_digest.ToUpperInvariant()}}}"]}}""",
            "$.reference_values.id_key_digests[1]", "comes twice", false },
        { """{"version": 1, "chips": {"allowed": ["00"]}}""", "$.chips.allowed[0]", "16 or 128 hexadecimal digits", true },
        { """{"version": 1, "chips": {"denied": ["0000000000000000"]}}""", "$.chips.denied[0]", "zeros name no chip", true },
        { """{"version": 1, "chips": {"allowed": ["00000000000000aa"], "denied": ["00000000000000AA"]}}""", "$.chips", "is allowed and denied", false },
        { """{"version": 1, "masked_chip": "allowed", "chips": {"allowed": ["00000000000000aa"]}}""", "$.masked_chip", "on no list", false },
        { """{"version": 1, "providers": ["a"], "signing_keys": ["vcek"]}""", "$.providers", "add \"vlek\"", false },
        { """{"version": 1, "providers": [""]}""", "$.providers[0]", "empty", true },
        { """{"version": 1, "bulletins": {"without": ["AMD-SB-1"]}}""", "$.bulletins.without[0]", "write one of AMD-SB-3019, AMD-SB-3015", false },
        { """{"version": 1, "bulletins": {"without": [3015]}}""", "$.bulletins.without[0]", "is not a built-in bulletin", true },
        { """{"version": 1, "bulletins": {"add": [{"id": "X", "title": "t", "requirements": {"milan": {"minimum_tcb": {"snp": 1}}}}]}}""",
            "$.bulletins.add[0]", "no source", true },
        { """{"version": 1, "bulletins": {"add": [{"id": "X", "title": "t", "source": "s", "requirements": {}}]}}""",
            "$.bulletins.add[0].requirements", "asks for nothing", true },
        { """{"version": 1, "bulletins": {"add": [{"id": "X", "title": "t", "source": "s", "requirements": {"milan": {}}}]}}""",
            "$.bulletins.add[0].requirements.milan", "asks for nothing", true },
        { """{"version": 1, "bulletins": {"add": [{"id": "X", "title": "t", "source": "s", "requirements": {"milan": {"platform": []}}}]}}""",
            "$.bulletins.add[0].requirements.milan", "asks for nothing", false },
        { """{"version": 1, "bulletins": {"add": [{"id": "X", "title": "t", "source": "s", "requirements": {"milan": {"platform": ["alias"]}}}]}}""",
            "$.bulletins.add[0].requirements.milan.platform[0]", "\"alias_check\"", true },
        { """{"version": 1, "bulletins": {"add": [{"id": "X", "title": "t", "source": "s", "cves": ["2024-1"], "requirements": {"milan": {"platform": ["ecc"]}}}]}}""",
            "$.bulletins.add[0].cves[0]", "CVE-2024-56161", true },
        { """{"version": 1, "bulletins": {"add": [{"id": "AMD-SB-3015", "title": "t", "source": "s", "requirements": {"milan": {"platform": ["ecc"]}}}]}}""",
            "$.bulletins.add", "is built in", false },
        { """
          {"version": 1, "bulletins": {"add": [
            {"id": "X", "title": "t", "source": "s", "requirements": {"milan": {"platform": ["ecc"]}}},
            {"id": "X", "title": "t", "source": "s", "requirements": {"genoa": {"platform": ["ecc"]}}}]}}
          """, "$.bulletins.add[1]", "X comes twice", false },
        { """{"version": 1, "simulated_roots": ["aa"]}""", "$.simulated_roots[0]", "64 hexadecimal digits", true },
        { """{"version": 1, "simulated_roots": ["69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"]}""",
            "$.simulated_roots", "AMD's own root of milan", false },
        { """{"version": 1, "name": "\ud800"}""", "$", "surrogate", false },
        { """{"version": 1, "\udc00": 1}""", "$", "surrogate", true },
    };

    [Fact]
    public void A_document_with_its_version_alone_is_the_default()
    {
        AppraisalPolicy policy = Read("""{"version": 1}""");
        Assert.Equal(Text(AppraisalPolicy.Default), Text(policy));
        Assert.Equal(KnownBulletins.All, policy.Bulletins);
    }

    [Theory]
    [MemberData(nameof(WrongDocuments))]
    public async Task A_wrong_document_says_where_and_what_to_write(string json, string path, string text, bool schemaSees)
    {
        Assert.False(PolicyDocument.TryParse(Encoding.UTF8.GetBytes(json), out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems));
        Assert.Null(policy);
        PolicyProblem problem = Assert.Single(problems);
        Assert.Equal(path, problem.Path);
        Assert.Contains(text, problem.ToString(), StringComparison.Ordinal);
        if (problem.Wrong.StartsWith("not JSON", StringComparison.Ordinal) || problem.Wrong.Contains("surrogate", StringComparison.Ordinal))
            return;
        Assert.Equal(schemaSees, (await s_schema.Value).Validate(json).Count > 0);
    }

    [Fact]
    public async Task The_schema_takes_what_the_reader_takes()
    {
        JsonSchema schema = await s_schema.Value;
        Assert.Empty(schema.Validate(PolicyDocument.Sample));
        Assert.Empty(schema.Validate(Text(AppraisalPolicy.Default)));
        Assert.Empty(schema.Validate(Text(Read(PolicyDocument.Sample))));
        Assert.Empty(schema.Validate("""{"$schema": "./appraisal-policy.schema.json", "version": 1}"""));
    }

    [Fact]
    public void The_sample_and_what_is_written_have_every_key_of_the_schema()
    {
        using JsonDocument schema = JsonDocument.Parse(PolicyDocument.Schema);
        string[] keys = [.. schema.RootElement.GetProperty("properties").EnumerateObject().SelectMany(Nested).Where(key => key != "$schema")];
        Assert.True(keys.Length > 60);
        Assert.Equal(keys, Keys(PolicyDocument.Sample));
        Assert.Equal(keys.Where(key => key is not "description"), Keys(Text(Read(PolicyDocument.Sample))));

        IEnumerable<string> Nested(JsonProperty property)
        {
            JsonElement value = Resolve(property.Value);
            if (value.TryGetProperty("items", out JsonElement items))
                value = Resolve(items);
            IEnumerable<string> below = value.TryGetProperty("properties", out JsonElement inner) ? inner.EnumerateObject().SelectMany(Nested) : [];
            // One line stands for the others: they have one form.
            return Lines(property.Name) ? [] : [property.Name, .. below.Select(key => $"{property.Name}.{key}")];
        }

        JsonElement Resolve(JsonElement value) =>
            value.TryGetProperty("$ref", out JsonElement reference) ? schema.RootElement.GetProperty("$defs").GetProperty(reference.GetString()!["#/$defs/".Length..]) : value;
    }

    [Fact]
    public void All_problems_come_at_once()
    {
        const string Json = """
            {"version": 1, "crll": "required", "dates": "sometimes", "vmpl": [9], "guest_policy": {"debug": "on", "debuq": "off"},
             "minimum_tcb": {"milan": {"fmc": 1, "snp": 999}}, "chips": {"allowed": ["xx"]}}
            """;
        Assert.False(PolicyDocument.TryParse(Encoding.UTF8.GetBytes(Json), out _, out IReadOnlyList<PolicyProblem> problems));
        Assert.Equal(
            ["$.chips.allowed[0]", "$.crll", "$.dates", "$.guest_policy.debug", "$.guest_policy.debuq", "$.minimum_tcb.milan.fmc", "$.minimum_tcb.milan.snp", "$.vmpl[0]"],
            problems.Select(problem => problem.Path).Order(StringComparer.Ordinal));
        Assert.All(problems, problem => Assert.NotEmpty(problem.Remedy));
    }

    [Fact]
    public void What_is_too_large_too_deep_or_no_text_is_a_problem()
    {
        byte[] large = new byte[PolicyDocument.MaximumSize + 1];
        large.AsSpan().Fill((byte)' ');
        Assert.Contains("write at most 1048576", OnlyProblem(large).Remedy, StringComparison.Ordinal);
        Assert.Contains("deeper than 16", OnlyProblem(Encoding.UTF8.GetBytes(new string('[', 100_000))).Wrong, StringComparison.Ordinal);
        Assert.Equal("not UTF-8", OnlyProblem([(byte)'{', (byte)'"', 0xC3, 0x28, (byte)'"', (byte)'}']).Wrong);
        Assert.Contains("byte order mark", OnlyProblem([0xEF, 0xBB, 0xBF, (byte)'{', (byte)'}']).Wrong, StringComparison.Ordinal);
        Assert.False(PolicyDocument.TryParse(Encoding.UTF8.GetBytes("{" + string.Join(",", Enumerable.Range(0, 9999).Select(i => $"\"k{i}\":0")) + "}"),
            out _, out IReadOnlyList<PolicyProblem> many));
        Assert.Equal(200, many.Count);
    }

    [Fact]
    public void A_problem_quotes_nothing_that_moves_a_cursor()
    {
        string shown = OnlyProblem(Encoding.UTF8.GetBytes("""{"version": 1, "crl": "\u001b[2J\u202e""" + new string('x', 500) + "\"}")).ToString();
        Assert.DoesNotContain('\u001b', shown);
        Assert.DoesNotContain('\u202e', shown);
        Assert.True(shown.Length < 200);
    }

    [Fact]
    public void Every_property_of_a_policy_can_be_written_and_read_again()
    {
        AppraisalPolicy policy = new()
        {
            Name = "all \"of\" it, ü",
            Dates = DateChecks.Ignored,
            Crl = CrlUse.Required,
            MaskedChip = Stance.Allowed,
            SigningKeys = [SigningKey.Vlek],
            RefusedProducts = [ProductLine.Venice, ProductLine.Milan],
            Vmpls = [3, 1],
            GuestPolicy = new()
            {
                Smt = Stance.Required,
                MigrationAgent = Stance.Allowed,
                Debug = Stance.Required,
                SingleSocket = Stance.Refused,
                Cxl = Stance.Required,
                Aes256Xts = Stance.Refused,
                RaplOff = Stance.Required,
                CiphertextHiding = Stance.Refused,
                PageSwapOff = Stance.Required,
                UnknownBits = Stance.Allowed,
                MinimumAbiMajor = 1,
                MinimumAbiMinor = 51,
            },
            Platform = new()
            {
                Smt = Stance.Refused,
                Tsme = Stance.Required,
                Ecc = Stance.Refused,
                RaplDisabled = Stance.Required,
                CiphertextHiding = Stance.Refused,
                AliasCheck = Stance.Required,
                IommuWriteSafe = Stance.Refused,
                Tio = Stance.Required,
                UnknownBits = Stance.Refused,
            },
            Hosts = new()
            {
                EarnedBy = HostEvidenceKind.Platform,
                Iommu = Stance.Refused,
                UnlockedDebug = Stance.Allowed,
                UnfusedPart = Stance.Allowed,
                MinimumKernel = new(6, 11),
            },
            ProvisionalFirmware = Stance.Refused,
            MinimumTcb = new Dictionary<ProductLine, TcbMinimum> { [ProductLine.Turin] = new(1, 2, 3, 4, 5), [ProductLine.Milan] = new(Microcode: 219) },
            MinimumLaunchTcb = new Dictionary<ProductLine, TcbMinimum> { [ProductLine.Venice] = new(Fmc: 0) },
            MinimumFirmware = new Dictionary<ProductLine, FirmwareVersion> { [ProductLine.Genoa] = new(1, 55, 38) },
            CurrentMitigations = new Dictionary<ProductLine, ulong> { [ProductLine.Turin] = ulong.MaxValue },
            LaunchMitigations = new Dictionary<ProductLine, ulong> { [ProductLine.Genoa] = 0x3f },
            MinimumGuestSvn = uint.MaxValue,
            ReferenceValues = new()
            {
                LaunchDigests = [new(s_digest, "one", CoversExecutables: true), new(new('b', 96), "two")],
                HostData = [new('c', 64)],
                IdKeyDigests = [new('d', 96)],
                AuthorKeyDigests = [new('e', 96)],
                FamilyIds = [new('f', 32)],
                ImageIds = [new('1', 32)],
            },
            AllowedChips = [],
            DeniedChips = [new('a', 16), new('b', 128)],
            AllowedProviders = ["one", "two"],
            Bulletins =
            [
                KnownBulletins.All[1],
                new("MINE-1", "mine", ["CVE-2026-12345"], "here",
                    [new(ProductLine.Milan, new(Snp: 1), new(1, 2, 3), 0xFF, 1, 2), new(ProductLine.Turin, new(Fmc: 1))], Advisory: true),
            ],
            SimulatedRoots = [new('a', 64)],
        };
        NothingIsDefault(policy, AppraisalPolicy.Default, nameof(AppraisalPolicy.AllowedChips));
        NothingIsDefault(policy.GuestPolicy, new());
        NothingIsDefault(policy.Platform, new());
        NothingIsDefault(policy.Hosts, new());
        NothingIsDefault(policy.ReferenceValues, new());

        AppraisalPolicy read = Read(Text(policy));
        Assert.Equal(Text(policy), Text(read));
        // What a writer forgot, both texts would lack: the values are compared too.
        Assert.Equivalent(policy, read, strict: true);

        AppraisalPolicy chips = new() { AllowedChips = [new('c', 16)] };
        Assert.Equal(chips.AllowedChips, Read(Text(chips)).AllowedChips);
    }

    [Fact]
    public void A_policy_that_no_document_says_is_not_written()
    {
        Refused(new() { MaskedChip = Stance.Required });
        Refused(new() { Vmpls = [4] });
        Refused(new() { SigningKeys = [] });
        Refused(new() { Name = "" });
        Refused(new() { DeniedChips = ["abc"] });
        Refused(new() { Bulletins = [new("X", "t", [], "s", [new(ProductLine.Milan, PlatformBits: 1UL << 40)])] });
        Refused(new() { Bulletins = [new("X", "t", [], "s", [new(ProductLine.Milan, new(Snp: 1)), new(ProductLine.Milan, new(Tee: 1))])] });

        static void Refused(AppraisalPolicy policy) => Assert.Throws<ArgumentException>(() => PolicyDocument.Write(policy));
    }

    [Fact]
    public void A_built_in_bulletin_is_replaced_by_leaving_it_out_and_adding_another()
    {
        AppraisalPolicy policy = Read("""
            {"version": 1, "bulletins": {"without": ["AMD-SB-3015"], "add": [
              {"id": "AMD-SB-3015", "title": "t", "source": "s", "requirements": {"milan": {"platform": ["alias_check"]}}}]}}
            """);
        Assert.Equal(["AMD-SB-3019", "AMD-SB-3023", "AMD-SB-3015"], policy.Bulletins.Select(bulletin => bulletin.Id));
        Assert.Null(Assert.Single(policy.Bulletins[2].Requirements).MinimumFirmware);
        Assert.Equal(Text(policy), Text(Read(Text(policy))));
    }

    [Fact]
    public void Hexadecimal_may_be_written_in_either_case_and_is_kept_in_lower() =>
        Assert.Equal("00000000000000ab", Assert.Single(Read("""{"version": 1, "chips": {"denied": ["00000000000000AB"]}}""").DeniedChips));

    [Property(MaxTest = 500)]
    public void No_bytes_make_it_throw(byte[] bytes) => Assert.False(PolicyDocument.TryParse(bytes, out _, out _));

    [Property(MaxTest = 500)]
    public void No_change_of_the_sample_makes_it_throw(int at, byte value)
    {
        byte[] json = Encoding.UTF8.GetBytes(PolicyDocument.Sample);
        json[(int)((uint)at % json.Length)] = value;
        if (PolicyDocument.TryParse(json, out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems))
            Assert.Empty(problems);
        else
            Assert.NotEmpty(problems);
        Assert.Equal(policy is null, problems.Count > 0);
    }

    private static void NothingIsDefault<T>(T policy, T standard, params string[] except)
    {
        foreach (PropertyInfo property in typeof(T).GetProperties(BindingFlags.Public | BindingFlags.Instance))
        {
            if (except.Contains(property.Name))
                continue;
            object? one = property.GetValue(policy), other = property.GetValue(standard);
            bool same = one is IEnumerable list and not string ? list.Cast<object>().SequenceEqual(((IEnumerable)other!).Cast<object>()) : Equals(one, other);
            Assert.False(same, $"{property.Name} is not tried");
        }
    }

    private static IEnumerable<string> Keys(string json)
    {
        return Below(JsonNode.Parse(json)!).Distinct(StringComparer.Ordinal);

        static IEnumerable<string> Below(JsonNode? node) => node switch
        {
            JsonObject members => members.SelectMany(member => Lines(member.Key)
                ? [] : Below(member.Value).Select(key => $"{member.Key}.{key}").Prepend(member.Key)),
            JsonArray items => items.SelectMany(Below),
            _ => [],
        };
    }

    private static bool Lines(string key) => key is "milan" or "genoa" or "turin" or "venice";

    private static PolicyProblem OnlyProblem(byte[] json)
    {
        Assert.False(PolicyDocument.TryParse(json, out _, out IReadOnlyList<PolicyProblem> problems));
        return Assert.Single(problems);
    }

    private static AppraisalPolicy Read(string json)
    {
        bool read = PolicyDocument.TryParse(Encoding.UTF8.GetBytes(json), out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems);
        Assert.True(read, string.Join('\n', problems));
        return policy!;
    }

    private static string Text(AppraisalPolicy policy) => Encoding.UTF8.GetString(PolicyDocument.Write(policy));
}
