using System.Collections.Immutable;

namespace OpenStackSev.Validation.Templates;

/// <summary>A value in a Heat template or environment, as it is written or after its functions were evaluated. Immutable.</summary>
public abstract class TemplateValue
{
    /// <summary>Resources that a text was made of and that are no longer seen in it.</summary>
    internal virtual IEnumerable<TemplateReference> Mentions => [];
}

/// <summary>A text, number or boolean as it is written; null is <see cref="TemplateNull"/>.</summary>
public sealed class TemplateText(string text) : TemplateValue
{
    public string Text { get; } = text;

    public override string ToString() => Text;
}

/// <summary><c>~</c>, <c>null</c> or nothing.</summary>
public sealed class TemplateNull : TemplateValue
{
    public static TemplateNull Instance { get; } = new();

    public override string ToString() => "null";
}

public sealed class TemplateList(ImmutableArray<TemplateValue> items) : TemplateValue
{
    public ImmutableArray<TemplateValue> Items { get; } = items;

    internal override IEnumerable<TemplateReference> Mentions => Items.SelectMany(item => item.Mentions);
}

/// <param name="entries">In the order of the file.</param>
public sealed class TemplateMap(IReadOnlyDictionary<string, TemplateValue> entries) : TemplateValue
{
    public static TemplateMap Empty { get; } = new(new Dictionary<string, TemplateValue>(StringComparer.Ordinal));

    public IReadOnlyDictionary<string, TemplateValue> Entries { get; } = entries;

    internal override IEnumerable<TemplateReference> Mentions => Entries.Values.SelectMany(value => value.Mentions);

    /// <summary>Null where the key is absent or says nothing.</summary>
    internal TemplateValue? Find(string key) => Entries.TryGetValue(key, out TemplateValue? value) && value is not TemplateNull ? value : null;

    internal string? Text(string key) => (Find(key) as TemplateText)?.Text;

    internal TemplateMap Map(string key) => Find(key) as TemplateMap ?? Empty;
}

/// <summary>A resource of the template, known before it is made. Only after evaluation.</summary>
/// <param name="stack">Names of the nested stacks that lead to it, e.g. <c>members.0</c>; empty for the outermost.</param>
/// <param name="name">Empty for the stack itself.</param>
/// <param name="attribute">Null for the resource's id, <see cref="All"/> for one that is not known here.</param>
internal sealed class TemplateReference(string stack, string name, string? attribute) : TemplateValue
{
    public const string All = "*";

    public string Stack { get; } = stack;
    public string Name { get; } = name;
    public string? Attribute { get; } = attribute;

    internal override IEnumerable<TemplateReference> Mentions => [this];
}

/// <summary>What nobody knows before the stack is made, or what is not evaluated here. Only after evaluation.</summary>
/// <param name="why">For people, without a full stop.</param>
internal sealed class TemplateUnknown(string why, IEnumerable<TemplateReference>? mentions = null) : TemplateValue
{
    private readonly TemplateReference[] _mentions = mentions is null ? [] : [.. mentions.Take(64)];

    public string Why { get; } = why;

    internal override IEnumerable<TemplateReference> Mentions => _mentions;
}
