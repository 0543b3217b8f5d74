using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements;

/// <summary>One file of an endorsement folder.</summary>
/// <param name="Name">Common name of a certificate, or of the issuer of a CRL; null when the file cannot be read.</param>
/// <param name="NotBefore">Beginning of the validity; thisUpdate of a CRL.</param>
/// <param name="NotAfter">End of the validity; nextUpdate of a CRL.</param>
/// <param name="Provider">cspID of a VLEK.</param>
/// <param name="Simulated">Whether the root of the line in this folder is another than AMD's; null when there is none.</param>
/// <param name="Findings">What is wrong with it.</param>
public sealed record EndorsementItem(
    EndorsementFile File, string? Name, DateTimeOffset? NotBefore, DateTimeOffset? NotAfter, TcbVersion? Tcb, string? Provider, bool? Simulated,
    IReadOnlyList<Finding> Findings);

/// <summary>All that is in an endorsement folder, verified against AMD's roots and the simulated ones that are named.</summary>
/// <param name="Findings">About files whose names say nothing, and about the folder itself.</param>
public sealed record EndorsementInventory(IReadOnlyList<EndorsementItem> Items, IReadOnlyList<Finding> Findings)
{
    /// <summary>Of the folder, then of each file.</summary>
    public IEnumerable<Finding> AllFindings => Findings.Concat(Items.SelectMany(item => item.Findings));

    public static EndorsementInventory Read(EndorsementFolder folder, IReadOnlySet<string> simulatedRoots, DateTimeOffset now)
    {
        Reading reading = new(folder, simulatedRoots, now);
        IReadOnlyList<EndorsementFile> files = folder.List(out IReadOnlyList<Finding> findings);
        return new(reading.Items(files), findings);
    }

    private sealed class Reading(EndorsementFolder folder, IReadOnlySet<string> simulatedRoots, DateTimeOffset now)
    {
        // A stale CRL is the CRL's finding, and not each key's.
        private static readonly AppraisalPolicy s_policy = new();

        private readonly Dictionary<string, Content> _contents = new(StringComparer.Ordinal);
        private readonly Dictionary<ProductLine, AuthorityCertificate> _roots = [];
        private readonly Dictionary<ProductLine, TrustedIssuers> _issuers = [];

        public IReadOnlyList<EndorsementItem> Items(IReadOnlyList<EndorsementFile> files)
        {
            foreach (EndorsementFile file in files)
                _contents[file.Path] = Read(file);
            foreach (AuthorityCertificate root in Values(c => c.Authority).Where(a => a.Role == AuthorityRole.Ark))
                _roots[root.Line] = root;
            foreach (ProductLine line in files.Select(file => file.Line).Distinct())
            {
                AuthorityCertificate[] authorities = [.. Values(c => c.Authority).Where(a => a.Line == line)];
                _issuers[line] = TrustedIssuers.From(authorities, authorities, Values(c => c.Revocations), simulatedRoots);
            }
            return [.. files.Select(Item)];
        }

        private IEnumerable<T> Values<T>(Func<Content, T?> of) where T : class => _contents.Values.Select(of).OfType<T>();

        private Content Read(EndorsementFile file)
        {
            byte[] bytes;
            try
            {
                bytes = folder.Read(file) ?? throw new EndorsementFolderException($"{file.Path} is gone", "list again");
            }
            catch (EndorsementFolderException e)
            {
                return new(EndorsementCodes.FileUnreadable.Finds(file.Path, "a file that can be read", e.Message));
            }
            switch (file.Kind)
            {
                case EndorsementKind.VcekRevocations or EndorsementKind.VlekRevocations:
                    return RevocationList.TryParse(bytes, file.RevocationsOf, out RevocationList? list, out Finding? noList)
                        ? new(null) { Revocations = list } : Malformed(file, noList);
                case EndorsementKind.Vcek or EndorsementKind.Vlek:
                    if (!VekCertificate.TryParse(bytes, out VekCertificate? key, out Finding? noKey))
                        return Malformed(file, noKey);
                    return EndorsementFile.Of(key).Path == file.Path ? new(null) { Key = key } : Misplaced(file, EndorsementFile.Of(key).Path);
                default:
                    if (!AuthorityCertificate.TryParse(bytes, out AuthorityCertificate? authority, out Finding? noAuthority))
                        return Malformed(file, noAuthority);
                    return EndorsementFile.Of(authority).Kind == file.Kind && authority.Line == file.Line
                        ? new(null) { Authority = authority } : Misplaced(file, authority.Name);
            }
        }

        private EndorsementItem Item(EndorsementFile file)
        {
            Content content = _contents[file.Path];
            _roots.TryGetValue(file.Line, out AuthorityCertificate? root);
            bool? simulated = root is null ? null : AmdRoots.LineOf(root.Sha256) != root.Line;
            Finding[] findings = [.. Check(content, root).Select(finding => finding with { Subject = file.Path })];
            return content switch
            {
                { Key: { } key } => new(file, key.Name, key.NotBefore, key.NotAfter, key.Tcb, key.Provider, simulated, findings),
                { Authority: { } authority } => new(file, authority.Name, authority.NotBefore, authority.NotAfter, null, null, simulated, findings),
                { Revocations: { } list } => new(file, $"ARK-{file.Line}", list.ThisUpdate, list.NextUpdate, null, null, simulated, findings),
                _ => new(file, null, null, null, file.Tcb, null, simulated, findings),
            };
        }

        private IEnumerable<Finding> Check(Content content, AuthorityCertificate? root) => content switch
        {
            { Wrong: { } wrong } => [wrong],
            { Key: { } key } => EndorsementChain.Of(key, _issuers[key.Line]).Check(now, s_policy)
                .Where(finding => !finding.Code.StartsWith("snp.crl.", StringComparison.Ordinal)),
            { Authority: { Role: AuthorityRole.Ark } ark } =>
                AuthorityChecks.OfRoot(ark, ark.Line, simulatedRoots).Concat(AuthorityChecks.Dates(ark, now)),
            { Authority: { } issuer } => root is null
                ? [SnpCodes.RootMissing.Finds(issuer.Name, $"ARK-{issuer.Line}, the root that issued it", "none in the folder")]
                : [.. AuthorityChecks.OfIssuer(issuer, root), .. AuthorityChecks.Dates(issuer, now), .. Revoked(issuer, root)],
            { Revocations: { } list } when root is null =>
                [SnpCodes.RootMissing.Finds("CRL", "the root that signed it", "none in the folder")],
            { Revocations: { } list } => AuthorityChecks.OfRevocations(list, root) is { } unsigned ? [unsigned] : AuthorityChecks.Dates(list, root, now),
            _ => [],
        };

        private IEnumerable<Finding> Revoked(AuthorityCertificate issuer, AuthorityCertificate root) =>
            Values(c => c.Revocations).Where(list => list.Revokes(issuer) && list.SignedBy(root)).Take(1)
                .Select(list => SnpCodes.IssuerRevoked.Finds(issuer.Name, "not revoked", $"revoked by the CRL of {list.ThisUpdate:u}"));

        private static Content Malformed(EndorsementFile file, Finding malformed) =>
            new(EndorsementCodes.FileMalformed.Finds(file.Path, malformed.Expected, malformed.Actual));

        private static Content Misplaced(EndorsementFile file, string actual) =>
            new(EndorsementCodes.FileMisplaced.Finds(file.Path, "what its name says", actual));
    }

    private sealed record Content(Finding? Wrong)
    {
        public VekCertificate? Key { get; init; }
        public AuthorityCertificate? Authority { get; init; }
        public RevocationList? Revocations { get; init; }
    }
}
