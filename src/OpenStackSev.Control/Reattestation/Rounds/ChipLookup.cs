using System.Collections.Concurrent;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>A chip of the cloud, and the TCB that its host last reported.</summary>
/// <param name="ReportedTcb">8 bytes as a report has them; null when the host does not say.</param>
internal sealed record KnownChip(HostChip Row, byte[]? ReportedTcb);

/// <summary>Chips by their id. What an administrator changes holds after <see cref="Lifetime"/> at the latest.</summary>
internal sealed class ChipLookup(HostStates states, TimeProvider time)
{
    /// <summary>How long what was read is believed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private const int MostRemembered = 20_000;

    private readonly ConcurrentDictionary<string, (KnownChip? Chip, DateTimeOffset ReadAt)> known = new(StringComparer.Ordinal);

    /// <param name="chipId">64 bytes.</param>
    /// <returns>Null for one that no host reported.</returns>
    /// <exception cref="Persistence.StorageException">It cannot be read.</exception>
    public async ValueTask<KnownChip?> FindAsync(ReadOnlyMemory<byte> chipId, CancellationToken ct)
    {
        string id = Convert.ToHexStringLower(chipId.Span);
        DateTimeOffset now = time.GetUtcNow();
        if (known.TryGetValue(id, out (KnownChip? Chip, DateTimeOffset ReadAt) one) && one.ReadAt <= now && now - one.ReadAt < Lifetime)
            return one.Chip;
        KnownChip? chip = await ReadAsync(id, ct);
        if (known.Count >= MostRemembered)
            known.Clear();
        known[id] = (chip, now);
        return chip;
    }

    private async Task<KnownChip?> ReadAsync(string id, CancellationToken ct)
    {
        if (await states.FindChipAsync(id, ct) is not { } row)
            return null;
        HostState? host = await states.FindAsync(row.Node, ct);
        return new KnownChip(row, host is null ? null : HostTcb.Bytes(StoredReport.Of(host).Report.Facts.Firmware?.ReportedTcb));
    }
}
