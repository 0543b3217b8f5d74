using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>What Placement should hold for this node, and what an operator should know about it.</summary>
/// <param name="Desired">Our part of the provider tree.</param>
/// <param name="ForeignGuests">What the next round compares with, see <see cref="ForeignGuestCount"/>.</param>
public sealed record CapacityProjection(ProviderTree Desired, ForeignGuestCount ForeignGuests, ImmutableArray<CapacityFinding> Findings)
{
    /// <summary>Projects what the machine says onto what Placement holds. Pure.</summary>
    /// <param name="seen">Guests without an allocation, as counted in the round before.</param>
    public static CapacityProjection Of(
        PlatformFacts facts, AsidPools pools, CapacityOptions options, ObservedNode observed, ForeignGuestCount seen)
    {
        var findings = ImmutableArray.CreateBuilder<CapacityFinding>();
        if (facts.Simulated)
            findings.Add(new(CapacityCodes.Simulated, facts.Root, "SIMULATED machine: what is published for this node is made up"));
        findings.AddRange(facts.Findings.Concat(PlatformConsistency.Check(facts)).Concat(pools.Findings).Distinct()
            .Select(finding => new CapacityFinding(finding.Code, finding.Subject, finding.Detail)));

        AsidTotals totals = AsidTotals.Split(pools, options, model => IsLaunchable(model, options, observed));
        ForeignGuestCount foreign = ForeignGuestCount.Next(seen, facts.AsidCurrent, observed.Used);
        ReportForeignGuests(foreign, observed, findings);
        AsidTotals reserves = totals.ReserveFor(foreign, pools.SevEsAndSnpShare, observed.Used).Plus(options);
        bool divided = pools is { SevEs: > 0, SevSnp: > 0, SevEsAndSnpShare: false };
        if (!divided)
            reserves = reserves.PlusOverdrawn(totals, observed.Used);

        var guards = ImmutableSortedDictionary.CreateBuilder<EncryptionModel, GuardProvider>();
        foreach (EncryptionModel model in EncryptionModels.All)
        {
            if (Guard(model, totals[model], reserves[model], Usable(model, pools), options, observed, findings) is { } guard)
                guards.Add(model, guard);
        }

        CapacityDrift.Report(observed, totals, pools, findings);
        var desired = new ProviderTree
        {
            RootUuid = observed.Tree.RootUuid,
            RootName = observed.Tree.RootName,
            RootFacts = RootFactTraits.Of(facts),
            Guards = guards.ToImmutable(),
        };
        return new CapacityProjection(desired, foreign, findings.ToImmutable());
    }

    private static GuardProvider? Guard(
        EncryptionModel model, int total, int reserve, bool usable, CapacityOptions options, ObservedNode observed,
        ImmutableArray<CapacityFinding>.Builder findings)
    {
        string name = model.ProviderName(observed.Tree.RootName);
        if (observed.TakenNames.TryGetValue(model, out Guid other))
        {
            findings.Add(new(CapacityCodes.NameTaken, name,
                $"provider {other} has this name but not our trait {SevTraits.Owner}; rename or delete it, until then {model.NovaName} is not published"));
            return null;
        }

        GuardProvider? existing = observed.Tree.Guards.GetValueOrDefault(model);
        if (total == 0 && existing is null)
            return null;

        int used = observed.Used.GetValueOrDefault(model);
        ImmutableSortedSet<string> traits = [SevTraits.Owner, model.Trait];
        Inventory? inventory;
        if (total == 0)
        {
            inventory = Withdrawn(model, name, existing!, used, usable, findings);
            if (inventory is null)
                traits = [SevTraits.Owner];
        }
        else
        {
            bool launchable = IsLaunchable(model, options, observed);
            if (!launchable)
            {
                findings.Add(new(CapacityCodes.NotLaunchable, name,
                    $"the host has {total} ASIDs but this Nova publishes no MEM_ENCRYPTION_CONTEXT for {model.NovaName}: " +
                    $"shown, not consumable; an operator whose Nova can launch it sets [capacity] launches = {model.NovaName}"));
            }

            inventory = Offered(name, total, launchable ? reserve : total, used, findings);
        }

        var inventories = inventory is null
            ? ImmutableSortedDictionary<string, Inventory>.Empty
            : ImmutableSortedDictionary<string, Inventory>.Empty.Add(model.ResourceClass, inventory);
        return new GuardProvider(existing?.Uuid ?? ProviderIdentity.Of(name), name, observed.Tree.RootUuid, inventories, traits);
    }

    private static bool Usable(EncryptionModel model, AsidPools pools) => model switch
    {
        EncryptionModel.AmdSev => pools.Sev > 0,
        EncryptionModel.AmdSevEs => pools.SevEs > 0,
        _ => pools.SevSnp > 0,
    };

    /// <summary>An operator's word, or Nova's own offer.</summary>
    private static bool IsLaunchable(EncryptionModel model, CapacityOptions options, ObservedNode observed) =>
        options.LaunchableModels.Contains(model) || observed.NovaContexts.GetValueOrDefault(model) > 0;

    /// <summary>
    /// An inventory whose allocations can still move: reserved never exceeds total - used, since Placement re-checks capacity when Nova
    /// swaps an instance's allocation to its migration, and answers 409 otherwise.
    /// </summary>
    private static Inventory Offered(string name, int total, int reserve, int used, ImmutableArray<CapacityFinding>.Builder findings)
    {
        if (used > total)
        {
            findings.Add(new(CapacityCodes.ShrunkBelowUsage, name,
                $"{used} ASIDs are allocated but the host now has {total}; nothing more is offered, move {used - total} servers away"));
            total = used;
        }

        return GuardProvider.AsidInventory(total, Math.Clamp(reserve, 0, total - used));
    }

    /// <summary>Told as long as the provider is there: a finding that goes away would read as if the model had come back.</summary>
    private static Inventory? Withdrawn(
        EncryptionModel model, string name, GuardProvider existing, int used, bool usable, ImmutableArray<CapacityFinding>.Builder findings)
    {
        string why = usable
            ? $"the pool of SEV-ES and SEV-SNP has no share for {model.NovaName} ([capacity] es_share)"
            : $"this host cannot start {model.NovaName} guests any more";
        findings.Add(new(CapacityCodes.Withdrawn, name, used == 0
            ? $"{why}; nothing of it is offered"
            : $"{why}; {used} servers still hold ASIDs here, cold-migrate them away"));
        if (used == 0)
            return null;
        int total = Math.Max(existing.Inventories.GetValueOrDefault(model.ResourceClass)?.Total ?? 0, used);
        return GuardProvider.AsidInventory(total, total - used);
    }

    private static void ReportForeignGuests(
        ForeignGuestCount foreign, ObservedNode observed, ImmutableArray<CapacityFinding>.Builder findings)
    {
        if (foreign.ConfirmedSev + foreign.ConfirmedSevEs == 0)
            return;
        findings.Add(new(CapacityCodes.ForeignGuests, observed.Tree.RootName,
            $"{foreign.ConfirmedSev} SEV and {foreign.ConfirmedSevEs} SEV-ES or SEV-SNP guests run here without an allocation of " +
            "our resource classes; as many ASIDs are reserved"));
    }
}
