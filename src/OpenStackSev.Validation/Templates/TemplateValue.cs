using System.Collections.Immutable;

namespace OpenStackSev.Validation.Templates;

/// <summary>A value in a Heat template or environment, as it is written or after its functions were evaluated. Immutable.</summary>
public abstract class TemplateValue
{
    /// <summary>Resources that a text was made of and that are no longer seen in it.</summary>
    internal virtual IEnumerable<TemplateReference> Mentions => [];
}

/// <summary>What YAML makes of a scalar: <c>true</c> and <c>'true'</c> are not the same for Heat, Nova and Glance.</summary>
public enum TemplateScalar
{
    Text,
    Boolean,
    Integer,
    Float,
}

/// <summary>A text, number or boolean; null is <see cref="TemplateNull"/>.</summary>
/// <param name="text">As Python's <c>str()</c> writes it: <c>True</c>, <c>8</c> (also of 010), <c>1e-05</c>.</param>
public sealed class TemplateText(string text, TemplateScalar scalar = TemplateScalar.Text) : TemplateValue
{
    public static TemplateText True { get; } = new("True", TemplateScalar.Boolean);

    public static TemplateText False { get; } = new("False", TemplateScalar.Boolean);

    public string Text { get; } = text;

    public TemplateScalar Scalar { get; } = scalar;

    /// <summary>A text that is one, and no number.</summary>
    internal bool IsText => Scalar == TemplateScalar.Text;

    public static TemplateText Of(bool truth) => truth ? True : False;

    public override string ToString() => Text;
}

/// <summary><c>~</c>, <c>null</c> or nothing.</summary>
public sealed class TemplateNull : TemplateValue
{
    public static TemplateNull Instance { get; } = new();

    public override string ToString() => "null";
}

/// <summary>What <c>if</c> without a third part leaves: whatever it stands in is as if it were not written. Only after evaluation.</summary>
internal sealed class TemplateAbsent : TemplateValue
{
    public static TemplateAbsent Instance { get; } = new();
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
/// <param name="mentions">All that it is made of, each once. <see cref="TemplateRun.Unknown"/> bounds them.</param>
internal sealed class TemplateUnknown(string why, IReadOnlyList<TemplateReference> mentions) : TemplateValue
{
    public TemplateUnknown(string why)
        : this(why, [])
    {
    }

    public string Why { get; } = why;

    internal override IEnumerable<TemplateReference> Mentions => mentions;
}
