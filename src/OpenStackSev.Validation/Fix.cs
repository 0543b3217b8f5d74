using System.Text;

namespace OpenStackSev.Validation;

/// <summary>Commands that mend what a rule found. They can be pasted into a shell: every name is quoted.</summary>
internal static class Fix
{
    public static string SetImage(ImageSpec image, params string[] properties) =>
        $"openstack image set {string.Join(' ', properties.Select(p => "--property " + Quoted(p)))} {Quoted(image.Id ?? image.Name)}";

    public static string UnsetImage(ImageSpec image, params string[] properties) =>
        $"openstack image unset {string.Join(' ', properties.Select(p => "--property " + Quoted(p)))} {Quoted(image.Id ?? image.Name)}";

    public static string SetFlavor(FlavorSpec flavor, params string[] properties) =>
        $"openstack flavor set {string.Join(' ', properties.Select(p => "--property " + Quoted(p)))} {Quoted(flavor.Id ?? flavor.Name)}";

    public static string UnsetFlavor(FlavorSpec flavor, params string[] properties) =>
        $"openstack flavor unset {string.Join(' ', properties.Select(p => "--property " + Quoted(p)))} {Quoted(flavor.Id ?? flavor.Name)}";

    /// <summary>As it is where a shell sees nothing in it, else between single quotes.</summary>
    internal static string Quoted(string text)
    {
        if (text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.' or ':' or '=' or '/' or ',' or '@' or '+'))
            return text;
        return new StringBuilder("'").Append(text.Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'').ToString();
    }
}
