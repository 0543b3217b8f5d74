using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>ASKs and ASVKs with their roots and their CRLs, signatures checked once. Immutable: with a new CRL, make a new one.</summary>
public sealed class TrustedIssuers
{
    private readonly List<IssuerPath> _paths = [];

    private TrustedIssuers()
    {
    }

    /// <param name="roots">ARKs, from an endorsement folder or AMD's service. Only AMD's own are trusted, and those that are named.</param>
    /// <param name="intermediates">ASKs and ASVKs, from anywhere: evidence may bring them.</param>
    /// <param name="revocations">CRLs, from anywhere.</param>
    /// <param name="simulatedRoots">SHA-256 of simulated ARKs to trust, in lower-case hexadecimal. Every result then says that it is simulated.</param>
    public static TrustedIssuers From(IEnumerable<AuthorityCertificate> roots, IEnumerable<AuthorityCertificate> intermediates,
        IEnumerable<RevocationList> revocations, IReadOnlySet<string>? simulatedRoots = null)
    {
        IssuerRoot[] known =
        [
            .. roots.Where(root => root.Role == AuthorityRole.Ark).DistinctBy(root => root.Sha256)
                .Select(root => IssuerRoot.Of(root, [.. revocations], simulatedRoots))
                .OrderByDescending(root => root.Trusted),
        ];
        TrustedIssuers issuers = new();
        foreach (AuthorityCertificate issuer in intermediates.Where(c => c.Role != AuthorityRole.Ark).DistinctBy(c => c.Sha256))
            issuers._paths.Add(IssuerPath.Of(issuer, known));
        return issuers;
    }

    /// <summary>Issuers that bear the name which a certificate gives as its issuer's; the trusted first.</summary>
    internal IEnumerable<IssuerPath> Named(ReadOnlyMemory<byte> name) =>
        _paths.Where(path => path.Issuer.Subject.Span.SequenceEqual(name.Span)).OrderByDescending(path => path.Findings.Count == 0);
}

/// <summary>An ARK, and what is wrong with trusting it.</summary>
/// <param name="Lists">CRLs that it signed.</param>
/// <param name="HasForgedList">There is a CRL in its name that it did not sign.</param>
/// <param name="Findings">Those that no passing of time changes.</param>
internal sealed record IssuerRoot(
    AuthorityCertificate Certificate, bool Simulated, IReadOnlyList<RevocationList> Lists, bool HasForgedList, IReadOnlyList<Finding> Findings)
{
    public bool Trusted => Findings.Count == 0;

    public static IssuerRoot Of(AuthorityCertificate root, IReadOnlyList<RevocationList> revocations, IReadOnlySet<string>? simulatedRoots)
    {
        bool amd = AmdRoots.LineOf(root.Sha256) == root.Line, simulated = !amd && simulatedRoots?.Contains(root.Sha256) == true;
        List<Finding> findings = [];
        if (!amd && !simulated)
            findings.Add(SnpCodes.RootUntrusted.Finds(root.Name, "a root of AMD, or a simulated one that is named", $"SHA-256 {root.Sha256}"));
        if (!root.MayIssue || !root.Issued(root))
            findings.Add(SnpCodes.RootRole.Finds(root.Name, "a certificate authority that signed itself", "another certificate"));
        ILookup<bool, RevocationList> named = revocations.Where(list => list.Names(root)).ToLookup(list => list.SignedBy(root));
        return new(root, simulated, [.. named[true]], named[false].Any(), findings);
    }
}

/// <summary>An ASK or ASVK and the root above it.</summary>
/// <param name="Findings">Those that no passing of time changes, the root's among them.</param>
internal sealed record IssuerPath(AuthorityCertificate Issuer, IssuerRoot? Root, IReadOnlyList<Finding> Findings)
{
    public static IssuerPath Of(AuthorityCertificate issuer, IReadOnlyList<IssuerRoot> roots)
    {
        List<Finding> findings = [];
        if (!issuer.MayIssue)
            findings.Add(SnpCodes.IssuerRole.Finds(issuer.Name, "a certificate authority that signs certificates", "another certificate"));
        IssuerRoot? root = roots.FirstOrDefault(r => r.Certificate.Issued(issuer));
        if (root is null)
        {
            root = roots.FirstOrDefault(r => r.Certificate.Subject.Span.SequenceEqual(issuer.Issuer.Span));
            findings.Add(root is null
                ? SnpCodes.RootMissing.Finds(issuer.Name, $"ARK-{issuer.Line}, the root that issued it", "no root of that name was given")
                : SnpCodes.IssuerSignature.Finds(issuer.Name, $"signed by {root.Certificate.Name}", "the signature does not verify"));
        }
        if (root is not null)
        {
            findings.AddRange(root.Findings);
            if (root.Certificate.Line != issuer.Line)
                findings.Add(SnpCodes.ProductMismatch.Finds(issuer.Name, $"an issuer of {root.Certificate.Line}", $"one of {issuer.Line}"));
        }
        return new(issuer, root, findings);
    }

    /// <summary>Whether an issuer of this role issues such keys.</summary>
    public bool Issues(SigningKey kind) => Issuer.Role == (kind == SigningKey.Vcek ? AuthorityRole.Ask : AuthorityRole.Asvk);
}
