using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements;

/// <summary>The root of a line and those below it that issue VCEKs, or VLEKs. Verified, without regard to dates and revocations.</summary>
/// <param name="Intermediates">ASKs, or ASVKs.</param>
/// <param name="Simulated">The root is a simulated one that was named.</param>
public sealed record Issuers(AuthorityCertificate Root, IReadOnlyList<AuthorityCertificate> Intermediates, bool Simulated)
{
    // Dates and revocations are the verifier's: a VCEK that has expired is still the one that was asked for.
    private static readonly AppraisalPolicy s_signaturesOnly = new() { Dates = DateChecks.Ignored };

    internal TrustedIssuers Trusted { get; init; } = TrustedIssuers.From([], [], []);

    internal static Issuers Of(AuthorityCertificate root, IReadOnlyList<AuthorityCertificate> intermediates, IReadOnlySet<string> simulatedRoots) =>
        new(root, intermediates, AmdRoots.LineOf(root.Sha256) is null)
        {
            Trusted = TrustedIssuers.From([root], intermediates, [], simulatedRoots),
        };

    /// <summary>What keeps a key from leading to <see cref="Root"/>.</summary>
    internal IReadOnlyList<Finding> Check(VekCertificate key) => EndorsementChain.Of(key, Trusted).Check(DateTimeOffset.UnixEpoch, s_signaturesOnly);
}

/// <summary>Checks of authorities and CRLs by themselves; those of a key with its chain are <see cref="EndorsementChain"/>'s.</summary>
internal static class AuthorityChecks
{
    /// <summary>An ARK that is AMD's, or a simulated one that is named.</summary>
    public static IEnumerable<Finding> OfRoot(AuthorityCertificate root, ProductLine line, IReadOnlySet<string> simulatedRoots)
    {
        if (root.Role != AuthorityRole.Ark || root.Line != line)
            yield return SnpCodes.ProductMismatch.Finds(root.Name, $"ARK-{line}", root.Name);
        if (AmdRoots.LineOf(root.Sha256) != root.Line && !simulatedRoots.Contains(root.Sha256))
            yield return SnpCodes.RootUntrusted.Finds(root.Name, "a root of AMD, or a simulated one that is named", $"SHA-256 {root.Sha256}");
        if (!root.MayIssue || !root.Issued(root))
            yield return SnpCodes.RootRole.Finds(root.Name, "a certificate authority that signed itself", "another certificate");
    }

    /// <summary>An ASK or ASVK below a root that is trusted.</summary>
    public static IEnumerable<Finding> OfIssuer(AuthorityCertificate issuer, AuthorityCertificate root)
    {
        if (issuer.Line != root.Line)
            yield return SnpCodes.ProductMismatch.Finds(issuer.Name, $"an issuer of {root.Line}", $"one of {issuer.Line}");
        if (!issuer.MayIssue || issuer.Role == AuthorityRole.Ark)
            yield return SnpCodes.IssuerRole.Finds(issuer.Name, "a certificate authority that signs certificates", "another certificate");
        if (!root.Issued(issuer))
            yield return SnpCodes.IssuerSignature.Finds(issuer.Name, $"signed by {root.Name}", "the signature does not verify");
    }

    public static Finding? OfRevocations(RevocationList list, AuthorityCertificate root) => list.SignedBy(root) ? null
        : SnpCodes.CrlSignature.Finds($"CRL of {root.Name}", $"signed by {root.Name}", "the signature does not verify");

    public static IEnumerable<Finding> Dates(AuthorityCertificate authority, DateTimeOffset now)
    {
        if (now < authority.NotBefore)
            yield return SnpCodes.CertificateNotYetValid.Finds(authority.Name, $"valid at {now:u}", $"valid from {authority.NotBefore:u}");
        if (now > authority.NotAfter)
            yield return SnpCodes.CertificateExpired.Finds(authority.Name, $"valid at {now:u}", $"expired {authority.NotAfter:u}");
    }

    public static IEnumerable<Finding> Dates(RevocationList list, AuthorityCertificate root, DateTimeOffset now)
    {
        if (now < list.ThisUpdate)
            yield return SnpCodes.CrlNotYetValid.Finds($"CRL of {root.Name}", $"published before {now:u}", $"published {list.ThisUpdate:u}");
        if (now > list.NextUpdate)
            yield return SnpCodes.CrlStale.Finds($"CRL of {root.Name}", $"the next one is due after {now:u}", $"it was due {list.NextUpdate:u}");
    }
}
