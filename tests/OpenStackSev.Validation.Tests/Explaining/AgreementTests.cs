using FsCheck.Xunit;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

/// <summary>The reasons against a second opinion that knows none and tries everything.</summary>
public sealed class AgreementTests
{
    private const int TreesAtOnce = 8;

    [Property(MaxTest = 1500)]
    public void A_host_without_an_obstacle_of_Placement_is_one_that_has_an_allocation(int seed)
    {
        var generated = new GeneratedTrees(seed);
        for (int number = 0; number < TreesAtOnce; number++)
        {
            NodeFacts node = generated.Tree(number);
            SchedulingRequest request = generated.Request();
            NodeExplanation judged = Assert.Single(Explanation.Of(request, [node]).Nodes);
            Assert.True(Exhaustive.Fits(request, node) == judged.FitsPlacement,
                $"seed {seed}, tree {number}: {string.Join("; ", judged.Obstacles.Select(obstacle => obstacle.Message))}; asked: {string.Join('&', request.ToQuery())}");
        }
    }

    [Fact]
    public void The_generated_requests_fit_often_enough_to_tell()
    {
        bool[] fits = [.. Enumerable.Range(0, 200).SelectMany(seed =>
        {
            var generated = new GeneratedTrees(seed);
            return Enumerable.Range(0, TreesAtOnce).Select(number => Exhaustive.Fits(tree: generated.Tree(number), request: generated.Request()));
        })];
        Assert.InRange(fits.Count(fit => fit), fits.Length / 20, fits.Length * 19 / 20);
    }

    [Fact]
    public void A_reason_is_rarely_that_all_together_is_too_much()
    {
        string[] codes = [.. Enumerable.Range(0, 400).SelectMany(seed =>
        {
            var generated = new GeneratedTrees(seed);
            return Explanation.Of(generated.Request(), [generated.Tree(0)]).Nodes.SelectMany(node => node.Obstacles).Select(obstacle => obstacle.Code);
        })];
        Assert.InRange(codes.Count(code => code == ExplainCodes.Combination), 1, codes.Length / 10);
    }

    /// <summary>All assignments of wishes to providers, each tested as Placement's documentation has it.</summary>
    private static class Exhaustive
    {
        public static bool Fits(SchedulingRequest request, NodeFacts tree)
        {
            ProviderFacts root = tree.Providers[0];
            if (request.RootForbidden.Any(trait => root.Traits.Contains(trait.Name)) || request.RootRequired.Any(trait => !root.Traits.Contains(trait.Name)))
                return false;
            // One choice a class of the unsuffixed group, one a suffixed group.
            var choices = request.Unsuffixed.Resources.Select(wish => (Group: request.Unsuffixed, Wishes: (IReadOnlyList<Wish>)[wish]))
                .Concat(request.Groups.Skip(1).Select(group => (Group: group, Wishes: group.Resources))).ToArray();
            long combinations = (long)Math.Pow(tree.Providers.Count, choices.Length);
            for (long combination = 0; combination < combinations; combination++)
            {
                long rest = combination;
                var assigned = new ProviderFacts[choices.Length];
                for (int i = 0; i < choices.Length; i++, rest /= tree.Providers.Count)
                    assigned[i] = tree.Providers[(int)(rest % tree.Providers.Count)];
                if (Holds(request, tree, choices, assigned))
                    return true;
            }

            return false;
        }

        private static bool Holds(SchedulingRequest request, NodeFacts tree, (RequestGroup Group, IReadOnlyList<Wish> Wishes)[] choices, ProviderFacts[] assigned)
        {
            var used = new Dictionary<(ProviderFacts, string), int>();
            for (int i = 0; i < choices.Length; i++)
            {
                if (choices[i].Group.Forbidden.Any(trait => assigned[i].Traits.Contains(trait.Name)))
                    return false;
                if (!choices[i].Group.IsUnsuffixed && choices[i].Group.Required.Any(trait => !assigned[i].Traits.Contains(trait.Name)))
                    return false;
                if (choices[i].Group.IsUnsuffixed && !new[] { assigned[i], tree.Providers[0] }.Any(provider => request.MemberOf.All(zone => zone.AnyOf.Overlaps(provider.Aggregates))))
                    return false;
                foreach (Wish wish in choices[i].Wishes)
                {
                    if (!assigned[i].Inventories.TryGetValue(wish.Name, out InventoryFacts? inventory)
                        || inventory.Used + wish.Amount > (inventory.Total - inventory.Reserved) * inventory.AllocationRatio
                        || wish.Amount < inventory.MinUnit || wish.Amount > inventory.MaxUnit || wish.Amount % inventory.StepSize != 0)
                        return false;
                    used[(assigned[i], wish.Name)] = used.GetValueOrDefault((assigned[i], wish.Name)) + wish.Amount;
                }
            }

            if (used.Any(amount => amount.Key.Item1.Inventories[amount.Key.Item2] is var inventory
                && (amount.Value > inventory.MaxUnit || inventory.Used + amount.Value > Math.Floor((inventory.Total - inventory.Reserved) * Math.Round(inventory.AllocationRatio, 6)))))
                return false;
            ProviderFacts[] spread = [.. assigned.Where((_, i) => choices[i].Group.IsUnsuffixed)], own = [.. assigned.Where((_, i) => !choices[i].Group.IsUnsuffixed)];
            return request.Unsuffixed.Required.All(trait => spread.Any(provider => provider.Traits.Contains(trait.Name)))
                && (request.GroupPolicy != "isolate" || own.Distinct().Count() == own.Length);
        }
    }
}
