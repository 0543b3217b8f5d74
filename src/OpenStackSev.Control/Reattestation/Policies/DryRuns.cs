using System.Security.Cryptography;
using OpenStackSev.Api.Policies;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Endorsements;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Judges the last evidence of instances by another policy, a page at a time. It writes nothing and asks no other service.</summary>
internal sealed class DryRuns(PolicyStates states, ActivePolicy active, EndorsementOptions endorsements, ProcessOptions process, TimeProvider time) : IDisposable
{
    /// <summary>Instances of one page, at the most: under a second of one processor.</summary>
    public const int MostInstances = 500;

    /// <summary>One page at a time, so that judging what was never lacks no processor for what is.</summary>
    private readonly SemaphoreSlim turn = new(1);

    /// <param name="policy">What would judge, as this service would.</param>
    /// <exception cref="Persistence.StorageException">The evidence cannot be read.</exception>
    public async Task<DryRunPage> RunAsync(AppraisalPolicy policy, int limit, Guid? after, CancellationToken ct)
    {
        await turn.WaitAsync(ct);
        try
        {
            PolicyInForce now = await active.GetAsync(ct);
            IReadOnlyList<(InstanceState State, InstanceEvidence Evidence)> page = await states.EvidenceAsync(limit, after, ct);
            using var store = new EndorsementStore(new EndorsementFolder(endorsements.FolderIn(process)), queue: null, new EndorsementStoreOptions
            {
                SimulatedRoots = endorsements.SimulatedRoots.ToHashSet(StringComparer.Ordinal),
                Time = time,
            });
            var chains = new Chains(store);
            var changes = new List<VerdictChange>();
            foreach ((InstanceState state, InstanceEvidence evidence) in page)
            {
                EndorsementChain? chain = await chains.FindAsync(evidence.Vek, ct);
                DateTimeOffset at = time.GetUtcNow();
                if (StoredEvidence.Change(StoredEvidence.Appraise(evidence, chain, now.Policy, at), StoredEvidence.Appraise(evidence, chain, policy, at)) is not { } change)
                    continue;
                changes.Add(new VerdictChange(state.Instance, state.Project, state.Name,
                    PolicyViews.Word(change.From), PolicyViews.Word(change.To), change.Findings, change.Resolved));
            }

            return new DryRunPage(page.Count, now.Number, changes, page.Count == limit ? page[^1].State.Instance : null);
        }
        finally
        {
            turn.Release();
        }
    }

    public void Dispose() => turn.Dispose();

    /// <summary>Chains of one page: a chip's key is verified once for all its instances.</summary>
    private sealed class Chains(EndorsementStore store)
    {
        private readonly Dictionary<string, EndorsementChain?> known = new(StringComparer.Ordinal);
        private readonly Dictionary<(ProductLine, SigningKey), TrustedIssuers?> issuers = [];

        /// <returns>Null for bytes that are no key. One whose issuers are not in the folder is not believed.</returns>
        public async Task<EndorsementChain?> FindAsync(byte[] vek, CancellationToken ct)
        {
            string name = Convert.ToHexString(SHA256.HashData(vek));
            if (known.TryGetValue(name, out EndorsementChain? chain))
                return chain;
            if (VekCertificate.TryParse(vek, out VekCertificate? key, out _))
                chain = EndorsementChain.Of(key, await IssuersAsync(key, ct) ?? TrustedIssuers.From([], [], []));
            return known[name] = chain;
        }

        private async Task<TrustedIssuers?> IssuersAsync(VekCertificate key, CancellationToken ct)
        {
            if (issuers.TryGetValue((key.Line, key.Kind), out TrustedIssuers? found))
                return found;
            try
            {
                found = await store.TrustedIssuersAsync(key.Line, key.Kind, ct);
            }
            catch (KdsException)
            {
                // They are not in the folder, and nobody else is asked.
            }

            return issuers[(key.Line, key.Kind)] = found;
        }
    }
}
