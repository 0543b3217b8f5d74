namespace OpenStackSev.Validation;

/// <summary>How Nova reads a boolean out of text.</summary>
/// <remarks>Source: oslo_utils.strutils.bool_from_string, with strict off: what is neither true nor false is false.</remarks>
public static class NovaBoolean
{
    private static readonly string[] s_true = ["1", "t", "true", "on", "y", "yes"];
    private static readonly string[] s_false = ["0", "f", "false", "off", "n", "no"];

    /// <summary>As Nova reads it: everything unknown is false.</summary>
    public static bool Of(string text) => s_true.Contains(Lowered(text));

    /// <summary>Whether somebody can have meant it: the API refuses others where it looks (2.86).</summary>
    public static bool IsOne(string text) => s_true.Contains(Lowered(text)) || s_false.Contains(Lowered(text));

    // Python's strip() takes the same characters as .NET's Trim() but for a few separators; neither is in any word here.
    private static string Lowered(string text) => text.Trim().ToLowerInvariant();
}
