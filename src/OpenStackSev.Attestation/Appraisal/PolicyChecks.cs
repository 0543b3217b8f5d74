using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>The checks that an operator's policy adds to being genuine.</summary>
internal static class PolicyChecks
{
    public static void All(AttestationReport report, EndorsementChain? chain, AppraisalPolicy policy, List<Finding> findings)
    {
        ProductLine? line = report.Product?.Line() ?? chain?.Vek.Line;
        Chip(report, chain, policy, findings);
        Key(report, chain, line, policy, findings);
        Level(report, policy, findings);
        GuestPolicyBits(report.Policy, policy.GuestPolicy, findings);
        if (line is { } known)
            Versions(report, known, policy, findings);
        PlatformBits(report.PlatformInfo, policy.Platform, findings);
        Values(report, policy, findings);
    }

    /// <summary>The signature of a VCEK binds a report to a chip that it names.</summary>
    public static bool NamesItsChip(AttestationReport report) => report.SigningKey == SigningKey.Vcek && !report.ChipIdMasked;

    /// <summary>The reference value that MEASUREMENT is; null when it is none.</summary>
    public static LaunchDigest? LaunchDigestOf(AttestationReport report, AppraisalPolicy policy)
    {
        if (policy.ReferenceValues.LaunchDigests.Count == 0)
            return null;
        string digest = Convert.ToHexStringLower(report.Measurement.Span);
        return policy.ReferenceValues.LaunchDigests.FirstOrDefault(known => Same(known.Digest, digest));
    }

    private static void Chip(AttestationReport report, EndorsementChain? chain, AppraisalPolicy policy, List<Finding> findings)
    {
        bool refused = report.ChipIdMasked && policy.MaskedChip == Stance.Refused;
        if (refused)
            findings.Add(SnpCodes.ChipIdMasked.Finds("CHIP_ID", "the chip", "zeros: the host masks it"));
        else if (!NamesItsChip(report))
            findings.Add(SnpCodes.BindingNone.Finds("CHIP_ID", "a report that a VCEK binds to the chip it names", report.ChipIdMasked ? "a masked chip" : "a VLEK"));

        if (policy.AllowedChips.Count == 0 && policy.DeniedChips.Count == 0)
            return;
        // The key's word counts too: it is on it that a chip was denied, and a masked report does not hide it.
        string[] names = [.. new[] { report.ChipIdMasked ? null : Hex(report.ChipId), chain?.Vek.ChipId is { } id ? Hex(id) : null }.OfType<string>()];
        if (policy.DeniedChips.FirstOrDefault(denied => names.Any(name => SameChip(name, denied))) is { } found)
            findings.Add(SnpCodes.ChipDenied.Finds("CHIP_ID", "a chip that is not denied", found));
        if (policy.AllowedChips.Count > 0 && !policy.AllowedChips.Any(allowed => names.Any(name => SameChip(name, allowed))))
            findings.Add(SnpCodes.ChipNotAllowed.Finds("CHIP_ID", $"one of {policy.AllowedChips.Count} allowed chips", names.Length > 0 ? names[0] : "a masked chip"));
    }

    // hwID of 8 bytes and CHIP_ID of 64, whose others are zero, name the same chip.
    private static bool SameChip(string one, string other) =>
        one.TrimEnd('0').Equals(other.TrimEnd('0'), StringComparison.OrdinalIgnoreCase);

    private static void Key(AttestationReport report, EndorsementChain? chain, ProductLine? line, AppraisalPolicy policy, List<Finding> findings)
    {
        if (!policy.SigningKeys.Contains(report.SigningKey) && report.SigningKey != SigningKey.None)
        {
            findings.Add(SnpCodes.SigningKeyNotAllowed.Finds("SIGNING_KEY",
                string.Join(" or ", policy.SigningKeys.Select(k => k.ToString().ToUpperInvariant())), report.SigningKey.ToString().ToUpperInvariant()));
        }
        if (policy.AllowedProviders.Count > 0 && chain?.Vek.Provider is { } provider && !policy.AllowedProviders.Contains(provider))
            findings.Add(SnpCodes.ProviderNotAllowed.Finds("cspID", string.Join(" or ", policy.AllowedProviders), provider));
        if (line is { } known && policy.RefusedProducts.Contains(known))
            findings.Add(SnpCodes.ProductNotTrusted.Finds("product", "a product line that policy trusts", known.ToString()));
    }

    private static void Level(AttestationReport report, AppraisalPolicy policy, List<Finding> findings)
    {
        if (report.HostRequested)
            findings.Add(SnpCodes.HostRequested.Finds("VMPL", "a report that the guest asked for", "one that the host asked for"));
        else if (!policy.Vmpls.Contains(report.Vmpl))
            findings.Add(SnpCodes.Vmpl.Finds("VMPL", string.Join(" or ", policy.Vmpls), report.Vmpl.ToString()));
    }

    private static void GuestPolicyBits(GuestPolicy bits, GuestPolicyRules rules, List<Finding> findings)
    {
        if (bits.DebugAllowed && rules.Debug == Stance.Refused)
            findings.Add(SnpCodes.Debug.Finds("POLICY.DEBUG", "off", "on: the host may read the guest's memory"));
        if (bits.MigrationAgentAllowed && rules.MigrationAgent == Stance.Refused)
            findings.Add(SnpCodes.MigrationAgent.Finds("POLICY.MIGRATE_MA", "off", "on: a migration agent may read the guest's memory"));
        if (!bits.DebugAllowed && rules.Debug == Stance.Required)
            findings.Add(SnpCodes.GuestPolicyRequired.Finds("POLICY.DEBUG", "on", "off"));
        if (!bits.MigrationAgentAllowed && rules.MigrationAgent == Stance.Required)
            findings.Add(SnpCodes.GuestPolicyRequired.Finds("POLICY.MIGRATE_MA", "on", "off"));
        Bit("POLICY.SMT", bits.SmtAllowed, rules.Smt);
        Bit("POLICY.SINGLE_SOCKET", bits.SingleSocketRequired, rules.SingleSocket);
        Bit("POLICY.CXL_ALLOW", bits.CxlAllowed, rules.Cxl);
        Bit("POLICY.MEM_AES_256_XTS", bits.Aes256XtsRequired, rules.Aes256Xts);
        Bit("POLICY.RAPL_DIS", bits.RaplOffRequired, rules.RaplOff);
        Bit("POLICY.CIPHERTEXT_HIDING_DRAM", bits.CiphertextHidingRequired, rules.CiphertextHiding);
        Bit("POLICY.PAGE_SWAP_DISABLE", bits.PageSwapOffRequired, rules.PageSwapOff);
        if (bits.UnknownBits != 0 && rules.UnknownBits == Stance.Refused)
            findings.Add(SnpCodes.GuestPolicyUnknown.Finds("POLICY", "no unknown bits", $"0x{bits.UnknownBits:x}"));
        if ((bits.AbiMajor, bits.AbiMinor).CompareTo((rules.MinimumAbiMajor, rules.MinimumAbiMinor)) < 0)
            findings.Add(SnpCodes.GuestPolicyAbi.Finds("POLICY.ABI", $"at least {rules.MinimumAbiMajor}.{rules.MinimumAbiMinor}", $"{bits.AbiMajor}.{bits.AbiMinor}"));

        void Bit(string name, bool on, Stance stance)
        {
            if (on && stance == Stance.Refused)
                findings.Add(SnpCodes.GuestPolicyBit.Finds(name, "off", "on"));
            else if (!on && stance == Stance.Required)
                findings.Add(SnpCodes.GuestPolicyRequired.Finds(name, "on", "off"));
        }
    }

    private static void PlatformBits(PlatformInfo bits, PlatformRules rules, List<Finding> findings)
    {
        Bit("PLATFORM_INFO.SMT_EN", bits.SmtEnabled, rules.Smt);
        Bit("PLATFORM_INFO.TSME_EN", bits.TsmeEnabled, rules.Tsme);
        Bit("PLATFORM_INFO.ECC_EN", bits.EccEnabled, rules.Ecc);
        Bit("PLATFORM_INFO.RAPL_DIS", bits.RaplDisabled, rules.RaplDisabled);
        Bit("PLATFORM_INFO.CIPHERTEXT_HIDING_DRAM_EN", bits.CiphertextHidingEnabled, rules.CiphertextHiding);
        Bit("PLATFORM_INFO.ALIAS_CHECK_COMPLETE", bits.AliasCheckComplete, rules.AliasCheck);
        Bit("PLATFORM_INFO.IOMMU_WRITE_SAFE", bits.IommuWriteSafe, rules.IommuWriteSafe);
        Bit("PLATFORM_INFO.SEV_TIO_EN", bits.TioEnabled, rules.Tio);
        if (bits.UnknownBits != 0 && rules.UnknownBits == Stance.Refused)
            findings.Add(SnpCodes.PlatformRefused.Finds("PLATFORM_INFO", "no unknown bits", $"0x{bits.UnknownBits:x}"));

        void Bit(string name, bool on, Stance stance)
        {
            if (on && stance == Stance.Refused)
                findings.Add(SnpCodes.PlatformRefused.Finds(name, "off", "on"));
            else if (!on && stance == Stance.Required)
                findings.Add(SnpCodes.PlatformRequired.Finds(name, "on", "off"));
        }
    }

    private static void Versions(AttestationReport report, ProductLine line, AppraisalPolicy policy, List<Finding> findings)
    {
        if (report.CurrentTcb != report.CommittedTcb && policy.ProvisionalFirmware == Stance.Refused)
            findings.Add(SnpCodes.ProvisionalFirmware.Finds("CURRENT_TCB", $"committed, as COMMITTED_TCB ({report.CommittedTcb})", report.CurrentTcb.ToString()));
        Minimum(report, "policy", policy.MinimumTcb.GetValueOrDefault(line), Version(policy.MinimumFirmware, line),
            policy.CurrentMitigations.GetValueOrDefault(line), policy.LaunchMitigations.GetValueOrDefault(line), findings);
        if (policy.MinimumLaunchTcb.GetValueOrDefault(line)?.Unmet(report.LaunchTcb) is var (expected, actual))
            findings.Add(SnpCodes.LaunchTcbBelowMinimum.Finds("LAUNCH_TCB", expected, actual));
        foreach (Bulletin bulletin in policy.Bulletins.Where(bulletin => !bulletin.Advisory))
        {
            foreach (BulletinRequirement requirement in bulletin.Requirements)
            {
                if (requirement.Line == line)
                    Required(report, bulletin.Id, requirement, findings);
            }
        }
    }

    private static void Required(AttestationReport report, string bulletin, BulletinRequirement requirement, List<Finding> findings)
    {
        Minimum(report, bulletin, requirement.MinimumTcb, requirement.MinimumFirmware, requirement.CurrentMitigations, requirement.LaunchMitigations, findings);
        ulong missing = requirement.PlatformBits & ~report.PlatformInfo.Value;
        if (missing != 0)
            findings.Add(SnpCodes.PlatformRequired.Finds("PLATFORM_INFO", $"bits 0x{requirement.PlatformBits:x} ({bulletin})", report.PlatformInfo.ToString()));
    }

    // REPORTED_TCB is compared, because the key proves it; COMMITTED_TCB and CURRENT_TCB meet it. Of the versions the committed one is:
    // the host can roll back to it.
    private static void Minimum(AttestationReport report, string source, TcbMinimum? tcb, FirmwareVersion? firmware, ulong current, ulong launch,
        List<Finding> findings)
    {
        if (tcb is not null && !tcb.IsMetBy(report.ReportedTcb) && tcb.Unmet(report.ReportedTcb) is var (expected, actual))
            findings.Add(SnpCodes.TcbBelowMinimum.Finds("REPORTED_TCB", $"{expected} ({source})", actual));
        if (firmware is { } least && report.CommittedVersion < least)
            findings.Add(SnpCodes.FirmwareBelowMinimum.Finds("COMMITTED_VERSION", $"at least {least} ({source})", report.CommittedVersion.ToString()));
        Vector("CURRENT_MIT_VECTOR", current, report.CurrentMitigations);
        Vector("LAUNCH_MIT_VECTOR", launch, report.LaunchMitigations);

        void Vector(string name, ulong required, ulong? has)
        {
            if ((required & ~(has ?? 0)) != 0)
                findings.Add(SnpCodes.MitigationMissing.Finds(name, $"bits 0x{required:x} ({source})", has is { } bits ? $"0x{bits:x}" : "none before version 5"));
        }
    }

    private static FirmwareVersion? Version(IReadOnlyDictionary<ProductLine, FirmwareVersion> minimum, ProductLine line) =>
        minimum.TryGetValue(line, out FirmwareVersion version) ? version : null;

    private static void Values(AttestationReport report, AppraisalPolicy policy, List<Finding> findings)
    {
        ReferenceValues known = policy.ReferenceValues;
        if (report.GuestSvn < policy.MinimumGuestSvn)
            findings.Add(SnpCodes.GuestSvn.Finds("GUEST_SVN", $"at least {policy.MinimumGuestSvn}", report.GuestSvn.ToString()));
        if (known.LaunchDigests.Count > 0 && LaunchDigestOf(report, policy) is null)
            findings.Add(SnpCodes.Measurement.Finds("MEASUREMENT", $"one of {known.LaunchDigests.Count} launch digests", Hex(report.Measurement)));
        Value(SnpCodes.HostData, "HOST_DATA", known.HostData, report.HostData);
        Value(SnpCodes.IdKey, "ID_KEY_DIGEST", known.IdKeyDigests, report.IdKeyDigest);
        if (known.AuthorKeyDigests.Count > 0 && !report.AuthorKeyEnabled)
            findings.Add(SnpCodes.AuthorKey.Finds("AUTHOR_KEY_EN", "on", "off: AUTHOR_KEY_DIGEST means nothing"));
        else
            Value(SnpCodes.AuthorKey, "AUTHOR_KEY_DIGEST", known.AuthorKeyDigests, report.AuthorKeyDigest);
        Value(SnpCodes.FamilyId, "FAMILY_ID", known.FamilyIds, report.FamilyId);
        Value(SnpCodes.ImageId, "IMAGE_ID", known.ImageIds, report.ImageId);

        void Value(Check check, string name, IReadOnlyList<string> values, ReadOnlyMemory<byte> actual)
        {
            if (values.Count > 0 && !values.Any(value => Same(value, Hex(actual))))
                findings.Add(check.Finds(name, values.Count == 1 ? values[0] : $"one of {values.Count} values", Hex(actual)));
        }
    }

    private static bool Same(string one, string other) => one.Equals(other, StringComparison.OrdinalIgnoreCase);

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);
}
