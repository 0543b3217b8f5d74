using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>Where Nova's own number of encrypted guests differs from what the host has.</summary>
public static class CapacityDrift
{
    /// <summary>Zed's default when <c>[libvirt] num_memory_encrypted_guests</c> is not set.</summary>
    private const int NovaUnlimited = int.MaxValue;

    public static void Report(
        ObservedNode observed, AsidTotals totals, AsidPools pools, ImmutableArray<CapacityFinding>.Builder findings)
    {
        foreach ((EncryptionModel model, int offered) in observed.NovaContexts)
        {
            if (offered > 0 && Judge(model, offered, Usable(model, pools), totals[model], observed.Tree.RootName) is { } finding)
                findings.Add(finding);
        }

        int es = observed.NovaContexts.GetValueOrDefault(EncryptionModel.AmdSevEs);
        int snp = observed.NovaContexts.GetValueOrDefault(EncryptionModel.AmdSevSnp);
        if (es > 0 && snp > 0 && pools.SevEsAndSnpShare && (long)es + snp > Math.Max(pools.SevEs, pools.SevSnp))
        {
            findings.Add(new(CapacityCodes.NovaSharesPool, observed.Tree.RootName,
                $"Nova offers {es} SEV-ES and {snp} SEV-SNP guests but they share {Math.Max(pools.SevEs, pools.SevSnp)} ASIDs; " +
                "flavors that also ask for our resource class are held to the true number"));
        }
    }

    private static int Usable(EncryptionModel model, AsidPools pools) => AsidTotals.Count(model switch
    {
        EncryptionModel.AmdSev => pools.Sev,
        EncryptionModel.AmdSevEs => pools.SevEs,
        _ => pools.SevSnp,
    });

    private static CapacityFinding? Judge(EncryptionModel model, int offered, int usable, int published, string node)
    {
        string nova = offered == NovaUnlimited ? "without limit (num_memory_encrypted_guests is not set)" : offered.ToString();
        string guarded = $"flavors that also ask for {model.ResourceClass} are held to {published}";
        if (usable == 0)
        {
            return new(CapacityCodes.NovaOffersUnusable, node,
                $"Nova offers {model.NovaName} {nova} but this host can start none");
        }

        if (offered > usable)
        {
            return new(CapacityCodes.NovaOvercommits, node,
                $"Nova offers {model.NovaName} {nova} but the host has {usable} ASIDs; {guarded}, others fail at boot");
        }

        return offered < usable
            ? new(CapacityCodes.NovaUndercounts, node,
                $"Nova offers {model.NovaName} {nova} but the host has {usable} ASIDs; {usable - offered} stay unused")
            : null;
    }
}
