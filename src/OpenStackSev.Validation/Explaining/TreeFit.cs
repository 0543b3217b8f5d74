namespace OpenStackSev.Validation.Explaining;

/// <summary>Whether Placement finds an allocation in one tree: the search without the reasons.</summary>
/// <remarks>
/// Source: placement/objects/allocation_candidate.py and research_context.py. The root must have the root's required traits and none of its
/// forbidden ones. The unsuffixed group may spread over the tree: each class from any provider that gives the amount, has no forbidden trait
/// and is in the aggregates, itself or by its root; and the providers in use must have all required traits together. A suffixed group comes
/// from one provider that has all of its traits. Amounts of one class from one provider add up over the groups. Sharing providers
/// (MISC_SHARES_VIA_AGGREGATE) belong to other trees and are not looked at.
/// </remarks>
internal static class TreeFit
{
    /// <summary>A tree has a dozen providers and a request a handful of classes; a hostile flavor must not make this a search without end.</summary>
    private const int MaximumSteps = 200_000;

    public static bool Fits(SchedulingRequest request, NodeFacts node)
    {
        if (request.RootRequired.Any(trait => !node.Root.Traits.Contains(trait.Name)) || request.RootForbidden.Any(trait => node.Root.Traits.Contains(trait.Name)))
            return false;
        Part[] parts =
        [
            .. request.Unsuffixed.Resources.Select(wish => new Part(true, [wish],
                [.. node.Providers.Where(provider => IsClean(request.Unsuffixed, provider) && IsInside(request, node, provider) && Gives(provider, wish))])),
            .. request.Suffixed.Select(group => new Part(false, group.Resources,
                [.. node.Providers.Where(provider => IsClean(group, provider) && group.Required.All(trait => provider.Traits.Contains(trait.Name))
                    && group.Resources.All(wish => Gives(provider, wish)))])),
        ];
        // The parts with few sources first: what cannot fit is seen soon.
        return new Search(request, [.. parts.OrderBy(part => part.Sources.Count)]).Next(0);
    }

    /// <summary>Has no trait that the group forbids.</summary>
    public static bool IsClean(RequestGroup group, ProviderFacts provider) => !group.Forbidden.Any(trait => provider.Traits.Contains(trait.Name));

    /// <summary>Is in all wanted aggregates, itself or by its root: an aggregate of the root holds for its whole tree.</summary>
    public static bool IsInside(SchedulingRequest request, NodeFacts node, ProviderFacts provider) =>
        request.MemberOf.All(wish => wish.AnyOf.Overlaps(provider.Aggregates)) || request.MemberOf.All(wish => wish.AnyOf.Overlaps(node.Root.Aggregates));

    /// <summary>Has the class, and gives the amount now.</summary>
    public static bool Gives(ProviderFacts provider, Wish wish) =>
        provider.Inventories.TryGetValue(wish.Name, out InventoryFacts? inventory) && inventory.Gives(wish.Amount);

    /// <summary>What one provider gives: a class of the unsuffixed group, or all of a suffixed group.</summary>
    private sealed record Part(bool IsUnsuffixed, IReadOnlyList<Wish> Wishes, IReadOnlyList<ProviderFacts> Sources);

    private sealed class Search(SchedulingRequest request, Part[] parts)
    {
        private readonly Dictionary<(Guid, string), int> taken = [];
        private readonly List<ProviderFacts> unsuffixed = [];
        private readonly List<ProviderFacts> suffixed = [];
        private int steps;

        public bool Next(int index)
        {
            if (++steps > MaximumSteps)
                return false;
            if (index == parts.Length)
                return request.Unsuffixed.Required.All(trait => unsuffixed.Exists(provider => provider.Traits.Contains(trait.Name)));
            Part part = parts[index];
            List<ProviderFacts> users = part.IsUnsuffixed ? unsuffixed : suffixed;
            foreach (ProviderFacts provider in part.Sources)
            {
                if (!part.IsUnsuffixed && request.Isolated && suffixed.Contains(provider))
                    continue;
                if (!part.Wishes.All(wish => HasRoom(provider, wish)))
                    continue;
                Take(provider, part, sign: 1);
                users.Add(provider);
                if (Next(index + 1))
                    return true;
                users.RemoveAt(users.Count - 1);
                Take(provider, part, sign: -1);
            }

            return false;
        }

        private bool HasRoom(ProviderFacts provider, Wish wish)
        {
            InventoryFacts inventory = provider.Inventories[wish.Name];
            long amount = (long)taken.GetValueOrDefault((provider.Uuid, wish.Name)) + wish.Amount;
            return inventory.Used + amount <= inventory.WholeCapacity && amount <= inventory.MaxUnit;
        }

        private void Take(ProviderFacts provider, Part part, int sign)
        {
            foreach (Wish wish in part.Wishes)
                taken[(provider.Uuid, wish.Name)] = taken.GetValueOrDefault((provider.Uuid, wish.Name)) + (sign * wish.Amount);
        }
    }
}
