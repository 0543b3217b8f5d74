using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>The fact traits that a machine has earned by what it says. A fact that could not be read is not claimed.</summary>
public static class RootFactTraits
{
    public static ImmutableSortedSet<string> Of(PlatformFacts facts)
    {
        var traits = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        if (facts.Processor?.Product is { } product)
        {
            string cpu = SevTraits.Cpu(product.ToString().ToUpperInvariant());
            // A product that is newer than the closed list stays without a trait.
            if (SevTraits.RootFacts.Contains(cpu))
                traits.Add(cpu);
        }

        if (facts.SmtActive == false)
            traits.Add(SevTraits.SmtOff);
        if (facts.KvmAmd?.CiphertextHidingAsids > 0 || facts.SnpPlatformStatus?.CiphertextHidingEnabled == true)
            traits.Add(SevTraits.CiphertextHiding);
        if (facts.SnpPlatformStatus?.AliasCheckComplete == true)
            traits.Add(SevTraits.AliasChecked);
        if (facts.IommuPresent == true)
            traits.Add(SevTraits.Iommu);
        return traits.ToImmutable();
    }
}
