namespace OpenStackSev.Validation.Explaining;

/// <summary>Whether Placement finds an allocation in one tree: the search without the reasons.</summary>
/// <remarks>
/// Source: placement/objects/allocation_candidate.py. The unsuffixed group may spread over the tree: each class from any provider that gives
/// the amount and has no forbidden trait, and the providers in use must have all required traits together. A suffixed group comes from one
/// provider that has all of its traits. Sharing providers (MISC_SHARES_VIA_AGGREGATE) belong to other trees and are not looked at.
/// </remarks>
internal static class TreeFit
{
    /// <summary>A tree has a dozen providers and a request a handful of classes; a hostile flavor must not make this a search without end.</summary>
    private const int MaximumSteps = 200_000;

    public static bool Fits(SchedulingRequest request, NodeFacts node)
    {
        var taken = new Dictionary<(Guid, string), int>();
        int steps = 0;
        (RequestGroup Group, Wish? Wish)[] parts =
        [
            .. request.Unsuffixed.Resources.Select(wish => (request.Unsuffixed, (Wish?)wish)),
            .. request.Groups.Where(group => !group.IsUnsuffixed).Select(group => (group, (Wish?)null)),
        ];
        var inUse = new List<ProviderFacts>();
        var suffixed = new List<Guid>();
        return Next(0);

        bool Next(int index)
        {
            if (++steps > MaximumSteps)
                return false;
            if (index == parts.Length)
                return request.Unsuffixed.Required.All(trait => inUse.Exists(provider => provider.Traits.Contains(trait.Name)));
            (RequestGroup group, Wish? wish) = parts[index];
            foreach (ProviderFacts provider in node.Providers)
            {
                IReadOnlyList<Wish> wishes = wish is null ? group.Resources : [wish];
                if (!Allowed(group, provider, node, request) || (wish is null && request.Isolated && suffixed.Contains(provider.Uuid)))
                    continue;
                if (!Take(provider, wishes))
                    continue;
                (wish is null ? null : inUse)?.Add(provider);
                if (wish is null)
                    suffixed.Add(provider.Uuid);
                if (Next(index + 1))
                    return true;
                if (wish is null)
                    suffixed.RemoveAt(suffixed.Count - 1);
                else
                    inUse.RemoveAt(inUse.Count - 1);
                Give(provider, wishes);
            }

            return false;
        }

        bool Take(ProviderFacts provider, IReadOnlyList<Wish> wishes)
        {
            foreach (Wish wish in wishes)
            {
                int already = taken.GetValueOrDefault((provider.Uuid, wish.Name));
                if (!provider.Inventories.TryGetValue(wish.Name, out InventoryFacts? inventory) || !inventory.Gives(wish.Amount)
                    || inventory.Used + already + wish.Amount > inventory.Capacity || already + wish.Amount > inventory.MaxUnit)
                    return false;
            }

            foreach (Wish wish in wishes)
                taken[(provider.Uuid, wish.Name)] = taken.GetValueOrDefault((provider.Uuid, wish.Name)) + wish.Amount;
            return true;
        }

        void Give(ProviderFacts provider, IReadOnlyList<Wish> wishes)
        {
            foreach (Wish wish in wishes)
                taken[(provider.Uuid, wish.Name)] -= wish.Amount;
        }
    }

    /// <summary>Whether a group may take anything of a provider, amounts aside.</summary>
    private static bool Allowed(RequestGroup group, ProviderFacts provider, NodeFacts node, SchedulingRequest request)
    {
        if (group.Forbidden.Any(trait => provider.Traits.Contains(trait.Name)))
            return false;
        if (!group.IsUnsuffixed)
            return group.Required.All(trait => provider.Traits.Contains(trait.Name));
        // An aggregate of the root holds for its whole tree.
        return request.MemberOf.All(wish => wish.AnyOf.Overlaps(provider.Aggregates) || wish.AnyOf.Overlaps(node.Root.Aggregates));
    }
}
