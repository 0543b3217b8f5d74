namespace OpenStackSev.Configuration;

/// <summary>What somebody may have meant.</summary>
public static class Suggestion
{
    /// <summary><c>did you mean 'interval'?</c> when a known name is near, else the known names.</summary>
    public static string For(string wrong, IEnumerable<string> known)
    {
        string[] names = [.. known];
        string? nearest = names.MinBy(candidate => EditDistance.Between(wrong, candidate));
        return nearest is not null && EditDistance.Between(wrong, nearest) <= Math.Max(2, wrong.Length / 3)
            ? $"did you mean '{nearest}'?"
            : $"known are {string.Join(", ", names)}";
    }
}
