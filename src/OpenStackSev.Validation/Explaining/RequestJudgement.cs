namespace OpenStackSev.Validation.Explaining;

/// <summary>The resource classes and traits of a request that Placement knows.</summary>
public sealed record PlacementVocabulary(IReadOnlySet<string> ResourceClasses, IReadOnlySet<string> Traits);

/// <summary>What is wrong with a request wherever it goes. Pure.</summary>
/// <remarks>
/// Source: placement/lib.py, RequestGroup.dict_from_request; placement/handlers/allocation_candidate.py. Placement answers 400, which
/// nova-scheduler logs and takes for "no candidates".
/// </remarks>
internal static class RequestJudgement
{
    public static IReadOnlyList<Obstacle> Of(SchedulingRequest request, PlacementVocabulary? known) =>
    [
        .. Unknown(request, known),
        .. request.Groups.SelectMany(group => Contradictions(request, group)),
        .. WithoutResources(request),
        .. request.GroupPolicy is null && request.Suffixed.Count() > 1 ? [GroupPolicyMissing(request)] : Array.Empty<Obstacle>(),
        .. request.Flavor.ExtraSpecs.Keys.Order(StringComparer.Ordinal).Where(key => HostCapability.IsNamed(key) && !HostCapability.MayExist(key))
            .Select(key => CapabilityUnknown(request, key)),
    ];

    /// <summary>What does not keep a host out here, but may on the host.</summary>
    public static IReadOnlyList<Obstacle> DoubtsOf(SchedulingRequest request) =>
        MemoryEncryptionRequest.From(request.Flavor, request.Image, request.Release).Encrypted && request.Image["hw_machine_type"] is null
            ? [new(ExplainCodes.MachineTypeUnset, ObstacleStage.Compute, "image hw_machine_type", "",
                $"image '{request.Image.Name}' names no machine type: a host whose [libvirt] hw_machine_type is not q35 refuses the encrypted server after it was chosen, "
                    + "and that looks like \"No valid host\" too",
                "memory encryption", "set it on the image, so that it does not depend on the host", Fix.SetImage(request.Image, "hw_machine_type=q35"), Distance: 1)]
            : [];

    private static IEnumerable<Obstacle> Unknown(SchedulingRequest request, PlacementVocabulary? known)
    {
        if (known is null)
            yield break;
        foreach (Wish wish in request.Groups.SelectMany(group => group.Resources).DistinctBy(wish => wish.Name).Where(wish => !known.ResourceClasses.Contains(wish.Name)))
        {
            yield return Of(ExplainCodes.ClassUnknown, wish.Name, $"Placement has no resource class {wish.Name}: it refuses the whole query", wish.Origin,
                SevNames.IsGuardClass(wish.Name) ? "openstack-sev-agent makes it on the first host that offers the model; none does" : "is the name right? A class is made by whoever offers it",
                "openstack --os-placement-api-version 1.6 resource class list");
        }

        foreach (Wish trait in request.Groups.SelectMany(group => group.Required.Concat(group.Forbidden)).Concat(request.RootRequired)
            .DistinctBy(trait => trait.Name).Where(trait => !known.Traits.Contains(trait.Name)))
        {
            string remedy = SevNames.IsGuardTrait(trait.Name) || SevNames.IsFact(trait.Name) ? "openstack-sev-agent makes it on the first host of which it is true; it is true of none"
                : SevNames.IsJudgement(trait.Name) ? "the control plane makes it on the first host that it judges so; it judged none yet"
                : "is the name right? A trait is made by whoever gives it to a provider";
            yield return Of(ExplainCodes.TraitUnknown, trait.Name, $"Placement has no trait {trait.Name}: it refuses the whole query", trait.Origin, remedy,
                trait.Name.StartsWith("CUSTOM_", StringComparison.Ordinal)
                    ? $"openstack --os-placement-api-version 1.6 trait create {Fix.Quoted(trait.Name)}"
                    : "openstack --os-placement-api-version 1.6 trait list");
        }
    }

    private static IEnumerable<Obstacle> Contradictions(SchedulingRequest request, RequestGroup group) => group.Required
        .Join(group.Forbidden, wanted => wanted.Name, refused => refused.Name, (wanted, refused) => Of(ExplainCodes.TraitContradiction, wanted.Name,
            $"{wanted.Name} is required by {wanted.Origin} and forbidden by {refused.Origin}: Placement refuses the whole query",
            $"{wanted.Origin}, {refused.Origin}", "one of the two must go", Unset(request, wanted.Origin)));

    private static IEnumerable<Obstacle> WithoutResources(SchedulingRequest request)
    {
        foreach (RequestGroup group in request.Groups.Where(group => group.Resources.Count == 0 && (!group.IsEmpty || (group.IsUnsuffixed && request.MemberOf.Count > 0))))
        {
            Wish? first = group.Required.Concat(group.Forbidden).FirstOrDefault();
            string named = group.IsUnsuffixed ? "the unnumbered group" : $"group '{group.Suffix}'";
            yield return Of(ExplainCodes.GroupWithoutResources, named, $"{named} has {first?.Name ?? "an aggregate"} and asks for no resource: Placement refuses the whole query",
                first?.Origin ?? "availability zone", "ask for a resource in the same group, or write the trait without a number", first is null ? null : Unset(request, first.Origin));
        }
    }

    private static Obstacle GroupPolicyMissing(SchedulingRequest request) => Of(ExplainCodes.GroupPolicyMissing, "flavor group_policy",
        $"the flavor has {request.Suffixed.Count()} numbered groups and no group_policy: Placement refuses the whole query",
        string.Join(", ", request.Suffixed.Select(group => $"group '{group.Suffix}'")), "say whether the groups may come from one provider (none) or must not (isolate)",
        Fix.SetFlavor(request.Flavor, "group_policy=none"));

    private static Obstacle CapabilityUnknown(SchedulingRequest request, string key) => new(ExplainCodes.CapabilityUnknown, ObstacleStage.Scheduler, key, "",
        $"no host has the capability that flavor {key}={request.Flavor[key]} asks for: ComputeCapabilitiesFilter refuses every host", $"flavor {key}={request.Flavor[key]}",
        "encryption is asked for by hw:mem_encryption, and hosts are chosen by traits", Fix.UnsetFlavor(request.Flavor, key), Distance: 3);

    private static Obstacle Of(string code, string subject, string message, string origin, string remedy, string? command) =>
        new(code, ObstacleStage.Request, subject, "", message, origin, remedy, command, Distance: 3);

    /// <summary>Takes the key away that an origin names: <c>flavor trait1:CUSTOM_X=required</c>.</summary>
    private static string? Unset(SchedulingRequest request, string origin)
    {
        string[] words = origin.Split(' ', 2);
        string key = words.Length == 2 && words[1].LastIndexOf('=') is > 0 and int end ? words[1][..end] : "";
        return words[0] == "flavor" && request.Flavor[key] is not null ? Fix.UnsetFlavor(request.Flavor, key)
            : words[0] == "image" && request.Image[key] is not null ? Fix.UnsetImage(request.Image, key)
            : null;
    }
}
