using System.Buffers;
using System.Globalization;
using System.Text;

namespace OpenStackSev.Validation;

/// <summary>Commands that mend what a rule found. They can be pasted into bash, ksh or zsh: every name is quoted.</summary>
internal static class Fix
{
    private static readonly SearchValues<char> s_bare =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.:=/,@+");

    public static string? SetImage(ImageSpec image, params ReadOnlySpan<string> properties) =>
        Command("image set", properties, image.Id ?? image.Name);

    public static string? UnsetImage(ImageSpec image, params ReadOnlySpan<string> properties) =>
        Command("image unset", properties, image.Id ?? image.Name);

    public static string? SetFlavor(FlavorSpec flavor, params ReadOnlySpan<string> properties) =>
        Command("flavor set", properties, flavor.Id ?? flavor.Name);

    public static string? UnsetFlavor(FlavorSpec flavor, params ReadOnlySpan<string> properties) =>
        Command("flavor unset", properties, flavor.Id ?? flavor.Name);

    /// <summary>One after the other, the second only if the first went well.</summary>
    public static string? Then(string? first, string? second) => first is null || second is null ? null : $"{first} && {second}";

    /// <returns>Null where no shell can hold the text: it ends at a NUL.</returns>
    private static string? Command(string verb, ReadOnlySpan<string> properties, string target)
    {
        var command = new StringBuilder("openstack ").Append(verb);
        foreach (string property in properties)
        {
            if (property.Contains('\0', StringComparison.Ordinal))
                return null;
            command.Append(" --property").Append(property.StartsWith('-') ? '=' : ' ').Append(Quoted(property));
        }
        if (target.Contains('\0', StringComparison.Ordinal))
            return null;
        // else the client reads the name as an option
        if (target.StartsWith('-'))
            command.Append(" --");
        return command.Append(' ').Append(Quoted(target)).ToString();
    }

    /// <summary>As it is where a shell sees nothing in it, else between quotes; control characters are written so that none is in the text.</summary>
    internal static string Quoted(string text)
    {
        // zsh looks for a command behind a word's first equals sign
        if (text.Length > 0 && text[0] != '=' && !text.AsSpan().ContainsAnyExcept(s_bare))
            return text;
        if (text.Any(char.IsControl))
            return AnsiQuoted(text);
        return new StringBuilder("'").Append(text.Replace("'", "'\\''", StringComparison.Ordinal)).Append('\'').ToString();
    }

    private static string AnsiQuoted(string text)
    {
        var quoted = new StringBuilder("$'");
        foreach (char c in text)
        {
            if (c is '\'' or '\\')
                quoted.Append('\\').Append(c);
            else if (char.IsControl(c))
                quoted.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                quoted.Append(c);
        }
        return quoted.Append('\'').ToString();
    }
}
