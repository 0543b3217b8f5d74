using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>AMD's root keys (ARK), by the SHA-256 of the whole certificate.</summary>
/// <remarks>
/// The certificate that has this hash is the anchor, not just its key: its validity and its extensions are AMD's too.
/// Source: the certificates of AMD's KDS, <c>/vcek/v1/{line}/cert_chain</c>; the same hashes are in the trust stores of go-sev-guest and
/// of Confidential Containers. AMD has published no ARK for Venice that could be checked, so none is here.
/// </remarks>
public static class AmdRoots
{
    private static readonly Dictionary<string, ProductLine> s_lines = new(StringComparer.Ordinal)
    {
        ["69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"] = ProductLine.Milan,
        ["4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"] = ProductLine.Genoa,
        ["1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"] = ProductLine.Turin,
    };

    /// <summary>The line that the certificate with this hash is the root of; null when AMD has no such root.</summary>
    /// <param name="sha256">64 hexadecimal digits, lower case.</param>
    public static ProductLine? LineOf(string sha256) => s_lines.TryGetValue(sha256, out ProductLine line) ? line : null;

    /// <summary>Hash and line of each root.</summary>
    public static IReadOnlyDictionary<string, ProductLine> All => s_lines;
}
