using System.Collections.Concurrent;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements;

/// <summary>Roots, and the issuers of VCEKs and VLEKs. AMD may have another issuer one day; then both count.</summary>
internal sealed class IssuerStore(EndorsementSource source)
{
    private readonly SharedFetches<Issuers> fetches = new();
    private readonly ConcurrentDictionary<string, Issuers> known = new(StringComparer.Ordinal);

    /// <summary>What their refreshes are counted by.</summary>
    public static string NameOf(ProductLine line, SigningKey of) => $"{line} {of}";

    /// <summary>The root of a line and the issuers of its VCEKs, or of its VLEKs.</summary>
    /// <param name="of"><see cref="SigningKey.Vcek"/> or <see cref="SigningKey.Vlek"/>.</param>
    /// <exception cref="KdsException">They are not in the folder, and the service has them not or could not be asked.</exception>
    public Task<Issuers> FindAsync(ProductLine line, SigningKey of, CancellationToken ct = default)
    {
        string name = NameOf(line, of);
        return known.TryGetValue(name, out Issuers? here) ? Task.FromResult(here)
            : fetches.JoinAsync(name, stop => FindOnceAsync(line, of, stop), ct);
    }

    private async Task<Issuers> FindOnceAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        Issuers issuers = ReadAll(line, of) ?? await FetchAsync(line, of, ct);
        known[NameOf(line, of)] = issuers;
        return issuers;
    }

    /// <summary>Asks the service, though they are there: AMD may have another issuer by now.</summary>
    public Task<Issuers> RefreshAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        source.Refreshed(NameOf(line, of));
        return fetches.JoinAsync(NameOf(line, of) + " again", async stop =>
        {
            Issuers fetched = await FetchAsync(line, of, stop);
            IEnumerable<AuthorityCertificate> before = known.TryGetValue(NameOf(line, of), out Issuers? here)
                && here.Root.Sha256 == fetched.Root.Sha256 ? here.Intermediates : [];
            Issuers all = Issuers.Of(fetched.Root, [.. before.Concat(fetched.Intermediates).DistinctBy(issuer => issuer.Sha256)], source.SimulatedRoots);
            known[NameOf(line, of)] = all;
            return all;
        }, ct);
    }

    private Issuers? ReadAll(ProductLine line, SigningKey of)
    {
        if (ReadAuthority(EndorsementFile.Authority(AuthorityRole.Ark, line)) is not { } root
            || !Passes(AuthorityChecks.OfRoot(root, line, source.SimulatedRoots), EndorsementFile.Authority(AuthorityRole.Ark, line)))
        {
            return null;
        }
        List<AuthorityCertificate> intermediates = [];
        foreach (EndorsementFile file in source.Folder.Issuers(line, of))
        {
            if (ReadAuthority(file) is { } issuer && Passes(AuthorityChecks.OfIssuer(issuer, root), file))
                intermediates.Add(issuer);
        }
        return intermediates.Count > 0 ? Issuers.Of(root, intermediates, source.SimulatedRoots) : null;
    }

    private bool Passes(IEnumerable<Finding> findings, EndorsementFile file)
    {
        if (findings.FirstOrDefault() is not { } wrong)
            return true;
        source.Notice(wrong with { Subject = file.Path });
        return false;
    }

    private AuthorityCertificate? ReadAuthority(EndorsementFile file)
    {
        if (source.Read(file) is not { } content)
            return null;
        if (!AuthorityCertificate.TryParse(content, out AuthorityCertificate? authority, out Finding? malformed))
        {
            source.Notice(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));
            return null;
        }
        if (EndorsementFile.Of(authority).Kind == file.Kind && authority.Line == file.Line)
            return authority;
        source.Notice(EndorsementCodes.FileMisplaced.Finds(file.Path, "what its name says", authority.Name));
        return null;
    }

    private async Task<Issuers> FetchAsync(ProductLine line, SigningKey of, CancellationToken ct)
    {
        KdsRequest request = of == SigningKey.Vcek ? KdsRequest.VcekChain(line) : KdsRequest.VlekChain(line);
        EndorsementBundle chain = EndorsementBundle.Of(await source.AskAsync(request, ct), "chain");
        AuthorityRole role = of == SigningKey.Vcek ? AuthorityRole.Ask : AuthorityRole.Asvk;
        AuthorityCertificate? root = chain.Roots.FirstOrDefault(), issuer = chain.Authorities.FirstOrDefault(a => a.Role == role);
        if (root is null || issuer is null)
        {
            throw source.Untrusted(request, SnpCodes.CertificateMalformed.Finds("chain", $"the {role.ToString().ToUpperInvariant()} and the ARK of {line}",
                string.Join(" and ", chain.Authorities.Select(a => a.Name)) is { Length: > 0 } names ? names : "other certificates"));
        }
        if (AuthorityChecks.OfRoot(root, line, source.SimulatedRoots).Concat(AuthorityChecks.OfIssuer(issuer, root)).FirstOrDefault() is { } wrong)
            throw source.Untrusted(request, wrong);

        EndorsementFile rootFile = EndorsementFile.Of(root), issuerFile = EndorsementFile.Of(issuer);
        if (ReadAuthority(rootFile) is { } kept && !AuthorityChecks.OfRoot(kept, line, source.SimulatedRoots).Any())
        {
            if (kept.Sha256 != root.Sha256)
                throw source.Untrusted(request, EndorsementCodes.RootDiffers.Finds(root.Name, $"the root of the folder, SHA-256 {kept.Sha256}", $"SHA-256 {root.Sha256}"));
        }
        else
        {
            source.Write(rootFile, root.Der.Span);
        }
        if (ReadAuthority(issuerFile) is not { } first || AuthorityChecks.OfIssuer(first, root).Any())
            source.Write(issuerFile, issuer.Der.Span);
        else if (first.Sha256 != issuer.Sha256)
            source.Write(EndorsementFile.Another(issuer), issuer.Der.Span);
        return Issuers.Of(root, [issuer], source.SimulatedRoots);
    }
}
