namespace OpenStackSev.Validation.Explaining;

/// <summary>Everything that a compute node lacks for a request. Pure.</summary>
internal sealed class NodeJudgement(SchedulingRequest request, NodeFacts node)
{
    private readonly List<Obstacle> found = [];

    public static IReadOnlyList<Obstacle> Of(SchedulingRequest request, NodeFacts node)
    {
        var judgement = new NodeJudgement(request, node);
        judgement.Judge();
        return [.. judgement.found.DistinctBy(obstacle => (obstacle.Code, obstacle.Subject, obstacle.Provider))
            .OrderByDescending(obstacle => obstacle.Distance).ThenBy(obstacle => obstacle.Code, StringComparer.Ordinal)
            .ThenBy(obstacle => obstacle.Subject, StringComparer.Ordinal)];
    }

    private void Judge()
    {
        JudgeService();
        foreach (Wish trait in request.RootRequired.Where(trait => !node.Root.Traits.Contains(trait.Name)))
            found.Add(Obstacles.TraitMissing(node, node.Root, trait));
        // Placement forbids COMPUTE_STATUS_DISABLED; the service says the same in better words.
        foreach (Wish trait in request.RootForbidden.Where(trait => trait.Name != Obstacles.Disabled && node.Root.Traits.Contains(trait.Name)))
            found.Add(Obstacles.TraitForbidden(node.Root, trait));
        foreach (AggregateWish wish in request.MemberOf.Where(wish => !node.Providers.Any(provider => wish.AnyOf.Overlaps(provider.Aggregates))))
            found.Add(Obstacles.AggregateOutside(node, wish));
        JudgeUnsuffixed(request.Unsuffixed);
        foreach (RequestGroup group in request.Groups.Where(group => !group.IsUnsuffixed))
            JudgeSuffixed(group);
        if (!found.Exists(obstacle => obstacle.Stage == ObstacleStage.Placement) && !TreeFit.Fits(request, node))
            found.Add(Obstacles.Combination(node));
    }

    private void JudgeService()
    {
        bool marked = node.Root.Traits.Contains(Obstacles.Disabled);
        if (node.Service is null)
        {
            found.Add(Obstacles.NotOfNova(node, marked));
            return;
        }

        if (!node.Service.Enabled || marked)
            found.Add(Obstacles.ServiceDisabled(node, node.Service, marked));
        if (!node.Service.Up)
            found.Add(Obstacles.ServiceDown(node, node.Service));
    }

    private void JudgeUnsuffixed(RequestGroup group)
    {
        bool Clean(ProviderFacts provider) => !group.Forbidden.Any(trait => provider.Traits.Contains(trait.Name));
        foreach (Wish wish in group.Resources)
        {
            ProviderFacts[] having = [.. node.Providers.Where(provider => provider.Inventories.ContainsKey(wish.Name))];
            if (having.Length == 0)
                found.Add(Obstacles.ClassMissing(node, wish));
            else if (!having.Any(provider => provider.Inventories[wish.Name].Gives(wish.Amount)))
                AddShortage(having, wish, because: "");
            if (having.Length > 0 && !having.Any(Clean))
            {
                foreach (ProviderFacts provider in having)
                    AddForbidden(provider, group);
            }
        }

        foreach (Wish trait in group.Required)
        {
            ProviderFacts[] holders = [.. node.Providers.Where(provider => provider.Traits.Contains(trait.Name))];
            if (holders.Length == 0)
            {
                found.Add(Obstacles.TraitMissing(node, node.Root, trait));
                continue;
            }

            (ProviderFacts Provider, Wish Wish)[] supplies =
                [.. holders.SelectMany(provider => group.Resources.Where(wish => provider.Inventories.ContainsKey(wish.Name)).Select(wish => (provider, wish)))];
            if (supplies.Length == 0)
                found.Add(Obstacles.TraitElsewhere(holders[0], trait, request));
            else if (!supplies.Any(supply => Clean(supply.Provider) && supply.Provider.Inventories[supply.Wish.Name].Gives(supply.Wish.Amount)))
                AddNarrowed(supplies, trait, group, Clean);
        }
    }

    /// <summary>The trait is there and its provider has what is asked for, but does not give it now.</summary>
    private void AddNarrowed((ProviderFacts Provider, Wish Wish)[] supplies, Wish trait, RequestGroup group, Func<ProviderFacts, bool> clean)
    {
        foreach (IGrouping<Wish, (ProviderFacts Provider, Wish Wish)> ofClass in supplies.GroupBy(supply => supply.Wish))
        {
            ProviderFacts[] providers = [.. ofClass.Select(supply => supply.Provider)];
            ProviderFacts[] empty = [.. providers.Where(provider => !provider.Inventories[ofClass.Key.Name].Gives(ofClass.Key.Amount))];
            if (empty.Length > 0)
                AddShortage(empty, ofClass.Key, $", and only there is {trait.Name}");
            foreach (ProviderFacts provider in providers.Where(provider => !clean(provider)))
                AddForbidden(provider, group);
        }
    }

    private void JudgeSuffixed(RequestGroup group)
    {
        // A group that wants nothing is refused by Placement unless it belongs to a same_subtree, which a flavor cannot say.
        if (group.Resources.Count == 0)
            return;
        foreach (Wish wish in group.Resources.Where(wish => !node.Providers.Any(provider => provider.Inventories.ContainsKey(wish.Name))))
            found.Add(Obstacles.ClassMissing(node, wish));
        foreach (Wish trait in group.Required.Where(trait => !node.Providers.Any(provider => provider.Traits.Contains(trait.Name))))
            found.Add(Obstacles.TraitMissing(node, node.Root, trait));
        ProviderFacts[] having = [.. node.Providers.Where(provider => group.Resources.All(wish => provider.Inventories.ContainsKey(wish.Name)))];
        ProviderFacts[] right = [.. having.Where(provider => group.Required.All(trait => provider.Traits.Contains(trait.Name)))];
        if (right.Length == 0)
        {
            if (!found.Exists(obstacle => obstacle.Code is ExplainCodes.ClassMissing or ExplainCodes.TraitMissing))
                found.Add(Obstacles.GroupSplit(node, group));
            return;
        }

        foreach (ProviderFacts provider in right)
            AddForbidden(provider, group, only: right.All(other => group.Forbidden.Any(trait => other.Traits.Contains(trait.Name))));
        foreach (Wish wish in group.Resources.Where(wish => !right.Any(provider => provider.Inventories[wish.Name].Gives(wish.Amount))))
            AddShortage(right, wish, $", and only there is all of group {group.Suffix}");
    }

    private void AddForbidden(ProviderFacts provider, RequestGroup group, bool only = true)
    {
        foreach (Wish trait in group.Forbidden.Where(trait => only && provider.Traits.Contains(trait.Name)))
            found.Add(Obstacles.TraitForbidden(provider, trait));
    }

    /// <summary>Of several providers that cannot give it, the one that comes closest speaks for all.</summary>
    private void AddShortage(IEnumerable<ProviderFacts> providers, Wish wish, string because) =>
        found.Add(providers.Select(provider => Obstacles.Shortage(node, provider, wish, because)).MinBy(obstacle => obstacle.Distance)!);
}
