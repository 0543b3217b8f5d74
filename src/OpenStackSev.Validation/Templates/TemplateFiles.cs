namespace OpenStackSev.Validation.Templates;

/// <summary>A template with all that it is made of.</summary>
/// <param name="Main">Path of the template.</param>
/// <param name="Environments">Paths of the environments; the later one wins.</param>
/// <param name="Documents">Templates and environments by path.</param>
/// <param name="Texts">Files of <c>get_file</c> by path.</param>
/// <remarks>Paths are absolute and normal, so that each file has one.</remarks>
public sealed record TemplateFiles(
    string Main, IReadOnlyList<string> Environments, IReadOnlyDictionary<string, TemplateMap> Documents, IReadOnlyDictionary<string, string> Texts)
{
    /// <summary>Heat's own default of max_template_size.</summary>
    public const int MaximumBytes = 512 * 1024;

    /// <summary>More is no template that people read.</summary>
    public const int MaximumFiles = 100;

    /// <summary>Other templates that a document names, as they are written there.</summary>
    public static IEnumerable<string> TemplatesIn(TemplateMap document, bool environment) =>
        Walk(document, environment).Where(found => found.Key is not "get_file" && IsTemplate(found.Text)).Select(found => found.Text);

    /// <summary>Files that a document reads by <c>get_file</c>, as they are written there.</summary>
    public static IEnumerable<string> TextsIn(TemplateMap document) =>
        Walk(document, environment: false).Where(found => found.Key == "get_file").Select(found => found.Text);

    /// <summary>A type that is a file. <c>.yml</c> is none for Heat.</summary>
    internal static bool IsTemplate(string type) =>
        type.EndsWith(".yaml", StringComparison.Ordinal) || type.EndsWith(".template", StringComparison.Ordinal);

    /// <summary>The path of a file that is named in another one; null where it cannot be one: an address, or no path at all.</summary>
    public static string? Located(string name, string folder) =>
        name.Length is 0 or > 4096 || name.Contains("://", StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal) ? null : Path.GetFullPath(name, folder);

    private static IEnumerable<(string Key, string Text)> Walk(TemplateMap document, bool environment)
    {
        var open = new Stack<(TemplateValue Value, bool Registry)>([(document, false)]);
        while (open.TryPop(out var next))
        {
            foreach ((string key, TemplateValue value) in (next.Value as TemplateMap ?? TemplateMap.Empty).Entries)
            {
                bool registry = next.Registry || (environment && key == "resource_registry");
                if (value is TemplateText text && (registry || key is "type" or "get_file"))
                    yield return (key, text.Text);
                open.Push((value, registry));
            }
            foreach (TemplateValue item in next.Value is TemplateList list ? list.Items : [])
                open.Push((item, next.Registry));
        }
    }
}
