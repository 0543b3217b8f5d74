using OpenStackSev.Api.Policies;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Launch digests that operators know to be good, beside those of the policy's document.</summary>
internal sealed class ReferenceStore(PolicyStates states, HistoryWriter history, ActivePolicy active, TimeProvider time)
{
    private const int MostAttempts = 12;

    /// <summary>Adds all that are not there, or none.</summary>
    /// <param name="values">Checked by <see cref="ReferenceBounds"/>.</param>
    /// <returns>What is there now, in the order that was asked for, and whether anything was added.</returns>
    /// <exception cref="ApiException">409: one is there and stands for something else.</exception>
    /// <exception cref="StorageException">They were not kept.</exception>
    public async Task<(IReadOnlyList<ReferenceValue> Values, bool IsNew)> AddAsync(IReadOnlyList<NewReferenceValue> values, Caller by, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            Dictionary<string, ReferenceValue> known = (await states.ReferenceValuesAsync(ct)).ToDictionary(value => value.Digest, StringComparer.Ordinal);
            if (values.FirstOrDefault(value => known.GetValueOrDefault(value.Digest) is { RemovedAt: null } there
                && (there.Name != value.Name || there.CoversExecutables != value.CoversExecutables)) is { } taken)
            {
                throw new ApiException(PolicyErrors.ReferenceExists, $"{taken.Digest[..16]}… stands for '{known[taken.Digest].Name}'"
                    + (known[taken.Digest].CoversExecutables ? ", executables covered" : ", executables not covered"));
            }

            DateTimeOffset now = time.GetUtcNow();
            ReferenceValue[] added = [.. values.Where(value => known.GetValueOrDefault(value.Digest) is not { RemovedAt: null }).Select(value => new ReferenceValue
            {
                Digest = value.Digest,
                Name = value.Name,
                CoversExecutables = value.CoversExecutables,
                AddedAt = now,
                AddedBy = by.Name,
                Version = known.GetValueOrDefault(value.Digest)?.Version ?? 0,
            })];
            try
            {
                foreach (ReferenceValue value in added)
                    known[value.Digest] = value;
                if (added.Length > 0)
                {
                    await history.AppendAsync(PolicyRecords.Added(added, by), ct);
                    active.Changed();
                }

                return ([.. values.Select(value => known[value.Digest])], added.Length > 0);
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostAttempts)
            {
                // Somebody else added or removed one of them: it is looked at again.
            }
        }
    }

    /// <summary>Marks a value as removed. Its row stays, since history names it.</summary>
    /// <param name="allowUnchecked">Also when it is the last one: from then on no measurement is compared.</param>
    /// <exception cref="ApiException">404; 409 for the last one.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<ReferenceValue> RemoveAsync(string digest, bool allowUnchecked, Caller by, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            IReadOnlyList<ReferenceValue> values = await states.ReferenceValuesAsync(ct);
            if (values.FirstOrDefault(value => value.Digest == digest) is not { RemovedAt: null } there)
                throw new ApiException(PolicyErrors.ReferenceNotFound, "there is no such reference value");
            ReferenceValue? stays = values.FirstOrDefault(other => other.RemovedAt is null && other.Digest != digest);
            if (!allowUnchecked && stays is null && !await DocumentHasDigestsAsync(ct))
                throw new ApiException(PolicyErrors.ReferenceLast, $"'{there.Name}' is the last launch digest: without it no measurement would be compared");
            ReferenceValue removed = there with { RemovedAt = time.GetUtcNow(), RemovedBy = by.Name };
            try
            {
                await history.AppendAsync(PolicyRecords.Removed(removed, stays, by), ct);
                active.Changed();
                return removed;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostAttempts)
            {
                // Somebody else removed it, or the one that was to stay.
            }
        }
    }

    private async Task<bool> DocumentHasDigestsAsync(CancellationToken ct) =>
        await states.ActiveAsync(ct) is { } version && PolicyDocument.TryParse(version.Document, out AppraisalPolicy? policy, out _)
        && policy.ReferenceValues.LaunchDigests.Count > 0;
}
