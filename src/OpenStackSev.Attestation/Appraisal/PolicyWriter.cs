using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>Writes a policy as the document that <see cref="PolicyReader"/> reads: every key, in one order.</summary>
internal sealed class PolicyWriter(Utf8JsonWriter json)
{
    // The relaxed one only spares people \u0022 and the like; a policy is not put into HTML.
    private static readonly JsonWriterOptions s_options = new() { Indented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(AppraisalPolicy policy, string? description)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, s_options))
            new PolicyWriter(json).Policy(policy, description);
        stream.WriteByte((byte)'\n');
        return stream.ToArray();
    }

    private static string Text(Bulletin bulletin)
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream, s_options))
            new PolicyWriter(json).OneBulletin(bulletin);
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    private void Policy(AppraisalPolicy policy, string? description)
    {
        json.WriteStartObject();
        json.WriteNumber("version", PolicyDocument.Version);
        json.WriteString("name", policy.Name);
        if (description is not null)
            json.WriteString("description", description);
        json.WriteString("dates", PolicyWords.Dates.Word(policy.Dates));
        json.WriteString("crl", PolicyWords.Crl.Word(policy.Crl));
        json.WriteString("masked_chip", PolicyWords.Permission.Word(policy.MaskedChip));
        List("signing_keys", policy.SigningKeys.Select(PolicyWords.SigningKeys.Word));
        json.WriteStartObject("products");
        List("refused", policy.RefusedProducts.Select(PolicyWords.Lines.Word));
        json.WriteEndObject();
        json.WriteStartArray("vmpl");
        foreach (uint level in policy.Vmpls)
            json.WriteNumberValue(level);
        json.WriteEndArray();
        GuestPolicy(policy.GuestPolicy);
        Platform(policy.Platform);
        Hosts(policy.Hosts);
        json.WriteString("provisional_firmware", PolicyWords.Permission.Word(policy.ProvisionalFirmware));
        ByLine("minimum_tcb", policy.MinimumTcb, Tcb);
        ByLine("minimum_launch_tcb", policy.MinimumLaunchTcb, Tcb);
        ByLine("minimum_firmware", policy.MinimumFirmware, (line, version) => json.WriteString(line, version.ToString()));
        json.WriteStartObject("mitigations");
        ByLine("current", policy.CurrentMitigations, Vector);
        ByLine("launch", policy.LaunchMitigations, Vector);
        json.WriteEndObject();
        json.WriteNumber("minimum_guest_svn", policy.MinimumGuestSvn);
        Values(policy.ReferenceValues);
        json.WriteStartObject("chips");
        List("allowed", policy.AllowedChips);
        List("denied", policy.DeniedChips);
        json.WriteEndObject();
        List("providers", policy.AllowedProviders);
        Bulletins(policy.Bulletins);
        List("simulated_roots", policy.SimulatedRoots);
        json.WriteEndObject();
    }

    private void GuestPolicy(GuestPolicyRules rules)
    {
        json.WriteStartObject("guest_policy");
        Stance("smt", rules.Smt);
        Stance("migration_agent", rules.MigrationAgent);
        Stance("debug", rules.Debug);
        Stance("single_socket", rules.SingleSocket);
        Stance("cxl", rules.Cxl);
        Stance("aes_256_xts", rules.Aes256Xts);
        Stance("rapl_off", rules.RaplOff);
        Stance("ciphertext_hiding", rules.CiphertextHiding);
        Stance("page_swap_off", rules.PageSwapOff);
        json.WriteString("unknown_bits", PolicyWords.Permission.Word(rules.UnknownBits));
        json.WriteString("minimum_abi", $"{rules.MinimumAbiMajor}.{rules.MinimumAbiMinor}");
        json.WriteEndObject();
    }

    private void Platform(PlatformRules rules)
    {
        json.WriteStartObject("platform");
        Stance("smt", rules.Smt);
        Stance("tsme", rules.Tsme);
        Stance("ecc", rules.Ecc);
        Stance("rapl_disabled", rules.RaplDisabled);
        Stance("ciphertext_hiding", rules.CiphertextHiding);
        Stance("alias_check", rules.AliasCheck);
        Stance("iommu_write_safe", rules.IommuWriteSafe);
        Stance("tio", rules.Tio);
        json.WriteString("unknown_bits", PolicyWords.Permission.Word(rules.UnknownBits));
        json.WriteEndObject();
    }

    private void Hosts(HostRules rules)
    {
        json.WriteStartObject("hosts");
        json.WriteString("earned_by", PolicyWords.HostEvidence.Word(rules.EarnedBy));
        Stance("iommu", rules.Iommu);
        json.WriteString("unlocked_debug", PolicyWords.Permission.Word(rules.UnlockedDebug));
        json.WriteString("unfused_part", PolicyWords.Permission.Word(rules.UnfusedPart));
        if (rules.MinimumKernel is { } kernel)
            json.WriteString("minimum_kernel", kernel.ToString());
        json.WriteEndObject();
    }

    private void Values(ReferenceValues values)
    {
        json.WriteStartObject("reference_values");
        json.WriteStartArray("launch_digests");
        foreach (LaunchDigest digest in values.LaunchDigests)
        {
            json.WriteStartObject();
            json.WriteString("digest", digest.Digest);
            json.WriteString("name", digest.Name);
            json.WriteBoolean("covers_executables", digest.CoversExecutables);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        List("host_data", values.HostData);
        List("id_key_digests", values.IdKeyDigests);
        List("author_key_digests", values.AuthorKeyDigests);
        List("family_ids", values.FamilyIds);
        List("image_ids", values.ImageIds);
        json.WriteEndObject();
    }

    // What is built in is not written again: a newer release may know more of it.
    private void Bulletins(IReadOnlyList<Bulletin> bulletins)
    {
        HashSet<string> written = [.. bulletins.Select(Text)];
        HashSet<string> builtIn = [.. KnownBulletins.All.Select(Text)];
        json.WriteStartObject("bulletins");
        List("without", KnownBulletins.All.Where(bulletin => !written.Contains(Text(bulletin))).Select(bulletin => bulletin.Id));
        json.WriteStartArray("add");
        foreach (Bulletin bulletin in bulletins)
        {
            if (!builtIn.Contains(Text(bulletin)))
                OneBulletin(bulletin);
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void OneBulletin(Bulletin bulletin)
    {
        json.WriteStartObject();
        json.WriteString("id", bulletin.Id);
        json.WriteString("title", bulletin.Title);
        List("cves", bulletin.Cves);
        json.WriteString("source", bulletin.Source);
        json.WriteBoolean("advisory", bulletin.Advisory);
        json.WriteStartObject("requirements");
        foreach (BulletinRequirement requirement in bulletin.Requirements.OrderBy(requirement => requirement.Line))
            Requirement(requirement);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private void Requirement(BulletinRequirement requirement)
    {
        json.WriteStartObject(PolicyWords.Lines.Word(requirement.Line));
        if (requirement.MinimumTcb is { } tcb)
            Tcb("minimum_tcb", tcb);
        if (requirement.MinimumFirmware is { } firmware)
            json.WriteString("minimum_firmware", firmware.ToString());
        ulong unnamed = PolicyWords.PlatformBits.Values.Aggregate(requirement.PlatformBits, (bits, bit) => bits & ~bit);
        if (unnamed != 0)
            throw new ArgumentException($"no word of a policy document names the PLATFORM_INFO bits 0x{unnamed:x}", nameof(requirement));
        if (requirement.PlatformBits != 0)
            List("platform", PolicyWords.PlatformBits.Where(bit => (requirement.PlatformBits & bit.Value) != 0).Select(bit => bit.Key));
        if (requirement.CurrentMitigations != 0 || requirement.LaunchMitigations != 0)
        {
            json.WriteStartObject("mitigations");
            if (requirement.CurrentMitigations != 0)
                Vector("current", requirement.CurrentMitigations);
            if (requirement.LaunchMitigations != 0)
                Vector("launch", requirement.LaunchMitigations);
            json.WriteEndObject();
        }
        json.WriteEndObject();
    }

    private void Tcb(string key, TcbMinimum minimum)
    {
        json.WriteStartObject(key);
        Part("fmc", minimum.Fmc);
        Part("bootloader", minimum.Bootloader);
        Part("tee", minimum.Tee);
        Part("snp", minimum.Snp);
        Part("microcode", minimum.Microcode);
        json.WriteEndObject();

        void Part(string part, byte? value)
        {
            if (value is { } number)
                json.WriteNumber(part, number);
        }
    }

    private void Vector(string key, ulong bits) => json.WriteString(key, $"0x{bits:x}");

    private void Stance(string key, Stance stance) => json.WriteString(key, PolicyWords.AnyStance.Word(stance));

    private void List(string key, IEnumerable<string> values)
    {
        json.WriteStartArray(key);
        foreach (string value in values)
            json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private void ByLine<T>(string key, IReadOnlyDictionary<ProductLine, T> values, Action<string, T> write)
    {
        json.WriteStartObject(key);
        foreach ((ProductLine line, T value) in values.OrderBy(entry => entry.Key))
            write(PolicyWords.Lines.Word(line), value);
        json.WriteEndObject();
    }
}
