namespace OpenStackSev.Validation.Explaining;

/// <summary>Everything that a compute node lacks for a request. Pure.</summary>
/// <remarks>It names reasons; <see cref="TreeFit"/> decides. Whatever no reason here explains is the last one: the combination.</remarks>
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
            found.Add(Obstacles.TraitMissing(node, trait, ofRoot: true));
        JudgeUnsuffixed(request.Unsuffixed);
        foreach (RequestGroup group in request.Suffixed)
            JudgeSuffixed(group);
        if (!found.Exists(obstacle => obstacle.Stage == ObstacleStage.Placement) && !TreeFit.Fits(request, node))
            found.Add(Obstacles.Combination(node));
        if (node.Trust is { } trust && FilterRule.Refusal(request.Trust, trust.Host, trust.Now) is { } code)
            found.Add(FilterObstacles.Of(node, trust, code, request));
    }

    private void JudgeService()
    {
        // Placement forbids COMPUTE_STATUS_DISABLED on the root; the service says the same in better words.
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
        foreach (Wish wish in group.Resources)
        {
            ProviderFacts[] having = [.. node.Providers.Where(provider => provider.Inventories.ContainsKey(wish.Name))];
            if (having.Length == 0)
                found.Add(Obstacles.ClassMissing(node, wish));
            else
                JudgeSources(group, wish, having, because: "");
        }

        foreach (Wish trait in group.Required)
            JudgeTrait(group, trait);
        JudgeTraitsTogether(group);
    }

    /// <summary>Of the providers that have a class, one must be without forbidden traits, in the aggregates, and give the amount.</summary>
    private void JudgeSources(RequestGroup group, Wish wish, ProviderFacts[] having, string because)
    {
        ProviderFacts[] clean = [.. having.Where(provider => TreeFit.IsClean(group, provider))];
        ProviderFacts[] inside = [.. clean.Where(provider => TreeFit.IsInside(request, node, provider))];
        if (clean.Length == 0)
            AddForbidden(group, having);
        else if (inside.Length == 0)
            found.AddRange(request.MemberOf.Where(aggregates => !aggregates.AnyOf.Overlaps(node.Root.Aggregates)).Select(aggregates => Obstacles.AggregateOutside(node, aggregates)));
        else if (!inside.Any(provider => TreeFit.Gives(provider, wish)))
            found.Add(inside.Select(provider => Obstacles.Shortage(node, provider, wish, because)).MinBy(obstacle => obstacle.Distance)!);
    }

    private void JudgeTrait(RequestGroup group, Wish trait)
    {
        ProviderFacts[] holders = [.. node.Providers.Where(provider => provider.Traits.Contains(trait.Name))];
        if (holders.Length == 0)
        {
            found.Add(Obstacles.TraitMissing(node, trait, ofRoot: false));
            return;
        }

        ILookup<Wish, ProviderFacts> supplies = holders
            .SelectMany(provider => group.Resources.Where(wish => provider.Inventories.ContainsKey(wish.Name)).Select(wish => (Wish: wish, Provider: provider)))
            .ToLookup(supply => supply.Wish, supply => supply.Provider);
        if (supplies.Count == 0)
            found.Add(Obstacles.TraitElsewhere(holders[0], trait, request));
        else if (!Usable(group, trait).Any())
        {
            foreach (IGrouping<Wish, ProviderFacts> ofClass in supplies)
                JudgeSources(group, ofClass.Key, [.. ofClass], $", and only there is {trait.Name}");
        }
    }

    /// <summary>Two traits that would have to come with one and the same resource, from different providers.</summary>
    private void JudgeTraitsTogether(RequestGroup group)
    {
        var usable = group.Required.Select(trait => (Trait: trait, Supplies: Usable(group, trait).ToArray())).Where(pair => pair.Supplies.Length > 0).ToArray();
        for (int i = 0; i < usable.Length; i++)
        {
            for (int j = i + 1; j < usable.Length; j++)
            {
                if (!usable[i].Supplies.Any(one => usable[j].Supplies.Any(other => one.Provider == other.Provider || one.Wish != other.Wish)))
                    found.Add(Obstacles.TraitsApart(node, usable[i].Trait, usable[j].Trait, usable[i].Supplies[0].Wish));
            }
        }
    }

    /// <summary>What the request may take from providers that have the trait.</summary>
    private IEnumerable<(Wish Wish, ProviderFacts Provider)> Usable(RequestGroup group, Wish trait) =>
        node.Providers.Where(provider => provider.Traits.Contains(trait.Name) && TreeFit.IsClean(group, provider) && TreeFit.IsInside(request, node, provider))
            .SelectMany(provider => group.Resources.Where(wish => TreeFit.Gives(provider, wish)).Select(wish => (wish, provider)));

    private void JudgeSuffixed(RequestGroup group)
    {
        // Placement refuses it for all hosts: that is the request's own obstacle.
        if (group.Resources.Count == 0)
            return;
        Wish[] noClass = [.. group.Resources.Where(wish => !node.Providers.Any(provider => provider.Inventories.ContainsKey(wish.Name)))];
        Wish[] noTrait = [.. group.Required.Where(trait => !node.Providers.Any(provider => provider.Traits.Contains(trait.Name)))];
        found.AddRange(noClass.Select(wish => Obstacles.ClassMissing(node, wish)));
        found.AddRange(noTrait.Select(trait => Obstacles.TraitMissing(node, trait, ofRoot: false)));
        ProviderFacts[] right = [.. node.Providers.Where(provider => group.Resources.All(wish => provider.Inventories.ContainsKey(wish.Name))
            && group.Required.All(trait => provider.Traits.Contains(trait.Name)))];
        ProviderFacts[] clean = [.. right.Where(provider => TreeFit.IsClean(group, provider))];
        if (right.Length == 0)
        {
            if (noClass.Length + noTrait.Length == 0)
                found.Add(Obstacles.GroupSplit(node, group));
        }
        else if (clean.Length == 0)
        {
            AddForbidden(group, right);
        }
        else
        {
            // The provider that lacks the least speaks for all.
            found.AddRange(clean.Select(provider => ShortagesOf(provider, group)).MinBy(shortages => shortages.Sum(shortage => shortage.Distance))!);
        }
    }

    private Obstacle[] ShortagesOf(ProviderFacts provider, RequestGroup group) =>
        [.. group.Resources.Where(wish => !TreeFit.Gives(provider, wish))
            .Select(wish => Obstacles.Shortage(node, provider, wish, group.Required.Count == 0 ? "" : $", and only there is all of group '{group.Suffix}'"))];

    private void AddForbidden(RequestGroup group, IEnumerable<ProviderFacts> providers)
    {
        foreach (ProviderFacts provider in providers)
            found.AddRange(group.Forbidden.Where(trait => provider.Traits.Contains(trait.Name)).Select(trait => Obstacles.TraitForbidden(provider, trait)));
    }
}
