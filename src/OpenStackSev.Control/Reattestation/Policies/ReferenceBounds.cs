using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Policies;
using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>What reference values may look like. Pure.</summary>
internal static class ReferenceBounds
{
    private const int DigestDigits = 96;

    /// <returns>The same with digests in lower case.</returns>
    /// <exception cref="ApiException">400, with every problem and its place.</exception>
    public static IReadOnlyList<NewReferenceValue> Checked(IReadOnlyList<NewReferenceValue> values, string place)
    {
        string[] problems = [.. Problems(values, place).Take(100)];
        if (problems is [var first, .. var further])
            throw new ApiException(RequestErrors.Invalid, first) { Further = further };
        return [.. values.Select(value => value with { Digest = value.Digest.ToLowerInvariant() })];
    }

    /// <exception cref="ApiException">400.</exception>
    public static string Digest(string text, string place) => IsDigest(text) ? text.ToLowerInvariant()
        : throw new ApiException(RequestErrors.Invalid, $"{place}: must be {DigestDigits} hex digits");

    private static IEnumerable<string> Problems(IReadOnlyList<NewReferenceValue> values, string place)
    {
        if (values.Count is 0 or > NewReferenceValues.MostAtOnce)
        {
            yield return $"{place}: must be 1 to {NewReferenceValues.MostAtOnce} values";
            yield break;
        }

        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (int i = 0; i < values.Count; i++)
        {
            if (values[i] is not { Digest: not null, Name: not null } value)
            {
                yield return $"{place}[{i}]: must be an object";
                continue;
            }

            if (!IsDigest(value.Digest))
                yield return $"{place}[{i}].digest: must be {DigestDigits} hex digits";
            else if (!seen.Add(value.Digest))
                yield return $"{place}[{i}].digest: is there twice";
            if (value.Name.Length is 0 or > NewReferenceValues.LongestName || value.Name.Any(char.IsControl))
                yield return $"{place}[{i}].name: must be 1 to {NewReferenceValues.LongestName} printable characters";
        }
    }

    private static bool IsDigest(string text) => text.Length == DigestDigits && text.All(char.IsAsciiHexDigit);
}
