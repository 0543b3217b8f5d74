using System.Text.RegularExpressions;
using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Identity;

/// <summary>oslo.policy's rule language: <c>role:</c>, <c>rule:</c>, <c>attribute:text</c>, <c>attribute:%(target)s</c>, not, and, or, ( ), @, !.</summary>
/// <remarks>
/// <c>not</c> binds tighter than <c>and</c>, and that tighter than <c>or</c>. An empty rule allows, as in oslo.policy. What is not understood
/// is an error here; oslo.policy takes it for "never".
/// Source: oslo.policy documentation, "Policy Rule Expressions".
/// </remarks>
public sealed partial class PolicyLanguage
{
    private const int LongestRule = 4096;
    private const int DeepestRule = 32;

    private readonly List<string> words;
    private int position;
    private int depth;

    private PolicyLanguage(List<string> words) => this.words = words;

    /// <exception cref="FormatException">Says what is wrong.</exception>
    public static PolicyCheck Parse(string rule)
    {
        if (rule.Length > LongestRule)
            throw new FormatException($"longer than {LongestRule} characters");
        var language = new PolicyLanguage([.. Word().Matches(rule).Select(match => match.Value)]);
        if (language.words.Count == 0)
            return new ConstantCheck(true);
        PolicyCheck check = language.Any();
        return language.Next is { } rest ? throw new FormatException($"'{rest}' is not expected there") : check;
    }

    private string? Next => position < words.Count ? words[position] : null;

    private PolicyCheck Any()
    {
        List<PolicyCheck> parts = [All()];
        while (Take("or"))
            parts.Add(All());
        return parts is [var only] ? only : new AnyCheck(parts);
    }

    private PolicyCheck All()
    {
        List<PolicyCheck> parts = [Not()];
        while (Take("and"))
            parts.Add(Not());
        return parts is [var only] ? only : new AllCheck(parts);
    }

    private PolicyCheck Not()
    {
        if (++depth > DeepestRule)
            throw new FormatException($"nested deeper than {DeepestRule}");
        PolicyCheck check = Take("not") ? new NotCheck(Not()) : One();
        depth--;
        return check;
    }

    private PolicyCheck One()
    {
        string word = Next ?? throw new FormatException("it ends where a check is expected");
        position++;
        switch (word)
        {
            case "@":
                return new ConstantCheck(true);
            case "!":
                return new ConstantCheck(false);
            case "(":
                PolicyCheck inner = Any();
                return Take(")") ? inner : throw new FormatException("a parenthesis is not closed");
            default:
                return Check(word);
        }
    }

    private static PolicyCheck Check(string word)
    {
        int colon = word.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0 || colon == word.Length - 1)
            throw new FormatException($"'{word}' is no check; write role:NAME, rule:NAME or project_id:%(project_id)s");
        string kind = word[..colon], match = word[(colon + 1)..];
        if (kind == "role")
            return new RoleCheck(match.ToLowerInvariant());
        if (kind == "rule")
            return new ReferenceCheck(match);
        if (!PolicyCheck.CallerAttributes.ContainsKey(kind))
            throw new FormatException($"'{kind}' is nothing that a caller has; {Suggestion.For(kind, ["role", "rule", .. PolicyCheck.CallerAttributes.Keys])}");
        if (!match.StartsWith("%(", StringComparison.Ordinal) || !match.EndsWith(")s", StringComparison.Ordinal))
            return new AttributeCheck(kind, match, IsTarget: false);
        string attribute = match[2..^2];
        return PolicyTarget.Attributes.ContainsKey(attribute)
            ? new AttributeCheck(kind, attribute, IsTarget: true)
            : throw new FormatException($"'{attribute}' is nothing that a target has; {Suggestion.For(attribute, PolicyTarget.Attributes.Keys)}");
    }

    private bool Take(string word)
    {
        if (!string.Equals(Next, word, StringComparison.OrdinalIgnoreCase))
            return false;
        position++;
        return true;
    }

    /// <summary><c>%(name)s</c> is part of a word; any other parenthesis is a word of its own.</summary>
    [GeneratedRegex(@"(?:%\([^()\s]*\)s|[^()\s])+|[()]", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Word();
}
