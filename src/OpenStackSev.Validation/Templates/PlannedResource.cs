namespace OpenStackSev.Validation.Templates;

/// <summary>A resource that the stack would make, with its properties evaluated as far as they are known.</summary>
/// <param name="Stack">Names of the nested stacks that lead to it; empty for the outermost.</param>
/// <param name="DependsOn">Resources of the same stack, as written.</param>
internal sealed record PlannedResource(string Stack, string Name, string Type, TemplateMap Properties, IReadOnlyList<string> DependsOn)
{
    public string Id => In(Stack, Name);

    /// <summary>The section beside the properties, which a guest can fetch from Heat.</summary>
    public TemplateValue Metadata { get; init; } = TemplateMap.Empty;

    /// <summary>A name may contain the dot that joins names: two resources must not have one id for that.</summary>
    public static string In(string stack, string name)
    {
        string own = name.Replace("\\", @"\\", StringComparison.Ordinal).Replace(".", @"\.", StringComparison.Ordinal);
        return stack.Length == 0 ? own : $"{stack}.{own}";
    }

    /// <summary>Nothing but its name, and where it is, is different.</summary>
    /// <param name="here">Stack or resource that stands where <paramref name="there"/> does for the other.</param>
    public bool IsLike(PlannedResource other, string here, string there)
    {
        string own = Moved(Stack, here, there), id = Moved(Id, here, there);
        return Type == other.Type && DependsOn.SequenceEqual(other.DependsOn) && id == other.Id && (own == other.Stack || id == there)
            && Like(Named(Properties), Named(other.Properties), here, there) && Like(Metadata, other.Metadata, here, there);
    }

    private static TemplateMap Named(TemplateMap properties) => properties.Text("name") is null ? properties
        : new(properties.Entries.Where(entry => entry.Key != "name").ToDictionary(entry => entry.Key, entry => entry.Value, StringComparer.Ordinal));

    private static string Moved(string stack, string here, string there) =>
        stack == here ? there : stack.StartsWith(here + ".", StringComparison.Ordinal) ? there + stack[here.Length..] : stack;

    private static bool Like(TemplateValue left, TemplateValue right, string here, string there) => (left, right) switch
    {
        (TemplateText a, TemplateText b) => a.Text == b.Text && a.Scalar == b.Scalar,
        (TemplateNull, TemplateNull) => true,
        (TemplateReference a, TemplateReference b) => Moved(a.Stack, here, there) == b.Stack && a.Name == b.Name && a.Attribute == b.Attribute,
        (TemplateUnknown a, TemplateUnknown b) => a.Why == b.Why && Like([.. a.Mentions], [.. b.Mentions], here, there),
        (TemplateList a, TemplateList b) => Like(a.Items, b.Items, here, there),
        (TemplateMap a, TemplateMap b) => a.Entries.Count == b.Entries.Count
            && a.Entries.All(entry => b.Entries.TryGetValue(entry.Key, out TemplateValue? other) && Like(entry.Value, other, here, there)),
        _ => false,
    };

    private static bool Like(IReadOnlyList<TemplateValue> left, IReadOnlyList<TemplateValue> right, string here, string there) =>
        left.Count == right.Count && left.Zip(right).All(pair => Like(pair.First, pair.Second, here, there));
}

/// <summary>A flavor or an image that a server of a template boots with.</summary>
/// <param name="Name">Of one that is looked up in the cloud; null otherwise.</param>
/// <param name="Made">Id of the resource that makes it; null otherwise.</param>
/// <param name="Unread">Why it is not known; null otherwise.</param>
public sealed record TemplateChoice(string? Name, string? Made, string? Unread);

/// <summary>A server that a template makes.</summary>
public sealed record PlannedServer(string Id, TemplateChoice Flavor, TemplateChoice Image);

/// <summary>A server with what is known of its flavor and image: the pair is judged.</summary>
/// <param name="Resource">Id of the server, or of the flavor or image that no server of the template uses.</param>
/// <param name="Counterpart">Which one is not the template's but made up to fit: <c>flavor</c>, <c>image</c> or null.</param>
public sealed record TemplatePair(string Resource, FlavorSpec Flavor, ImageSpec Image, string? Counterpart = null);
