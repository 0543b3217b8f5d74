using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Whether a policy that is well written can judge what runs now. Pure.</summary>
/// <remarks>What is merely lax or strict is the operator's to decide, and a dry run shows it.</remarks>
internal static class PolicyFitness
{
    /// <returns>All reasons why not; empty for one that can.</returns>
    public static IEnumerable<string> Problems(AppraisalPolicy policy, EndorsementOptions endorsements)
    {
        if (policy.Dates == DateChecks.Ignored)
            yield return "$.dates: \"ignored\" is for looking at old evidence; here it would let expired and withdrawn certificates pass";
        if (policy.GuestPolicy.Debug == Stance.Required)
            yield return "$.guest_policy.debug: \"required\" would affirm only guests that their host may read";
        if (policy.GuestPolicy.MigrationAgent == Stance.Required)
            yield return "$.guest_policy.migration_agent: \"required\" would affirm only guests that a migration agent may read";
        foreach (string root in policy.SimulatedRoots.Where(root => !endorsements.SimulatedRoots.Contains(root, StringComparer.Ordinal)))
            yield return $"$.simulated_roots: {root} is not in [endorsements] simulated_roots of this service, so that nothing it signed is trusted here";
    }
}
