using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Trust;

/// <summary>The newest report of each host that its chip signed for a guest, from evidence that was judged. It reads; it decides nothing and writes nothing.</summary>
/// <remarks>
/// What the guest is proven to be does not matter here: a contraindicated one proves its platform too. Evidence that did not authenticate is never
/// stored, so that nobody can prove or blame a host by posting garbage.
/// </remarks>
internal sealed class HostProofs(HostTrustStates states, InstanceStates instances)
{
    /// <summary>Evidence that is looked through at one time, the newest first.</summary>
    private const int Most = 200_000;

    /// <summary>Guests of one host that are asked, the newest first, until one proves it.</summary>
    private const int MostOfAHost = 32;

    private const string GuestReport = "guest_report";

    /// <summary>Of each node with a guest that brought evidence at <paramref name="since"/> or later the time of the newest.</summary>
    /// <exception cref="Persistence.StorageException">It cannot be read.</exception>
    public async Task<IReadOnlyDictionary<Guid, DateTimeOffset>> NewestAsync(DateTimeOffset since, CancellationToken ct) =>
        (await states.EvidenceSinceAsync(since, Most, ct)).GroupBy(one => one.Node).ToDictionary(node => node.Key, node => node.Max(one => one.ReceivedAt));

    /// <param name="since">Evidence from before counts no more.</param>
    /// <param name="known">The proof that is kept.</param>
    /// <param name="approved">The host's approved chips.</param>
    /// <returns>The newest evidence that proves the host; <paramref name="known"/> where none is newer; null where that is of a chip that the host no longer has.</returns>
    /// <exception cref="Persistence.StorageException">It cannot be read.</exception>
    public async Task<ProofRecord?> FindAsync(Guid node, DateTimeOffset since, ProofRecord? known, IReadOnlySet<string> approved, CancellationToken ct)
    {
        if (known is not null && !IsOf(approved, known.Report))
            known = null;
        foreach (GuestEvidence candidate in (await states.EvidenceOfAsync(node, since, MostOfAHost, ct)).TakeWhile(one => known is null || one.ReceivedAt > known.At))
        {
            InstanceState? instance = await instances.FindAsync(candidate.Instance, ct);
            InstanceEvidence? evidence = await instances.EvidenceAsync(candidate.Instance, ct);
            if (instance is not null && evidence is not null && Proves(node, instance, approved, evidence) is { } simulated)
                return new ProofRecord(evidence.Report, evidence.ReceivedAt, candidate.Instance, simulated);
        }

        return known;
    }

    /// <returns>Whether the proof is simulated; null for what proves nothing of this host.</returns>
    private static bool? Proves(Guid node, InstanceState instance, IReadOnlySet<string> approved, InstanceEvidence evidence)
    {
        if (instance.Verdict is null or Verdict.None || StoredResult.Of(instance)?.Judgement is not { Evidence: GuestReport, BoundToChip: true } judgement)
            return null;
        // Where it ran when it was judged. It may have moved since, and its result with it.
        if (judgement.Host is not { Chip: { } chip } host || host.Node != node || !approved.Contains(chip))
            return null;
        return IsOf(approved, evidence.Report) ? judgement.Simulated : null;
    }

    private static bool IsOf(IReadOnlySet<string> approved, byte[] report) =>
        AttestationReport.TryParse(report, null, out AttestationReport? parsed, out _) && !parsed.ChipIdMasked
        && approved.Contains(Convert.ToHexStringLower(parsed.ChipId.Span));
}
