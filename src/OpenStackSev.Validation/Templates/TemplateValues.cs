using System.Buffers;

namespace OpenStackSev.Validation.Templates;

/// <summary>Values that Nova and Glance refuse: Heat hands on what YAML makes of them, and both take texts.</summary>
/// <remarks>
/// Source: nova/api/openstack/compute/schemas/flavors_extraspecs.py (texts and numbers); Glance's schema of an image, which its client checks (texts);
/// heat/engine/resources/openstack/nova/flavor.py and glance/image.py, which set all at once after the flavor or image is there.
/// </remarks>
internal static class TemplateValues
{
    private const int LongestText = 255;

    private static readonly SearchValues<char> s_key = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_:. ");

    /// <summary>In words, e.g. <c>extra_specs 'hw:mem_encryption' is the boolean true; write 'true'</c>.</summary>
    public static IEnumerable<string> Refused(PlannedResource resource)
    {
        (string property, bool numbers) = resource.Type switch
        {
            "OS::Nova::Flavor" => ("extra_specs", true),
            "OS::Glance::WebImage" => ("extra_properties", false),
            _ => ("", false),
        };
        foreach ((string key, TemplateValue value) in resource.Properties.Map(property).Entries)
        {
            string? problem = value switch
            {
                _ when numbers && (key.Length > LongestText || key.Length == 0 || key.AsSpan().ContainsAnyExcept(s_key)) => "under a key that Nova refuses",
                TemplateText { IsText: true } text => numbers && text.Text.Length > LongestText ? $"longer than {LongestText} characters" : null,
                TemplateUnknown or TemplateReference => null,
                TemplateText { Scalar: TemplateScalar.Boolean } truth => $"the boolean {YamlScalar.Key(truth)}; write '{YamlScalar.Key(truth)}'",
                TemplateText number => numbers ? null : $"the number {number.Text}; write '{number.Text}'",
                TemplateNull => "null",
                TemplateList => "a list",
                _ => "a map",
            };
            if (problem is not null)
                yield return $"{property} {Shown.Value(key)} is {problem}";
        }
    }
}
