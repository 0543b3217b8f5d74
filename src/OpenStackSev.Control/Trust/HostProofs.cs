using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Trust;

/// <param name="Newest">The newest report that proves the host; null for none.</param>
/// <param name="Witness">The newest of a time at which the host said what it says now, before and after; null for none.</param>
internal sealed record FoundProofs(ProofRecord? Newest, ProofRecord? Witness);

/// <summary>The newest report of each host that its chip signed for a guest, from evidence that was judged. It reads; it decides nothing and writes nothing.</summary>
/// <remarks>
/// What the guest is proven to be does not matter here: a contraindicated one proves its platform too. Evidence that did not authenticate is never
/// stored, so that nobody can prove or blame a host by posting garbage.
/// </remarks>
internal sealed class HostProofs(HostTrustStates states, InstanceStates instances)
{
    /// <summary>Evidence that is looked through at one time, the newest first.</summary>
    private const int Most = 200_000;

    /// <summary>Guests of one host that are asked, the newest first.</summary>
    private const int MostOfAHost = 32;

    private const string GuestReport = "guest_report";

    /// <summary>Of each node with a guest that brought evidence at <paramref name="since"/> or later the time of the newest.</summary>
    /// <exception cref="Persistence.StorageException">It cannot be read.</exception>
    public async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> NewestAsync(DateTimeOffset since, CancellationToken ct) =>
        (await states.EvidenceSinceAsync(since, Most, ct)).GroupBy(one => one.Node).ToDictionary(node => node.Key, node => node.Max(one => one.ReceivedAt));

    /// <param name="known">The proof that is kept.</param>
    /// <param name="approved">The host's approved chips.</param>
    /// <exception cref="Persistence.StorageException">It cannot be read.</exception>
    public async Task<FoundProofs> FindAsync(HostOutline host, ProofRecord? known, IReadOnlySet<string> approved, TrustMoment moment, CancellationToken ct)
    {
        if (known is not null && (moment.IsAhead(known.At) || !IsOf(approved, known.Report, known.Line)))
            known = null;
        ProofRecord? newest = null, witness = known is not null && moment.IsWitnessed(host, known.At) ? known : null;
        foreach (GuestEvidence candidate in await states.EvidenceOfAsync(host.Node, moment.Now - moment.Lifetime, MostOfAHost, ct))
        {
            bool isNewer = newest is null && (known is null || candidate.ReceivedAt > known.At);
            bool isWitness = moment.IsWitnessed(host, candidate.ReceivedAt) && (witness is null || candidate.ReceivedAt > witness.At);
            if (moment.IsAhead(candidate.ReceivedAt) || !(isNewer || isWitness))
                continue;
            InstanceState? instance = await instances.FindAsync(candidate.Instance, ct);
            InstanceEvidence? evidence = await instances.EvidenceAsync(candidate.Instance, ct);
            if (instance is null || evidence is null || Proof(host.Node, instance, approved, evidence) is not { } proof)
                continue;
            newest = isNewer ? proof : newest;
            witness = isWitness ? proof : witness;
        }

        return new(newest ?? known, witness);
    }

    /// <returns>Null for what proves nothing of this host.</returns>
    private static ProofRecord? Proof(Guid node, InstanceState instance, IReadOnlySet<string> approved, InstanceEvidence evidence)
    {
        if (instance.Verdict is null or Verdict.None || StoredResult.Of(instance)?.Judgement is not { Evidence: GuestReport, BoundToChip: true } judgement)
            return null;
        // Where it ran when it was judged. It may have moved since, and its result with it.
        if (judgement.Host is not { Chip: { } chip } host || host.Node != node || !approved.Contains(chip))
            return null;
        return Enum.TryParse(judgement.Product, out SnpProduct product) && IsOf(approved, evidence.Report, product.Line())
            ? new ProofRecord(evidence.Report, evidence.ReceivedAt, instance.Instance, judgement.Simulated, product.Line()) : null;
    }

    private static bool IsOf(IReadOnlySet<string> approved, byte[] report, ProductLine line) =>
        AttestationReport.TryParse(report, line.Layout(), out AttestationReport? parsed, out _) && !parsed.ChipIdMasked
        && approved.Contains(Convert.ToHexStringLower(parsed.ChipId.Span));
}
