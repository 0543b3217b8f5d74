namespace OpenStackSev.Validation.Explaining;

/// <summary>The obstacles in words, each with what to do about it.</summary>
internal static class Obstacles
{
    public const string Disabled = "COMPUTE_STATUS_DISABLED";
    private const string PlacementCommand = "openstack --os-placement-api-version 1.6 resource provider";

    public static Obstacle ClassMissing(NodeFacts node, Wish wish)
    {
        (string remedy, string? command) = wish.Name switch
        {
            SevNames.Context => ("this nova-compute offers no memory encryption: SEV is off in the firmware, kernel or libvirt, or num_memory_encrypted_guests is 0",
                "osev facts"),
            _ when SevNames.IsGuardClass(wish.Name) => ("openstack-sev-agent did not publish this model here: it does not run, or the machine is not capable; ask it on the host",
                $"osev capacity show {Fix.Quoted(node.Name)}"),
            _ => ("some provider of the host must offer it, or the request must not ask for it", ListOf(node.Root, "inventory list")),
        };
        return new(ExplainCodes.ClassMissing, ObstacleStage.Placement, wish.Name, node.Name,
            $"no provider of {node.Name} has {wish.Name}", wish.Origin, remedy, command, Distance: 5);
    }

    /// <param name="ofRoot">The compute node's own provider must have it, whatever its children have.</param>
    public static Obstacle TraitMissing(NodeFacts node, Wish trait, bool ofRoot)
    {
        ProviderFacts where = node.Root;
        (string remedy, string? command) = trait.Name switch
        {
            SevNames.Trusted => ("the control plane has no fresh and good evidence of this host; it gives the trait as soon as it has",
                $"osev capacity show {Fix.Quoted(node.Name)}"),
            _ when SevNames.IsJudgement(trait.Name) => ("only the control plane gives this trait, from evidence", $"osev capacity show {Fix.Quoted(node.Name)}"),
            _ when SevNames.IsGuardTrait(trait.Name) || SevNames.IsFact(trait.Name) => (
                "openstack-sev-agent gives this trait to machines that it is true of; it does not run here, or it is not true", $"osev capacity show {Fix.Quoted(node.Name)}"),
            _ when trait.Name.StartsWith("CUSTOM_", StringComparison.Ordinal) => (
                "an operator gives this trait; the command keeps the others",
                // "trait set" replaces the whole list.
                $"{PlacementCommand} trait set {string.Join(' ', where.Traits.Order(StringComparer.Ordinal).Append(trait.Name).Select(name => "--trait " + name))} {where.Uuid}"),
            _ => ("nova-compute gives this trait where the host can do it; it cannot, or its software is too old", ListOf(where, "trait list")),
        };
        return new(ExplainCodes.TraitMissing, ObstacleStage.Placement, trait.Name, where.Name,
            ofRoot ? $"{node.Name} itself does not have the trait {trait.Name}" : $"no provider of {node.Name} has the trait {trait.Name}",
            trait.Origin, remedy, command, Distance: 4);
    }

    public static Obstacle TraitsApart(NodeFacts node, Wish one, Wish other, Wish resource) => new(ExplainCodes.TraitsApart, ObstacleStage.Placement,
        $"{one.Name}, {other.Name}", node.Name,
        $"{one.Name} and {other.Name} are on different providers of {node.Name}, and of {resource.Name} the request takes from one only",
        $"{one.Origin}, {other.Origin}", "require one of the two: a server has one encryption model", ListOf(node.Root, "trait list"), Distance: 4);

    public static Obstacle TraitElsewhere(ProviderFacts holder, Wish trait, SchedulingRequest request)
    {
        string has = holder.Inventories.Count == 0 ? "no inventory" : string.Join(", ", holder.Inventories.Keys.Order(StringComparer.Ordinal));
        (string, string, string, string) model = SevNames.Models.FirstOrDefault(known => known.Trait == trait.Name);
        Wish? other = request.Unsuffixed.Resources.FirstOrDefault(wish => SevNames.IsGuardClass(wish.Name));
        string remedy = "require a trait of a provider that the request takes something from, or ask for a resource of this one";
        string? command = null;
        if (model.Item2 is { } right && other is not null && other.Name != right)
        {
            remedy = $"the request mixes two models: {other.Name} and {trait.Name}; ask for the class of the trait's model, or require the class's trait";
            if (request.Flavor[$"resources:{other.Name}"] is not null)
                command = $"{Fix.UnsetFlavor(request.Flavor, $"resources:{other.Name}")} && {Fix.SetFlavor(request.Flavor, $"resources:{right}=1")}";
        }
        else if (model.Item2 is { } needed && other is null)
        {
            remedy = $"ask for {needed} too, which is what {holder.Name} offers";
            command = Fix.SetFlavor(request.Flavor, $"resources:{needed}=1");
        }

        return new(ExplainCodes.TraitElsewhere, ObstacleStage.Placement, trait.Name, holder.Name,
            $"the trait {trait.Name} is on {holder.Name}, of which the request takes nothing (it has {has})", trait.Origin, remedy, command, Distance: 3);
    }

    public static Obstacle TraitForbidden(ProviderFacts provider, Wish trait)
    {
        bool quarantine = trait.Name == SevNames.Quarantined;
        return new(ExplainCodes.TraitForbidden, ObstacleStage.Placement, trait.Name, provider.Name,
            $"{provider.Name} has the trait {trait.Name}, which the request forbids{(quarantine ? ": the host is quarantined" : "")}", trait.Origin,
            quarantine
                ? "its evidence was bad; find out why before the control plane lets it back in"
                : "use another host, or do not forbid the trait",
            ListOf(provider, "trait list"), Distance: 2);
    }

    public static Obstacle Shortage(NodeFacts node, ProviderFacts provider, Wish wish, string because)
    {
        InventoryFacts inventory = provider.Inventories[wish.Name];
        string numbers = $"total {inventory.Total}, reserved {inventory.Reserved}, used {inventory.Used}, ratio {inventory.AllocationRatio:0.##}";
        bool guard = SevNames.IsGuardClass(wish.Name);
        string show = guard || wish.Name == SevNames.Context ? $"osev capacity show {Fix.Quoted(node.Name)}" : ListOf(provider, "inventory list");
        Obstacle Of(string code, string message, string remedy, int distance) => new(code, ObstacleStage.Placement, wish.Name, provider.Name,
            message + because, wish.Origin, remedy, show, distance);

        if (inventory.Reserved >= inventory.Total)
        {
            return Of(ExplainCodes.Reserved, $"all {inventory.Total} {wish.Name} of {provider.Name} are reserved", guard
                ? "the agent reserves all when this Nova cannot launch the model, when the host is no longer capable, or when encrypted guests run here without our class"
                : "whoever set 'reserved' holds it back", distance: 3);
        }

        if (wish.Amount > inventory.MaxUnit)
        {
            return Of(ExplainCodes.MaximumUnit, $"{wish.Amount} {wish.Name} are asked for, and {provider.Name} gives at most {inventory.MaxUnit} at once ({numbers})",
                "ask for less, or use a larger host", distance: 6);
        }

        if (wish.Amount < inventory.MinUnit)
        {
            return Of(ExplainCodes.MinimumUnit, $"{wish.Amount} {wish.Name} are asked for, and {provider.Name} gives at least {inventory.MinUnit} at once",
                "ask for more", distance: 6);
        }

        if (wish.Amount % inventory.StepSize != 0)
        {
            return Of(ExplainCodes.StepSize, $"{wish.Amount} {wish.Name} are asked for, and {provider.Name} gives multiples of {inventory.StepSize}",
                "ask for a multiple", distance: 6);
        }

        if (wish.Amount > inventory.Capacity)
        {
            return Of(ExplainCodes.TooSmall, $"{wish.Amount} {wish.Name} are asked for, and {provider.Name} has {inventory.Capacity:0.##} altogether ({numbers})",
                "ask for less, or use a larger host", distance: 6);
        }

        string remedy = guard || wish.Name == SevNames.Context
            ? "a server that holds one must go, or another host must come; a larger total would overcommit the processor"
            : "servers must go, or hosts must come";
        return Of(ExplainCodes.UsedUp,
            $"{wish.Name} of {provider.Name} is used up: {wish.Amount} asked for, {Math.Max(0, inventory.Capacity - inventory.Used):0.##} free ({numbers})",
            remedy, distance: 1);
    }

    public static Obstacle GroupSplit(NodeFacts node, RequestGroup group) => new(ExplainCodes.GroupSplit, ObstacleStage.Placement, "group " + group.Suffix, node.Name,
        $"no single provider of {node.Name} has all of group {group.Suffix}: {string.Join(", ", [.. group.Resources.Select(wish => wish.Name), .. group.Required.Select(wish => wish.Name)])}",
        string.Join(", ", group.Resources.Concat(group.Required).Select(wish => wish.Origin)),
        "a numbered group comes from one provider; write the keys without a number to take them from several", null, Distance: 3);

    public static Obstacle Combination(NodeFacts node) => new(ExplainCodes.Combination, ObstacleStage.Placement, "the whole request", node.Name,
        $"each wish could be met on {node.Name}, but not all at once: the providers that have the resources do not have all traits together, or one would be asked twice",
        "the request as a whole", "spread the wishes over groups, or ask for less", ListOf(node.Root, "show --allocations"), Distance: 2);

    public static Obstacle ServiceDisabled(NodeFacts node, ComputeServiceFacts service, bool marked) => new(
        ExplainCodes.ServiceDisabled, marked ? ObstacleStage.Placement : ObstacleStage.Scheduler, "nova-compute", node.Name,
        $"nova-compute on {service.Host} is disabled{(service.DisabledReason is { Length: > 0 } reason ? ": " + reason : "")}"
            + (service.Enabled ? $" in Placement only: {Disabled} is left on the provider" : ""),
        "Nova, in every request", service.Enabled ? "nova-compute takes the trait away at its next round; restart it if it stays" : "enable it, when the reason is gone",
        service.Enabled ? null : $"openstack compute service set --enable {Fix.Quoted(service.Host)} nova-compute", Distance: 1);

    public static Obstacle ServiceDown(NodeFacts node, ComputeServiceFacts service) => new(ExplainCodes.ServiceDown, ObstacleStage.Scheduler, "nova-compute", node.Name,
        $"nova-compute on {service.Host} is down: it does not report", "Nova's ComputeFilter", "start it; its log tells why it stopped",
        $"openstack compute service list --service nova-compute --host {Fix.Quoted(service.Host)}", Distance: 1);

    public static Obstacle AggregateOutside(NodeFacts node, AggregateWish wish) => new(ExplainCodes.AggregateOutside, ObstacleStage.Placement,
        string.Join(", ", wish.Names), node.Name, $"{node.Name} is not in {string.Join(" or ", wish.Names)}, which {wish.Origin} asks for", wish.Origin,
        "ask for another zone, or add the host to the aggregate",
        node.Service is { } service && wish.Names.Count > 0 ? $"openstack aggregate add host {Fix.Quoted(wish.Names[0])} {Fix.Quoted(service.Host)}" : null, Distance: 2);

    public static Obstacle NotOfNova(NodeFacts node, bool marked) => new(ExplainCodes.NotOfNova, marked ? ObstacleStage.Placement : ObstacleStage.Scheduler, node.Name, node.Name,
        $"{node.Name} is a provider, but no hypervisor that Nova knows", "Nova's host list",
        "a left-over of a deleted compute service, or another service's provider", ListOf(node.Root, "show --allocations"), Distance: 6);

    private static string ListOf(ProviderFacts provider, string what) => $"{PlacementCommand} {what} {provider.Uuid}";
}
