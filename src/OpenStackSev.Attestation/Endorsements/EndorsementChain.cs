using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>A VCEK or VLEK with its issuer and root, signatures checked once. Keep it: appraising with a known one costs one signature.</summary>
public sealed class EndorsementChain
{
    private readonly IssuerPath? _path;
    private readonly IReadOnlyList<Finding> _findings;

    private EndorsementChain(VekCertificate vek, IssuerPath? path, IReadOnlyList<Finding> findings) =>
        (Vek, _path, _findings) = (vek, path, findings);

    public VekCertificate Vek { get; }

    /// <summary>The ASK or ASVK; null when it is not known.</summary>
    public AuthorityCertificate? Issuer => _path?.Issuer;

    /// <summary>The ARK; null when it is not known.</summary>
    public AuthorityCertificate? Root => _path?.Root?.Certificate;

    /// <summary>The root is a simulated one that was named.</summary>
    public bool Simulated => _path?.Root?.Simulated == true;

    /// <summary>Every signature up to a trusted root verifies, and every role is right. Dates and revocation are <see cref="Check"/>'s.</summary>
    public bool LeadsToTrustedRoot => _findings.Count == 0;

    /// <summary>A CRL that the root signed was there to be asked.</summary>
    public bool RevocationKnown => _path?.Root?.Lists.Count > 0;

    /// <param name="vek">The key.</param>
    /// <param name="issuers">Who may have issued it.</param>
    public static EndorsementChain Of(VekCertificate vek, TrustedIssuers issuers)
    {
        IssuerPath[] named = [.. issuers.Named(vek.Issuer)];
        if (named.Length == 0)
        {
            return new(vek, null,
                [SnpCodes.IssuerMissing.Finds(vek.Name, $"the certificate of {vek.IssuerName}", "no certificate of that name was given")]);
        }
        IssuerPath? signer = Array.Find(named, path => path.Issuer.Issued(vek.Reader));
        IssuerPath path = signer ?? named[0];
        List<Finding> findings = [.. path.Findings];
        if (signer is null)
            findings.Add(SnpCodes.VekSignature.Finds(vek.Name, $"signed by {path.Issuer.Name}", "the signature does not verify"));
        if (!path.Issues(vek.Kind))
            findings.Add(SnpCodes.VekRole.Finds(vek.Name, vek.Kind == SigningKey.Vcek ? "issued by an ASK" : "issued by an ASVK", path.Issuer.Name));
        if (path.Issuer.Line != vek.Line)
            findings.Add(SnpCodes.ProductMismatch.Finds(vek.Name, $"a key of {path.Issuer.Line}", $"one of {vek.Line} ({vek.ProductName})"));
        return new(vek, path, findings);
    }

    /// <summary>What is wrong with the chain at a time. Empty when it can be believed.</summary>
    /// <param name="now">When it is judged.</param>
    /// <param name="policy">Whether dates count, and whether a CRL must be there.</param>
    public IReadOnlyList<Finding> Check(DateTimeOffset now, AppraisalPolicy policy)
    {
        List<Finding>? findings = _findings.Count > 0 ? [.. _findings] : null;
        if (policy.Dates == DateChecks.Checked)
        {
            CheckDates(Vek.Name, Vek.NotBefore, Vek.NotAfter, now, ref findings);
            if (Issuer is { } issuer)
                CheckDates(issuer.Name, issuer.NotBefore, issuer.NotAfter, now, ref findings);
            if (Root is { } root)
                CheckDates(root.Name, root.NotBefore, root.NotAfter, now, ref findings);
        }
        if (_path?.Root is { } issuerRoot)
            CheckRevocation(_path.Issuer, issuerRoot, now, policy.Crl, ref findings);
        return findings ?? (IReadOnlyList<Finding>)[];
    }

    // One from the future does not hide one of today.
    private static bool IsNewer(RevocationList list, RevocationList than, DateTimeOffset now) =>
        (list.ThisUpdate <= now, list.ThisUpdate).CompareTo((than.ThisUpdate <= now, than.ThisUpdate)) > 0;

    private static void CheckDates(string name, DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset now, ref List<Finding>? findings)
    {
        if (now < notBefore)
            (findings ??= []).Add(SnpCodes.CertificateNotYetValid.Finds(name, $"valid at {now:u}", $"valid from {notBefore:u}"));
        else if (now > notAfter)
            (findings ??= []).Add(SnpCodes.CertificateExpired.Finds(name, $"valid at {now:u}", $"expired {notAfter:u}"));
    }

    private void CheckRevocation(AuthorityCertificate issuer, IssuerRoot root, DateTimeOffset now, CrlUse use, ref List<Finding>? findings)
    {
        RevocationList? newest = null;
        foreach (RevocationList list in root.Lists)
        {
            // Whatever its age: what was revoked stays revoked.
            if (list.Revokes(issuer) || list.Revokes(root.Certificate))
            {
                (findings ??= []).Add(SnpCodes.IssuerRevoked.Finds(list.Revokes(issuer) ? issuer.Name : root.Certificate.Name,
                    "not revoked", $"revoked by the CRL of {list.ThisUpdate:u}"));
                return;
            }
            if ((list.Of is null || list.Of == Vek.Kind) && (newest is null || IsNewer(list, newest, now)))
                newest = list;
        }
        string name = $"CRL of {root.Certificate.Name}";
        if (newest is null && root.HasForgedList)
            (findings ??= []).Add(SnpCodes.CrlSignature.Finds(name, $"signed by {root.Certificate.Name}", "the signature does not verify"));
        else if (newest is null && use == CrlUse.Required)
            (findings ??= []).Add(SnpCodes.CrlMissing.Finds(name, $"one published beside the {Vek.Kind.ToString().ToUpperInvariant()}s", "none"));
        else if (newest?.ThisUpdate > now)
            (findings ??= []).Add(SnpCodes.CrlNotYetValid.Finds(name, $"published before {now:u}", $"published {newest.ThisUpdate:u}"));
        else if (newest?.NextUpdate < now)
            (findings ??= []).Add(SnpCodes.CrlStale.Finds(name, $"the next one is due after {now:u}", $"it was due {newest.NextUpdate:u}"));
    }
}
