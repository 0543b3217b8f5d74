using System.Globalization;

namespace OpenStackSev.Validation.Explaining;

/// <summary>How much of one class a provider has, and how it gives it.</summary>
/// <param name="Used">Taken by allocations.</param>
/// <param name="AllocationRatio">In single precision, as Placement's database has it.</param>
public sealed record InventoryFacts(int Total, int Reserved, int Used, int MinUnit, int MaxUnit, int StepSize, double AllocationRatio)
{
    /// <summary>What allocations may take altogether.</summary>
    public double Capacity => (Total - Reserved) * AllocationRatio;

    /// <summary>
    /// The same as Placement's second test has it, which adds up what several groups take: from the ratio as it is written, 0.7 and not 0.699999988.
    /// </summary>
    /// <remarks>Source: placement/objects/allocation_candidate.py, <c>_build_provider_summaries</c>.</remarks>
    public int WholeCapacity => (int)((Total - Reserved) * double.Parse(((float)AllocationRatio).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture));

    /// <summary>Placement's own test. Source: placement/objects/research_context.py, <c>_capacity_check_clause</c>.</summary>
    public bool Gives(int amount) => (long)Used + amount <= Capacity && amount >= MinUnit && amount <= MaxUnit && amount % StepSize == 0;
}

/// <summary>A resource provider of a compute node's tree.</summary>
/// <param name="Parent">Null at the root.</param>
public sealed record ProviderFacts(
    Guid Uuid, string Name, Guid? Parent, IReadOnlyDictionary<string, InventoryFacts> Inventories, IReadOnlySet<string> Traits,
    IReadOnlySet<Guid> Aggregates);

/// <summary>nova-compute of a node, as Nova's API shows it.</summary>
/// <param name="Host">The service's host, by which it is enabled.</param>
/// <param name="DisabledReason">Null where nobody gave one.</param>
public sealed record ComputeServiceFacts(string Host, bool Enabled, bool Up, string? DisabledReason);

/// <summary>A compute node with its tree of providers.</summary>
/// <param name="Providers">The root first.</param>
/// <param name="Service">Null when Nova knows no hypervisor of this UUID: then the provider is somebody else's, or left over.</param>
/// <param name="Trust">Null where nobody looked.</param>
public sealed record NodeFacts(string Name, IReadOnlyList<ProviderFacts> Providers, ComputeServiceFacts? Service, TrustStanding? Trust = null)
{
    public ProviderFacts Root => Providers[0];
}
