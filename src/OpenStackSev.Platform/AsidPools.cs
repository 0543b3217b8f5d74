namespace OpenStackSev.Platform;

/// <summary>How many guests of each model this machine can run at one time.</summary>
/// <param name="Sev">Plain SEV.</param>
/// <param name="SevEs">SEV-ES; the whole pool when <paramref name="SevEsAndSnpShare"/>.</param>
/// <param name="SevSnp">SEV-SNP; the whole pool when <paramref name="SevEsAndSnpShare"/>.</param>
/// <param name="SevEsAndSnpShare">
/// True when both models are usable and draw on one pool. The two numbers are then the same ASIDs counted twice: whoever
/// publishes them must split them first.
/// </param>
/// <param name="SevInUse">Plain SEV guests that run now; null when the kernel does not say.</param>
/// <param name="SevEsAndSnpInUse">SEV-ES and SEV-SNP guests together, which the kernel counts as one; null when it does not say.</param>
/// <param name="Findings">What took ASIDs away or left a number in doubt. Also among these: the contradictions of the capacity.</param>
/// <remarks>
/// Truth is <c>misc.capacity</c>. A number that nobody vouches for is 0: a guest that cannot start is worse than a slot unsold.
/// Source: Linux arch/x86/kvm/svm/sev.c, <c>sev_hardware_setup</c>.
/// </remarks>
public sealed record AsidPools(
    uint Sev,
    uint SevEs,
    uint SevSnp,
    bool SevEsAndSnpShare,
    uint? SevInUse,
    uint? SevEsAndSnpInUse,
    IReadOnlyList<PlatformFinding> Findings)
{
    /// <summary>ASIDs that SEV-ES and SEV-SNP have together, each counted once.</summary>
    public uint SevEsAndSnp => SevEsAndSnpShare ? SevSnp : SevEs + SevSnp;

    public static AsidPools From(PlatformFacts facts)
    {
        List<PlatformFinding> findings =
            [.. PlatformConsistency.Check(facts).Where(f => f.Code.StartsWith("platform.misc.", StringComparison.Ordinal))];

        AsidCounts pool = facts.AsidCapacity ?? CapacityByCpuid(facts, findings);
        KvmAmdParameters kvm = facts.KvmAmd ?? new KvmAmdParameters(null, null, null, null);

        uint hidden = Math.Min(kvm.CiphertextHidingAsids ?? 0, pool.SevEs);
        uint sev = kvm.Sev == true ? pool.Sev : 0;
        uint sevSnp = SnpUsable(facts, findings) ? (hidden > 0 ? hidden : pool.SevEs) : 0;
        uint sevEs = kvm.SevEs == true ? pool.SevEs - hidden : 0;
        if (sevEs > 0 && SevEsDenied(facts) is { } denied)
        {
            findings.Add(denied);
            sevEs = 0;
        }

        return new AsidPools(sev, sevEs, sevSnp, hidden == 0 && sevEs > 0 && sevSnp > 0,
            facts.AsidCurrent?.Sev, facts.AsidCurrent?.SevEs, findings);
    }

    // Only a kernel without the controller leaves CPUID as the next best word. A file that is there and cannot be trusted does not.
    private static AsidCounts CapacityByCpuid(PlatformFacts facts, List<PlatformFinding> findings)
    {
        PlatformFinding? broken = facts.Findings.FirstOrDefault(f =>
            f.Code is PlatformCodes.CapacityUnreadable or PlatformCodes.CapacityMalformed);
        EncryptionLeaf? leaf = facts.Processor?.Encryption;
        findings.Add(broken
            ?? facts.Findings.FirstOrDefault(f => f.Code == PlatformCodes.CapacityMissing)
            ?? new PlatformFinding(PlatformCodes.CapacityMissing, facts.Root, "no misc.capacity; ASIDs are counted by CPUID"));
        if (broken is not null || leaf is null)
            return new AsidCounts(0, 0);
        return new AsidCounts(leaf.Sev ? leaf.SevAsidCount : 0, leaf.SevEs ? leaf.SevEsAndSnpAsidCount : 0);
    }

    private static bool SnpUsable(PlatformFacts facts, List<PlatformFinding> findings)
    {
        if (facts.KvmAmd?.SevSnp != true || facts.Processor?.Encryption?.SevSnp != true)
            return false;
        if (PlatformConsistency.SnpNotInitialized(facts) is { } contradiction)
        {
            findings.Add(contradiction);
            return false;
        }
        return true;
    }

    private static PlatformFinding? SevEsDenied(PlatformFacts facts)
    {
        SnpPlatformStatus? status = facts.SnpPlatformStatus;
        if (facts.KvmAmd?.SevSnp != true && status?.RmpInitialized != true)
            return null;
        if (status is null)
        {
            return new PlatformFinding(PlatformCodes.SevEsUnknown, "SNP_PLATFORM_STATUS",
                "SNP is on and its status is not readable, so whether the firmware still starts SEV-ES guests is unknown; counted as 0");
        }

        EpycProduct? product = facts.Processor?.Product;
        return SevEsWithdrawal.Applies(product, status.CurrentTcb) switch
        {
            false => null,
            true => new PlatformFinding(PlatformCodes.SevEsWithdrawn, "CURRENT_TCB",
                $"firmware with snp 0x{SevEsWithdrawal.SnpVersion(product!.Value, status.CurrentTcb):X2} starts no SEV-ES guest while SNP is on (CVE-2025-48514)"),
            null => new PlatformFinding(PlatformCodes.SevEsUnknown, "CURRENT_TCB",
                "SNP is on and the processor is not known, so whether the firmware still starts SEV-ES guests is unknown; counted as 0"),
        };
    }
}
