using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation;

/// <summary>Resource classes and traits against those that a cloud has. Silent where the cloud is not known.</summary>
public static partial class RequestRules
{
    private static IEnumerable<Rule> OfCloud =>
    [
        new("request.class.nonexistent", FindingLevel.Error,
            "Placement answers 400 to a request with a resource class that does not exist, and all that Nova tells is 'No valid host was "
            + "found'.",
            Groups,
            ClassNonexistent),
        new("request.trait.nonexistent", FindingLevel.Error,
            "Placement answers 400 to a request with a trait that does not exist, and all that Nova tells is 'No valid host was found'.",
            Groups,
            TraitNonexistent),
        new("request.class.unprovided", FindingLevel.Error,
            "The resource class exists, and no provider of this cloud has an inventory of it: 'No valid host was found'.",
            Groups,
            ClassUnprovided),
        new("request.trait.unprovided", FindingLevel.Error,
            "The trait exists, and no provider of this cloud has it: 'No valid host was found'.",
            Groups,
            TraitUnprovided),
        new("request.group.unsatisfiable", FindingLevel.Error,
            "Everything in the group exists, and nowhere together: no host has the trait on a provider that the group uses.",
            Groups,
            GroupUnsatisfiable),
        new("request.guard.absent", FindingLevel.Hint,
            "The agents count this model's keys, and the flavor does not ask for the count: a wrong number of Nova's own can then fill a "
            + "host beyond its keys, and servers "
            + "end in ERROR when they start.",
            "openstack-sev-agent, README",
            GuardAbsent),
    ];

    private static Objection? ClassNonexistent(Subject s) =>
        s.Cloud?.ResourceClasses is not { } classes || s.Wishes.Classes.Find(wish => !classes.Contains(wish.Name)) is not { } unknown ? null
            : new(Of(unknown), $"{s.FlavorName} asks for resource class {Shown.Value(unknown.Name)}, which does not exist in this cloud; unset it",
                Unset(s, unknown));

    private static Objection? TraitNonexistent(Subject s)
    {
        if (s.Cloud?.Traits is not { } traits)
            return null;
        NamedWish? unknown = s.Wishes.Required.Find(wish => !traits.Contains(wish.Name)) ?? s.Wishes.Forbidden.Find(wish => !traits.Contains(wish.Name));
        return unknown is null ? null
            : new(Of(unknown),
                $"{(unknown.OnFlavor ? s.FlavorName : s.ImageName)} names trait {Shown.Value(unknown.Name)}, which does not exist in this cloud; unset it",
                Unset(s, unknown));
    }

    private static Objection? ClassUnprovided(Subject s) =>
        s.Cloud?.ProvidedClasses is not { } provided
            || s.Wishes.Classes.Find(wish => !provided.Contains(wish.Name) && s.Cloud.ResourceClasses?.Contains(wish.Name) is not false) is not { } missing ? null
            : new(Of(missing), $"{s.FlavorName} asks for resource class {Shown.Value(missing.Name)}, of which no host has any; unset it",
                Unset(s, missing));

    private static Objection? TraitUnprovided(Subject s) =>
        s.Cloud?.ProvidedTraits is not { } provided
            || s.Wishes.Required.Find(wish => !provided.Contains(wish.Name) && s.Cloud.Traits?.Contains(wish.Name) is not false) is not { } missing ? null
            : new(Of(missing), $"{(missing.OnFlavor ? s.FlavorName : s.ImageName)} requires trait {Shown.Value(missing.Name)}, which no host has; unset it",
                Unset(s, missing));

    private static Objection? GroupUnsatisfiable(Subject s)
    {
        if (!s.Wishes.Any || s.Cloud is not { Nodes: { } nodes, ProvidedClasses: { } classes, ProvidedTraits: { } traits })
            return null;
        foreach (NamedWish trait in s.Wishes.Required)
        {
            // What nobody has at all, and our own traits without their class, are other findings.
            if (!traits.Contains(trait.Name) || OwnClass(trait.Name) is { } own && !s.Wishes.Has(own, trait.Group)
                || s.Wishes.Classes.Exists(wish => wish.Group == trait.Group && !classes.Contains(wish.Name)))
                continue;
            if (nodes.Any(node => node.Providers.Any(provider => provider.Traits.Contains(trait.Name) && IsUsed(s, provider, trait.Group))))
                continue;
            return new(Of(trait), $"{Shown.Plain(trait.Key)} is on no provider that gives what the group asks for; unset it", Unset(s, trait));
        }
        return null;
    }

    /// <summary>Whether a group would take something from the provider: in the unsuffixed one the host's own always gives processors and memory.</summary>
    private static bool IsUsed(Subject s, ProviderFacts provider, string group)
    {
        if (group.Length > 0)
        {
            return s.Wishes.Classes.Exists(wish => wish.Group == group)
                && s.Wishes.Classes.TrueForAll(wish => wish.Group != group || provider.Inventories.ContainsKey(wish.Name));
        }
        return provider.Parent is null || s.Encrypted && provider.Inventories.ContainsKey(SevNames.Context)
            || s.Wishes.Classes.Exists(wish => wish.Group.Length == 0 && provider.Inventories.ContainsKey(wish.Name));
    }

    private static Objection? GuardAbsent(Subject s)
    {
        if (!s.Encrypted || s.Cloud?.ProvidedClasses is not { } provided || s.Request.Model is not { } model)
            return null;
        (string known, string resourceClass, string trait, _) = SevNames.Models.FirstOrDefault(names => names.Model == model);
        return known is null || !provided.Contains(resourceClass) || s.Wishes.Classes.Exists(wish => wish.Name == resourceClass) ? null
            : new("flavor resources:" + resourceClass,
                $"{s.FlavorName} is encrypted with {model} and does not ask for {resourceClass}, which the hosts of this cloud count",
                Fix.SetFlavor(s.Flavor, $"resources:{resourceClass}=1", $"trait:{trait}=required"));
    }
}
