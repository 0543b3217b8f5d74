using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Control;

/// <summary>Takes <c>CUSTOM_SEV_TRUSTED</c> from this agent's own node, so that trust ends when the judge is dead. Never adds it.</summary>
public sealed class TrustRemoval(IPlacementApi placement)
{
    /// <returns>True when it was there.</returns>
    /// <exception cref="OpenStackApiException">Placement failed, or somebody wrote meanwhile: the next attempt reads again.</exception>
    public async Task<bool> RemoveAsync(Guid node, CancellationToken ct)
    {
        ProviderTraits traits = await placement.GetTraitsAsync(node, ct);
        if (!traits.Traits.Contains(SevTraits.Trusted, StringComparer.Ordinal))
            return false;
        await placement.ReplaceTraitsAsync(node, traits with { Traits = [.. traits.Traits.Where(trait => trait != SevTraits.Trusted)] }, ct);
        return true;
    }
}
