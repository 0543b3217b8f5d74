namespace OpenStackSev.Validation.Explaining;

/// <summary>One thing that a request wants, and who wanted it.</summary>
/// <param name="Name">Resource class or trait.</param>
/// <param name="Amount">1 for a trait.</param>
/// <param name="Origin">In words: <c>flavor resources:CUSTOM_SEV_ASID=1</c>.</param>
public sealed record Wish(string Name, int Amount, string Origin);

/// <summary>Wishes that belong together.</summary>
/// <param name="Suffix">Empty for the unsuffixed group, whose resources may come from several providers of a tree; else one provider gives all.</param>
public sealed record RequestGroup(string Suffix, IReadOnlyList<Wish> Resources, IReadOnlyList<Wish> Required, IReadOnlyList<Wish> Forbidden)
{
    public bool IsUnsuffixed => Suffix.Length == 0;

    /// <summary>Nova leaves such a group out of its query.</summary>
    public bool IsEmpty => Resources.Count == 0 && Required.Count == 0 && Forbidden.Count == 0;
}

/// <summary>Aggregates of which a host must be in one.</summary>
/// <param name="Origin">In words: <c>availability zone az1</c>.</param>
public sealed record AggregateWish(IReadOnlySet<Guid> AnyOf, IReadOnlyList<string> Names, string Origin);

/// <summary>What a flavor and an image do not tell.</summary>
/// <param name="BootsFromVolume">The root disk takes no DISK_GB then.</param>
/// <param name="FurtherDiskGibibytes">Ephemeral disk and swap, the latter rounded up.</param>
/// <param name="Aggregates">Of an availability zone, when one was asked for and aggregates define it.</param>
/// <param name="OwnedRoots">Nova asks for OWNER_NOVA on the compute node (2026.2, once all computes are that new).</param>
public sealed record Circumstances(
    bool BootsFromVolume = false, int FurtherDiskGibibytes = 0, IReadOnlyList<AggregateWish>? Aggregates = null, bool OwnedRoots = false);

/// <summary>What Nova asks Placement for a flavor and an image.</summary>
/// <param name="Groups">The unsuffixed one first; it is always there. Others only when they want something.</param>
/// <param name="RootRequired">Traits that the compute node's own provider must have.</param>
/// <param name="RootForbidden">Traits that it must not have.</param>
/// <param name="GroupPolicy">What Placement is told about several suffixed groups: <c>none</c>, <c>isolate</c>; null when it is told nothing.</param>
/// <param name="Ignored">Extra specs that Nova passes over with a line in its log, each with the reason.</param>
/// <param name="Unseen">Parts of flavor and image that later stages judge and this explanation does not, in words.</param>
public sealed record SchedulingRequest(
    FlavorSpec Flavor, ImageSpec Image, ComputeRelease Release, IReadOnlyList<RequestGroup> Groups, IReadOnlyList<Wish> RootRequired,
    IReadOnlyList<Wish> RootForbidden, IReadOnlyList<AggregateWish> MemberOf, string? GroupPolicy, IReadOnlyList<string> Ignored,
    IReadOnlyList<string> Unseen)
{
    public RequestGroup Unsuffixed => Groups[0];

    public IEnumerable<RequestGroup> Suffixed => Groups.Skip(1);

    /// <summary>What is asked of SevTrustFilter.</summary>
    public TrustRequest Trust { get; } = TrustRequest.From(Flavor, Image);

    /// <summary>Suffixed groups must come from different providers.</summary>
    public bool Isolated => GroupPolicy == "isolate";

    /// <summary>Pure.</summary>
    public static SchedulingRequest From(FlavorSpec flavor, ImageSpec image, ComputeRelease release, Circumstances? circumstances = null) =>
        RequestTranslation.Of(flavor, image, release, circumstances ?? new());

    /// <summary>The query of GET /allocation_candidates that asks the same; a name may come twice.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> ToQuery()
    {
        var query = new List<KeyValuePair<string, string>>();
        void Add(string name, IEnumerable<string> values)
        {
            string joined = string.Join(',', values);
            if (joined.Length > 0)
                query.Add(KeyValuePair.Create(name, joined));
        }

        foreach (RequestGroup group in Groups)
        {
            Add("resources" + group.Suffix, group.Resources.Select(wish => $"{wish.Name}:{wish.Amount}"));
            Add("required" + group.Suffix, [.. group.Required.Select(wish => wish.Name), .. group.Forbidden.Select(wish => "!" + wish.Name)]);
        }

        Add("root_required", [.. RootRequired.Select(wish => wish.Name), .. RootForbidden.Select(wish => "!" + wish.Name)]);
        foreach (AggregateWish aggregates in MemberOf)
            query.Add(KeyValuePair.Create("member_of", "in:" + string.Join(',', aggregates.AnyOf.Order())));
        if (GroupPolicy is not null)
            query.Add(KeyValuePair.Create("group_policy", GroupPolicy));
        return query;
    }
}
