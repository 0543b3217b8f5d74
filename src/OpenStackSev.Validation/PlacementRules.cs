using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation;

/// <summary>Resource classes and traits: ours, Nova's, and whether one provider tree can give them together.</summary>
public static partial class RequestRules
{
    private const string Groups = "nova/scheduler/utils.py, ResourceRequest; placement, GET /allocation_candidates";

    private static IEnumerable<Rule> Placement =>
    [
        new("request.guard.without_encryption", FindingLevel.Error,
            "Our resource classes and traits count keys, and do not turn encryption on: only hw:mem_encryption does. The server lands on "
            + "a host that encrypts, takes a key, "
            + "looks confidential, and is not encrypted.",
            "openstack-sev-agent, README; " + Constraint,
            GuardWithoutEncryption),
        new("request.context.without_encryption", FindingLevel.Error,
            "Nova asks for MEM_ENCRYPTION_CONTEXT and the processor's trait by itself. Asked for by hand they bring the server to a host "
            + "that encrypts, and encrypt nothing: "
            + "only hw:mem_encryption does.",
            "nova/scheduler/utils.py, _translate_mem_encryption_request",
            ContextWithoutEncryption),
        new("request.guard.model_mismatch", FindingLevel.Error,
            "The class or the trait is of another model than the one that Nova encrypts with. The guard counts the wrong keys, or no "
            + "host has both.",
            "openstack-sev-agent, README",
            GuardOfAnotherModel),
        new("request.trait.alone", FindingLevel.Error,
            "These traits are on providers that are used only for their own class. Placement finds no candidates for the trait without "
            + "some of the class: 'No valid host was found'.",
            Groups,
            TraitAlone),
        new("request.trait.other_group", FindingLevel.Error,
            "Each numbered group is served by one provider. A trait in one group says nothing about the class in another: no provider "
            + "has the one without the other.",
            Groups,
            TraitInOtherGroup),
        new("request.trait.other_pool", FindingLevel.Error,
            "Class and trait belong to different models, each on a provider of its own. No provider has both: 'No valid host was found'.",
            Groups,
            TraitOfOtherPool),
        new("request.trait.root_in_group", FindingLevel.Error,
            "What is known and judged of a host are traits of its own provider, which serves the group without a number. In a numbered "
            + "group they are looked for where the "
            + "group's class is.",
            Groups,
            RootTraitInGroup),
        new("request.class.amount", FindingLevel.Error,
            "A server takes one encryption key. The inventories allow no more than 1 at once: 'No valid host was found'.",
            "nova/virt/libvirt/driver.py, inventory of MEM_ENCRYPTION_CONTEXT; openstack-sev-agent, README",
            ClassAmount),
    ];

    private static Objection? GuardWithoutEncryption(Subject s)
    {
        if (s.Encrypted || !s.Wishes.MeanEncryption)
            return null;
        NamedWish? guard = s.Wishes.Classes.Find(wish => PlacementWishes.ModelOfClass(wish.Name) is not null)
            ?? s.Wishes.Required.Find(wish => SevNames.IsGuardTrait(wish.Name));
        if (guard is null)
            return null;
        string? model = PlacementWishes.ModelOfClass(guard.Name) ?? PlacementWishes.ModelOfTrait(guard.Name);
        return new(Of(guard), NotEncrypted(s, guard), TurnsEncryptionOn(s, model));
    }

    private static Objection? ContextWithoutEncryption(Subject s)
    {
        if (s.Encrypted || !s.Wishes.MeanEncryption)
            return null;
        NamedWish? context = s.Wishes.Classes.Find(wish => wish.Name == SevNames.Context)
            ?? s.Wishes.Required.Find(wish => PlacementWishes.ModelOfTrait(wish.Name) is not null && !SevNames.IsGuardTrait(wish.Name));
        return context is null ? null
            : new(Of(context), NotEncrypted(s, context), TurnsEncryptionOn(s, s.Signs.FlavorModel ?? PlacementWishes.ModelOfTrait(context.Name)));
    }

    private static string NotEncrypted(Subject s, NamedWish wish) =>
        $"{Shown.Plain(wish.Key)} is asked for, and {s.FlavorName} has hw:mem_encryption {Shown.Value(s.Signs.FlavorValue)}: "
        + "servers are not encrypted; set it to true";

    private static string? TurnsEncryptionOn(Subject s, string? model)
    {
        string? set = AsksOnFlavor(s, s.Signs.FlavorModel is null ? model : null);
        return s.Signs.ImageValue is null ? set : Fix.Then(set, Fix.UnsetImage(s.Image, "hw_mem_encryption"));
    }

    private static Objection? GuardOfAnotherModel(Subject s)
    {
        if (!s.Encrypted || !s.Wishes.MeanEncryption || s.Request.Model is not { } model)
            return null;
        List<NamedWish> others =
        [
            .. s.Wishes.Classes.Where(wish => PlacementWishes.ModelOfClass(wish.Name) is { } its && its != model),
            .. s.Wishes.Required.Where(wish => PlacementWishes.ModelOfTrait(wish.Name) is { } its && its != model),
        ];
        if (others.Count == 0)
            return null;
        string? its = PlacementWishes.ModelOfClass(others[0].Name) ?? PlacementWishes.ModelOfTrait(others[0].Name);
        string[] ofFlavor = [.. others.Where(wish => wish.OnFlavor).Select(wish => wish.Key)];
        string[] ofImage = [.. others.Where(wish => !wish.OnFlavor).Select(wish => wish.Key)];
        string? fix = ofFlavor.Length == 0 ? Fix.UnsetImage(s.Image, ofImage) : Fix.UnsetFlavor(s.Flavor, ofFlavor);
        return new(Of(others[0]), $"{Shown.Plain(others[0].Key)} is of {its}, and memory is encrypted with {Shown.Plain(model)}; unset it",
            ofFlavor.Length > 0 && ofImage.Length > 0 ? Fix.Then(fix, Fix.UnsetImage(s.Image, ofImage)) : fix);
    }

    private static Objection? TraitAlone(Subject s)
    {
        foreach (NamedWish trait in s.Wishes.Required)
        {
            if (OwnClass(trait.Name) is not { } own
                || s.Wishes.Classes.Exists(wish => wish.Name == own || PlacementWishes.ModelOfClass(wish.Name) is not null && trait.Group == wish.Group))
                continue;
            // Nova asks for its context beside a trait in the unsuffixed group.
            string key = $"resources{trait.Group}:{own}";
            return new(Of(trait), $"{Shown.Plain(trait.Key)} is asked for without {key}=1; ask for both", Fix.SetFlavor(s.Flavor, key + "=1"));
        }
        return null;
    }

    private static Objection? TraitInOtherGroup(Subject s)
    {
        foreach (NamedWish trait in s.Wishes.Required)
        {
            if (OwnClass(trait.Name) is not { } own || s.Wishes.Has(own, trait.Group) || s.Wishes.Classes.Find(wish => wish.Name == own) is not { } elsewhere)
                continue;
            if (s.Wishes.Classes.Exists(wish => wish.Group == trait.Group && PlacementWishes.ModelOfClass(wish.Name) is not null))
                continue;
            return new(Of(trait), $"{Shown.Plain(trait.Key)} is in another group than {Shown.Plain(elsewhere.Key)}; move it there",
                Fix.Then(Unset(s, trait), Fix.SetFlavor(s.Flavor, $"trait{elsewhere.Group}:{trait.Name}=required")));
        }
        return null;
    }

    private static Objection? TraitOfOtherPool(Subject s)
    {
        foreach (NamedWish trait in s.Wishes.Required)
        {
            if (OwnClass(trait.Name) is not { } own || s.Wishes.Has(own, trait.Group)
                || s.Wishes.Classes.Find(wish => wish.Group == trait.Group && PlacementWishes.ModelOfClass(wish.Name) is not null) is not { } other)
                continue;
            string right = SevNames.Models.First(known => known.ResourceClass == other.Name).Trait;
            return new(Of(trait), $"{Shown.Plain(trait.Key)} and {Shown.Plain(other.Key)} are on different providers; ask for {right} with it",
                Fix.Then(Unset(s, trait), Fix.SetFlavor(s.Flavor, $"trait{other.Group}:{right}=required")));
        }
        return null;
    }

    /// <summary>The class that one of our traits goes with; null for another trait.</summary>
    private static string? OwnClass(string trait)
    {
        foreach ((_, string resourceClass, string ours, _) in SevNames.Models)
        {
            if (trait == ours)
                return resourceClass;
        }
        return null;
    }

    private static Objection? RootTraitInGroup(Subject s) =>
        s.Wishes.Required.Find(wish => wish.Group.Length > 0 && (SevNames.IsFact(wish.Name) || SevNames.IsJudgement(wish.Name))) is not { } trait ? null
            : new(Of(trait), $"{Shown.Plain(trait.Key)} is a trait of the host itself; ask for trait:{Shown.Plain(trait.Name)}",
                Fix.Then(Unset(s, trait), Fix.SetFlavor(s.Flavor, $"trait:{trait.Name}=required")));

    private static Objection? ClassAmount(Subject s) =>
        s.Wishes.Classes.Find(wish => wish.Amount > 1 && IsOneAtOnce(s, wish)) is not { } many ? null
            : new(Of(many), $"{s.FlavorName} has {Shown.Plain(many.Key)} {Shown.Value(s.Flavor[many.Key])}; set it to 1",
                Fix.SetFlavor(s.Flavor, many.Key + "=1"));

    // Nova writes its own 1 over a number of contexts in the unsuffixed group.
    private static bool IsOneAtOnce(Subject s, NamedWish wish) =>
        PlacementWishes.ModelOfClass(wish.Name) is not null || wish.Name == SevNames.Context && (!s.Encrypted || wish.Group.Length > 0);

    private static string Of(NamedWish wish) => (wish.OnFlavor ? "flavor " : "image ") + Shown.Plain(wish.Key);

    private static string? Unset(Subject s, NamedWish wish) => wish.OnFlavor ? Fix.UnsetFlavor(s.Flavor, wish.Key) : Fix.UnsetImage(s.Image, wish.Key);
}
