using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>Encrypted guests of this host that hold no allocation of ours: from before us, or of flavors that do not ask for our class.</summary>
/// <remarks>
/// Counted as ASIDs in use (<c>misc.current</c>) less our allocations. Both move at every boot and delete, not together, so what counts
/// is what two rounds in a row agree on: at least the smaller, at most the larger of the two. A server that is shut off holds an allocation and no ASID and so hides one
/// foreign guest: only counting by domain UUID can tell them apart.
/// </remarks>
public sealed record ForeignGuestCount(int LastSev, int LastSevEs, int ConfirmedSev, int ConfirmedSevEs)
{
    /// <summary>Before the first round. The first count is believed at once, since holding back too much is the safe side.</summary>
    public static ForeignGuestCount Unknown { get; } = new(-1, -1, 0, 0);

    public static ForeignGuestCount Next(
        ForeignGuestCount seen, AsidCounts? current, ImmutableSortedDictionary<EncryptionModel, int> used)
    {
        if (current is null)
            return seen with { LastSev = -1, LastSevEs = -1 };
        int usedEs = used.GetValueOrDefault(EncryptionModel.AmdSevEs) + used.GetValueOrDefault(EncryptionModel.AmdSevSnp);
        int sev = Excess(current.Sev, used.GetValueOrDefault(EncryptionModel.AmdSev));
        int sevEs = Excess(current.SevEs, usedEs);
        return new ForeignGuestCount(sev, sevEs,
            Confirm(sev, seen.LastSev, seen.ConfirmedSev),
            Confirm(sevEs, seen.LastSevEs, seen.ConfirmedSevEs));
    }

    private static int Excess(uint current, int used) => (int)Math.Clamp(current - (long)used, 0, int.MaxValue);

    /// <summary>Without a round before, the larger one: holding back too much is the safe side.</summary>
    private static int Confirm(int now, int last, int confirmed) =>
        last < 0 ? Math.Max(now, confirmed) : Math.Clamp(confirmed, Math.Min(now, last), Math.Max(now, last));
}
