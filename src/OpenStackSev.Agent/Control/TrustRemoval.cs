using System.Net;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Control;

/// <summary>Takes what speaks for this agent's own node from it, so that trust ends when the judge is dead. Never adds anything.</summary>
/// <remarks>
/// <c>CUSTOM_SEV_TRUSTED</c> and the baselines <c>CUSTOM_SEV_TCB_*</c>: both let servers come. <c>CUSTOM_SEV_QUARANTINED</c> stays: it keeps
/// them away, and a host that could drop it would set itself free by cutting its cable.
/// </remarks>
public sealed class TrustRemoval(IPlacementApi placement)
{
    /// <summary>Nova and the capacity rounds write to the same provider.</summary>
    private const int MostConflicts = 5;

    /// <returns>What was there and is not any more; empty also for a node that is gone itself.</returns>
    /// <exception cref="OpenStackApiException">Placement failed, or somebody wrote at each of several attempts.</exception>
    public async Task<IReadOnlyList<string>> RemoveAsync(Guid node, CancellationToken ct)
    {
        for (int conflicts = 0; ; conflicts++)
        {
            try
            {
                ProviderTraits traits = await placement.GetTraitsAsync(node, ct);
                string[] ended = [.. traits.Traits.Where(SpeaksForIt).Order(StringComparer.Ordinal)];
                if (ended.Length > 0)
                    await placement.ReplaceTraitsAsync(node, traits with { Traits = [.. traits.Traits.Where(trait => !SpeaksForIt(trait))] }, ct);
                return ended;
            }
            catch (OpenStackApiException e) when (e is { Service: "placement", Status: HttpStatusCode.NotFound })
            {
                return [];
            }
            catch (OpenStackApiException e) when (e.Code == "placement.concurrent_update" && conflicts < MostConflicts)
            {
                // What is there now is looked at anew: the judge may have come back.
            }
        }
    }

    private static bool SpeaksForIt(string trait) => trait == SevTraits.Trusted || SevTraits.IsTcb(trait);
}
