using OpenStackSev.Api.Policies;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Versions of the appraisal policy: stored once, never changed, and one of them active. Read, decide, write; again when somebody else wrote meanwhile.</summary>
internal sealed class PolicyStore(PolicyStates states, HistoryWriter history, ActivePolicy active, EndorsementOptions endorsements, TimeProvider time)
{
    /// <summary>Repetitions after others' writes before it is given up.</summary>
    private const int MostAttempts = 12;

    /// <summary>Stores a document, unless a version asks for the same already.</summary>
    /// <param name="document">As it was given.</param>
    /// <returns>The version, and whether it is new.</returns>
    /// <exception cref="ApiException">400, with every problem of the document.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<(PolicyVersion Version, bool IsNew)> StoreAsync(byte[] document, Caller by, CancellationToken ct)
    {
        if (!PolicyDocument.TryParse(document, out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems))
            throw Invalid(problems);
        string digest = PolicyDocument.Digest(policy);
        for (int attempt = 1; ; attempt++)
        {
            // The number first: whoever stores the same document after it was looked for takes this number, and that is noticed.
            int number = await states.LastNumberAsync(ct) + 1;
            if (await states.FindAsync(digest, ct) is { } same)
                return (same, false);
            var version = new PolicyVersion
            {
                Number = number,
                Name = policy.Name,
                Digest = digest,
                Document = document,
                StoredAt = time.GetUtcNow(),
                StoredBy = by.Name,
            };
            try
            {
                await history.AppendAsync(PolicyRecords.Stored(version, by), ct);
                return (await FindAsync(version.Number, ct), true);
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostAttempts)
            {
                // Somebody else took the number, perhaps for the same document.
            }
        }
    }

    /// <summary>Makes a version the one that judges; an older one too, which is how to roll back.</summary>
    /// <param name="number">0 for the built-in default.</param>
    /// <param name="replaces">The number that the caller takes to be active.</param>
    /// <returns>False when it was active already.</returns>
    /// <exception cref="ApiException">404; 409 when it cannot judge, or another one became active.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<bool> ActivateAsync(int number, int replaces, Caller by, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            // In this order: what every activation writes is read before what it decides by, so that one that comes between is noticed.
            PolicyVersion? first = await states.FindAsync(1, ct);
            PolicyVersion? version = number == PolicyInForce.BuiltIn ? null : await FindAsync(number, ct);
            PolicyVersion? before = await states.ActiveAsync(ct);
            int judges = before?.Number ?? PolicyInForce.BuiltIn;
            if (judges != replaces)
            {
                throw new ApiException(PolicyErrors.ActiveChanged,
                    $"policy {judges} judges now{(before?.ActivatedBy is { } who ? $", activated by {who}" : "")}, not {replaces}");
            }

            if (version is not null)
                RequireFit(version);
            if (judges == number)
                return false;
            try
            {
                // Where there is something to activate, or to take from, there is a first one.
                await history.AppendAsync(PolicyRecords.Activated(version, before, first!, by, time.GetUtcNow()), ct);
                active.Changed();
                return true;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostAttempts)
            {
                // Another activation: what is replaced must be what judges now.
            }
        }
    }

    /// <exception cref="ApiException">404.</exception>
    public async Task<PolicyVersion> FindAsync(int number, CancellationToken ct) =>
        await states.FindAsync(number, ct) ?? throw new ApiException(PolicyErrors.NotFound, $"there is no policy {number}");

    public static ApiException Invalid(IReadOnlyList<PolicyProblem> problems) =>
        new(PolicyErrors.DocumentInvalid, problems[0].ToString()) { Further = [.. problems.Skip(1).Select(problem => problem.ToString())] };

    private void RequireFit(PolicyVersion version)
    {
        // What was stored by a newer program may be unreadable to this one.
        if (!PolicyDocument.TryParse(version.Document, out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems))
            throw new ApiException(PolicyErrors.Unfit, problems[0].ToString()) { Further = [.. problems.Skip(1).Select(problem => problem.ToString())] };
        if (PolicyFitness.Problems(policy, endorsements).ToArray() is [var first, .. var further])
            throw new ApiException(PolicyErrors.Unfit, first) { Further = further };
    }
}
