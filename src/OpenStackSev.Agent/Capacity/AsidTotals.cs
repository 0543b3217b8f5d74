using OpenStackSev.Api.Capacity;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>A number of ASIDs for each model.</summary>
public sealed record AsidTotals(int Sev, int SevEs, int SevSnp)
{
    public int this[EncryptionModel model] => model switch
    {
        EncryptionModel.AmdSev => Sev,
        EncryptionModel.AmdSevEs => SevEs,
        _ => SevSnp,
    };

    /// <summary>Splits the pools so that no ASID is published twice.</summary>
    /// <param name="launchable">What this cloud's Nova launches: a pool that only one of the two models can use goes to that one.</param>
    public static AsidTotals Split(AsidPools pools, CapacityOptions options, Func<EncryptionModel, bool> launchable)
    {
        int sev = Count(pools.Sev), sevEs = Count(pools.SevEs), sevSnp = Count(pools.SevSnp);
        if (!pools.SevEsAndSnpShare || sevEs == 0 || sevSnp == 0)
            return new AsidTotals(sev, sevEs, sevSnp);
        if (launchable(EncryptionModel.AmdSevEs) && !launchable(EncryptionModel.AmdSevSnp))
            return new AsidTotals(sev, sevEs, 0);
        int share = Math.Min(options.EsShare, sevSnp);
        return new AsidTotals(sev, share, sevSnp - share);
    }

    /// <summary>
    /// ASIDs to hold back for guests without an allocation. In a pool that SEV-ES and SEV-SNP share, nobody can tell which of the two a
    /// guest is: what is free of SEV-SNP's part gives first, SEV-ES's part the rest. Where ciphertext hiding divides the pool, both parts give all.
    /// </summary>
    public AsidTotals ReserveFor(ForeignGuestCount foreign, bool shared, IReadOnlyDictionary<EncryptionModel, int> used)
    {
        if (!shared)
            return new AsidTotals(foreign.ConfirmedSev, foreign.ConfirmedSevEs, foreign.ConfirmedSevEs);
        int ofSnp = Math.Min(foreign.ConfirmedSevEs, Math.Max(0, SevSnp - used.GetValueOrDefault(EncryptionModel.AmdSevSnp)));
        return new AsidTotals(foreign.ConfirmedSev, foreign.ConfirmedSevEs - ofSnp, ofSnp);
    }

    /// <summary>
    /// With what the other model of the same pool holds beyond its own total on top: SEV-ES guests that still run after SEV-ES was
    /// withdrawn take ASIDs that SEV-SNP would otherwise be offered.
    /// </summary>
    public AsidTotals PlusOverdrawn(AsidTotals totals, IReadOnlyDictionary<EncryptionModel, int> used) => this with
    {
        SevEs = SevEs + Math.Max(0, used.GetValueOrDefault(EncryptionModel.AmdSevSnp) - totals.SevSnp),
        SevSnp = SevSnp + Math.Max(0, used.GetValueOrDefault(EncryptionModel.AmdSevEs) - totals.SevEs),
    };

    /// <summary>Placement counts in 32 bits; no chip comes near.</summary>
    internal static int Count(uint asids) => (int)Math.Min(asids, int.MaxValue);

    /// <summary>With the operator's own reserve on top.</summary>
    public AsidTotals Plus(CapacityOptions options) =>
        new(Sev + options.ReservedSev, SevEs + options.ReservedSevEs, SevSnp + options.ReservedSevSnp);
}
