using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>What a snapshot is made of.</summary>
/// <param name="Rows">Of all hosts that were judged.</param>
/// <param name="Quarantines">Those that last.</param>
/// <param name="Names">Of hosts in quarantine that were not judged yet.</param>
internal sealed record SnapshotFacts(
    IReadOnlyList<HostTrustState> Rows, IReadOnlyDictionary<Guid, HostQuarantineState> Quarantines, IReadOnlyDictionary<Guid, string> Names)
{
    /// <exception cref="StorageException">The rows cannot be read.</exception>
    public static async Task<SnapshotFacts> ReadAsync(HostTrustStates states, CancellationToken ct)
    {
        // Quarantines before rows: a host that is judged between the two is in the rows.
        Dictionary<Guid, HostQuarantineState> quarantines = (await states.QuarantinesAsync(ct)).Where(row => row.Since is not null).ToDictionary(row => row.Node);
        IReadOnlyList<HostTrustState> rows = await states.AllAsync(ct);
        Guid[] unjudged = [.. quarantines.Keys.Except(rows.Select(row => row.Node))];
        return new(rows, quarantines, unjudged.Length == 0 ? new Dictionary<Guid, string>() : await states.NamesAsync(unjudged, ct));
    }
}
