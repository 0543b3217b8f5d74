using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Hosts;

/// <summary>How a host is set up: what its BIOS, its kernel and its processor's fuses say.</summary>
internal static class HostSettings
{
    public static void Check(PlatformClaims claims, AttestationReport? report, ProductLine? line, AppraisalPolicy policy, List<Finding> findings)
    {
        PlatformRules rules = policy.Platform;
        PlatformInfo? signed = report?.PlatformInfo;
        ulong required = RequiredBits(line, policy);
        Bit("smt", "SMT", claims.Smt, rules.Smt);
        Bit("tsme", "TSME", claims.Tsme, rules.Tsme);
        Bit("ecc", "ECC", null, rules.Ecc);
        Bit("rapl_disabled", "RAPL disabled", null, rules.RaplDisabled);
        Bit("ciphertext_hiding", "ciphertext hiding", claims.CiphertextHiding, rules.CiphertextHiding);
        Bit("alias_check", "alias check", claims.AliasChecked, rules.AliasCheck);
        Bit("iommu_write_safe", "IOMMU write safe", null, rules.IommuWriteSafe);
        Bit("tio", "TIO", null, rules.Tio);
        Setting("IOMMU", null, claims.Iommu, policy.Hosts.Iommu);
        if (claims.DebugLocked == false && policy.Hosts.UnlockedDebug == Stance.Refused)
            findings.Add(HostCodes.DebugUnlocked.Finds("debug_lock_on", "locked", "open"));
        if (claims.Fused == false && policy.Hosts.UnfusedPart == Stance.Refused)
            findings.Add(HostCodes.PartUnfused.Finds("fused_part", "fused", "not"));
        if (policy.Hosts.MinimumKernel is { } least && claims.Kernel is { } release && (!KernelVersion.TryReadRelease(release, out KernelVersion kernel) || kernel < least))
            findings.Add(HostCodes.KernelBelowMinimum.Finds("kernel", $"at least {least}", release));

        void Bit(string word, string name, bool? host, Stance stance)
        {
            ulong bit = PolicyWords.PlatformBits[word];
            Setting(name, signed is { } info ? (info.Value & bit) != 0 : null, host, (required & bit) != 0 ? Stance.Required : stance);
        }

        // Either of the two words is enough to speak against the host.
        void Setting(string name, bool? chip, bool? host, Stance stance)
        {
            if (stance == Stance.Refused && (chip == true || host == true))
                findings.Add(HostCodes.PlatformRefused.Finds(name, "off", chip == true ? "on, as the chip signed" : "on, as the host says"));
            else if (stance == Stance.Required && (chip == false || host == false))
                findings.Add(HostCodes.PlatformRequired.Finds(name, "on", chip == false ? "off, as the chip signed" : "off, as the host says"));
            else if (stance == Stance.Required && chip is null && host is null)
                findings.Add(HostCodes.PlatformUnknown.Finds(name, "on", "nothing tells"));
        }
    }

    /// <summary>Bits of PLATFORM_INFO that bulletins ask for, which are more than advice.</summary>
    private static ulong RequiredBits(ProductLine? line, AppraisalPolicy policy) => policy.Bulletins.Where(bulletin => !bulletin.Advisory)
        .SelectMany(bulletin => bulletin.Requirements).Where(requirement => requirement.Line == line)
        .Aggregate(0UL, (bits, requirement) => bits | requirement.PlatformBits);
}
