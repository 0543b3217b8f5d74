namespace OpenStackSev.Configuration;

/// <summary>One key of a section, as a person sees it.</summary>
/// <param name="Description">What the key does, its unit and its bounds; whole sentences.</param>
/// <param name="Default">As it is written in a file; null when the key is unset.</param>
/// <param name="Example">A value for the sample, where there is no default.</param>
/// <param name="IsSecret">The value is never repeated in a problem.</param>
public abstract record IniKey(string Name, string Description, string? Default, string? Example, bool IsSecret);

/// <summary>One key, and how its text becomes a value of <typeparamref name="T"/>.</summary>
/// <param name="Read">Sets the value, or returns what is wrong with the text: <c>must be 10 to 3600 seconds</c>. May not throw.</param>
public sealed record IniKey<T>(
    string Name, string Description, string? Default, string? Example, bool IsSecret, Func<T, string, string?> Read)
    : IniKey(Name, Description, Default, Example, IsSecret)
{
    /// <summary>The problem in full, or null.</summary>
    internal string? Set(T options, string section, string text)
    {
        string? problem = Read(options, text);
        return problem is null ? null : IsSecret ? $"[{section}] {Name}: {problem}" : $"[{section}] {Name} = {text}: {problem}";
    }
}
