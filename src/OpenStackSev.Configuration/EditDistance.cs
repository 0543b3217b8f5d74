namespace OpenStackSev.Configuration;

/// <summary>Levenshtein distance: which known name a misspelt one is nearest to.</summary>
public static class EditDistance
{
    private const int LongestCompared = 256;

    public static int Between(string left, string right)
    {
        left = left[..Math.Min(left.Length, LongestCompared)];
        right = right[..Math.Min(right.Length, LongestCompared)];
        int[] previous = [.. Enumerable.Range(0, right.Length + 1)];
        int[] current = new int[right.Length + 1];
        for (int i = 1; i <= left.Length; i++)
        {
            current[0] = i;
            for (int j = 1; j <= right.Length; j++)
            {
                int substitution = previous[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
                current[j] = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), substitution);
            }

            (previous, current) = (current, previous);
        }

        return previous[right.Length];
    }
}
