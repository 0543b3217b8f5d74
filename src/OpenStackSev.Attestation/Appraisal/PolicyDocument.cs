using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>An appraisal policy as an operator writes it: JSON of the form that appraisal-policy.schema.json describes.</summary>
/// <remarks>
/// UTF-8 without a byte order mark, at most <see cref="MaximumSize"/> bytes, one object, no comments. Only <c>version</c> is needed: a key
/// that is left out means the default, and <c>{"version": 1}</c> is <see cref="AppraisalPolicy.Default"/>. The document is the operator's:
/// it decides what is trusted, so it must come from where only operators write.
/// </remarks>
public static class PolicyDocument
{
    /// <summary>The version that is read and written.</summary>
    public const int Version = 1;

    /// <summary>In bytes.</summary>
    public const int MaximumSize = 1 << 20;

    /// <summary>The JSON Schema (draft 2020-12) of the document. What joins several keys, only <see cref="TryParse"/> checks.</summary>
    public static string Schema { get; } = Encoding.UTF8.GetString(EmbeddedText.Read("appraisal-policy.schema.json"));

    /// <summary>A document with every key. Its values are examples: they are nobody's reference values.</summary>
    public static string Sample { get; } = Encoding.UTF8.GetString(EmbeddedText.Read("appraisal-policy.sample.json"));

    /// <summary>Reads a document whole or not at all.</summary>
    /// <param name="json">The bytes of the document. Untrusted until read; never an exception.</param>
    /// <param name="policy">What it asks for, digests and chips in lower case; null when there is a problem.</param>
    /// <param name="problems">Everything that is wrong, in the order in which it was met; empty when the policy was read.</param>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems)
    {
        PolicyReader reader = new();
        policy = reader.Policy(json);
        problems = reader.Problems;
        if (problems.Count > 0)
            policy = null;
        return policy is not null;
    }

    /// <summary>The document of a policy: every key, in one order, so equal policies are equal bytes.</summary>
    /// <returns>UTF-8 with a newline at its end. <see cref="TryParse"/> reads an equal policy from it.</returns>
    /// <exception cref="ArgumentException">The policy says what no document can: e.g. a chip of 7 digits, or what is never required is.</exception>
    public static byte[] Write(AppraisalPolicy policy)
    {
        byte[] json = PolicyWriter.Write(policy, description: null);
        if (!TryParse(json, out _, out IReadOnlyList<PolicyProblem> problems))
            throw new ArgumentException("no policy document says this: " + string.Join("; ", problems), nameof(policy));
        return json;
    }

    /// <summary>Names a policy by what it asks for: <c>sha256:</c> and the SHA-256 of what <see cref="Write"/> makes of it, in hexadecimal.</summary>
    /// <exception cref="ArgumentException">As of <see cref="Write"/>.</exception>
    public static string Digest(AppraisalPolicy policy) => "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Write(policy)));
}
