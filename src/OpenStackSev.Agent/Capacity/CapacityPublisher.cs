using System.Collections.Immutable;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>What one round did.</summary>
public enum PublishResult
{
    /// <summary>Placement already matched.</summary>
    Unchanged,

    /// <summary>The changes were written.</summary>
    Applied,

    /// <summary>Somebody wrote at the same time; the next round reads again.</summary>
    Conflict,

    /// <summary>A dry run: the changes were only computed.</summary>
    Planned,
}

/// <summary>One round: what it did, and what it saw.</summary>
/// <param name="Refusal">Of a conflict: what Placement refused, and why.</param>
public sealed record PublishOutcome(
    PublishResult Result, PlatformFacts Facts, ProviderTree Desired, ProviderChanges Changes, ImmutableArray<CapacityFinding> Findings,
    string? Refusal = null);

/// <summary>Makes Placement match this node. One attempt; the loop decides about retries.</summary>
/// <param name="readFacts">Reads the machine; never throws.</param>
/// <param name="nodeIdentity">Tells how the node is called; asked again when its provider is gone.</param>
public sealed class CapacityPublisher(
    Func<PlatformFacts> readFacts,
    Func<CancellationToken, Task<NodeIdentity>> nodeIdentity,
    PlacementMirror placement,
    CapacityStateFolder state,
    CapacityOptions options)
{
    /// <summary>Rounds in a row that must write the same change again before it counts as somebody else's doing.</summary>
    private const int RepeatsOfAnotherWriter = 3;

    private CapacityMemory? memory;

    /// <summary>Reads, projects, compares, and writes unless <paramref name="dryRun"/>.</summary>
    /// <exception cref="NodeNotFoundException">Placement does not know this node.</exception>
    /// <exception cref="OpenStack.OpenStackApiException">Keystone or Placement failed.</exception>
    public async Task<PublishOutcome> PublishAsync(bool dryRun, CancellationToken ct)
    {
        memory ??= state.Read();
        PlatformFacts facts = readFacts();
        AsidPools pools = AsidPools.From(facts);
        ObservedNode observed = await placement.ReadAsync(nodeIdentity, facts.AsidCurrent, ct);
        CapacityProjection projection = CapacityProjection.Of(facts, pools, options, observed, memory.ForeignGuests);
        ProviderChanges changes = ProviderChanges.Between(observed, projection.Desired);
        ImmutableArray<CapacityFinding> findings = projection.Findings;
        if (dryRun)
            return new(changes.IsEmpty ? PublishResult.Unchanged : PublishResult.Planned, facts, projection.Desired, changes, findings);

        string? refusal = changes.IsEmpty ? null : await placement.ApplyAsync(observed, changes, ct);
        if (refusal is not null)
            return new(PublishResult.Conflict, facts, projection.Desired, changes, findings, refusal);
        memory = memory.After(projection.ForeignGuests, changes);
        if (state.Save(memory) is { } problem)
            findings = findings.Add(new(CapacityCodes.StateNotSaved, "state folder", $"{problem}; a restart counts guests without an allocation anew"));
        if (memory.Repeats >= RepeatsOfAnotherWriter)
            findings = findings.Add(AnotherWriter(projection.Desired.RootName, changes));
        return new(changes.IsEmpty ? PublishResult.Unchanged : PublishResult.Applied, facts, projection.Desired, changes, findings);
    }

    private static CapacityFinding AnotherWriter(string node, ProviderChanges changes) => new(CapacityCodes.AnotherWriter, node,
        $"somebody undoes what this agent writes, round after round ({string.Join("; ", changes.Describe())}); " +
        "look for a second agent with other settings, or for a tool that manages these providers");
}
