using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>Certificates and CRLs out of files as people have them: DER, PEM, several PEM in one file, a certificate table.</summary>
/// <remarks>
/// A certificate table is evidence: the host made it. Its ARK is passed over, so that nothing from evidence can become an anchor.
/// </remarks>
public sealed class EndorsementBundle
{
    /// <summary>Longest file that is looked at, in bytes.</summary>
    public const int MaximumSize = 4 * 1024 * 1024;

    private const int MaximumItems = 1024;

    private readonly List<VekCertificate> _keys = [];
    private readonly List<AuthorityCertificate> _authorities = [];
    private readonly List<RevocationList> _revocations = [];
    private readonly List<Finding> _findings = [];

    public IReadOnlyList<VekCertificate> Keys => _keys;

    /// <summary>ARKs, ASKs and ASVKs, in the order in which they were met.</summary>
    public IReadOnlyList<AuthorityCertificate> Authorities => _authorities;

    public IReadOnlyList<RevocationList> Revocations => _revocations;

    /// <summary>What could not be read; its subject names the file.</summary>
    public IReadOnlyList<Finding> Findings => _findings;

    /// <summary>The ARKs.</summary>
    public IEnumerable<AuthorityCertificate> Roots => _authorities.Where(a => a.Role == AuthorityRole.Ark);

    /// <summary>A bundle of one file.</summary>
    public static EndorsementBundle Of(ReadOnlyMemory<byte> content, string name)
    {
        EndorsementBundle bundle = new();
        bundle.Add(content, name);
        return bundle;
    }

    /// <param name="content">Anything.</param>
    /// <param name="name">The file's, for findings.</param>
    /// <param name="revocationsOf">Beside which keys a CRL in it was published; null when that is not known.</param>
    public void Add(ReadOnlyMemory<byte> content, string name, SigningKey? revocationsOf = null)
    {
        if (content.Length > MaximumSize)
            Refuse(name, $"at most {MaximumSize} bytes", $"{content.Length} bytes");
        // PEM is text. What has a zero byte is none, whatever an entry of a table pretends: else a host could pass its own ARK off as a file's.
        else if (content.Span.IndexOf("-----BEGIN "u8) >= 0 && !content.Span.Contains((byte)0))
            AddPem(content.Span, name, revocationsOf);
        else if (content.Length > 0 && content.Span[0] == 0x30)
            AddDer(content, name, revocationsOf);
        else
            AddTable(content, name);
    }

    private void AddPem(ReadOnlySpan<byte> content, string name, SigningKey? revocationsOf)
    {
        const string Beginning = "-----BEGIN ";
        if (content.Count("-----BEGIN "u8) > MaximumItems)
        {
            Refuse(name, $"at most {MaximumItems} PEM blocks", "more");
            return;
        }
        ReadOnlySpan<char> rest = Encoding.Latin1.GetString(content);
        rest = rest[rest.IndexOf(Beginning, StringComparison.Ordinal)..];
        bool broken = false;
        while (!rest.IsEmpty)
        {
            // One block at a time, up to the next beginning: a beginning without an end would else be searched for through all that follows.
            int next = rest[Beginning.Length..].IndexOf(Beginning, StringComparison.Ordinal);
            ReadOnlySpan<char> block = next < 0 ? rest : rest[..(next + Beginning.Length)];
            rest = rest[block.Length..];
            if (!PemEncoding.TryFind(block, out PemFields fields))
            {
                broken = true;
                continue;
            }
            byte[] der = Convert.FromBase64String(block[fields.Base64Data].ToString());
            ReadOnlySpan<char> label = block[fields.Label];
            if (label is "CERTIFICATE" or "TRUSTED CERTIFICATE" or "X509 CERTIFICATE")
                AddCertificate(der, name);
            else if (label is "X509 CRL")
                AddRevocations(der, name, revocationsOf);
            else
                Refuse(name, "certificates and CRLs", "a PEM block of another kind");
        }
        if (broken)
            Refuse(name, "PEM blocks that are whole", "one that is not");
    }

    private void AddDer(ReadOnlyMemory<byte> content, string name, SigningKey? revocationsOf)
    {
        if (CertificateReader.Read(content) is null && RevocationList.TryParse(content, revocationsOf, out RevocationList? list, out _))
            _revocations.Add(list);
        else
            AddCertificate(content, name);
    }

    private void AddTable(ReadOnlyMemory<byte> content, string name)
    {
        if (!CertificateTable.TryParse(content, out IReadOnlyList<CertificateTableEntry> entries, out Finding? malformed))
        {
            _findings.Add(malformed! with { Subject = name, Expected = "DER, PEM or a certificate table" });
            return;
        }
        foreach (CertificateTableEntry entry in entries)
        {
            if (entry.Kind == CertificateTable.Vcek || entry.Kind == CertificateTable.Vlek || entry.Kind == CertificateTable.Ask)
                AddCertificate(entry.Content, name, fromEvidence: true);
            else if (entry.Kind == CertificateTable.Crl)
                AddRevocations(entry.Content, name, of: null);
        }
    }

    private void AddCertificate(ReadOnlyMemory<byte> der, string name, bool fromEvidence = false)
    {
        if (_keys.Count + _authorities.Count >= MaximumItems)
        {
            Refuse(name, $"at most {MaximumItems} certificates", "more");
        }
        else if (AuthorityCertificate.TryParse(der, out AuthorityCertificate? authority, out Finding? noAuthority))
        {
            if (!fromEvidence || authority.Role != AuthorityRole.Ark)
                _authorities.Add(authority);
        }
        else if (VekCertificate.TryParse(der, out VekCertificate? key, out Finding? malformed))
        {
            _keys.Add(key);
        }
        else
        {
            bool vek = CertificateReader.Read(der)?.SubjectName is "SEV-VCEK" or "SEV-VLEK";
            _findings.Add((vek ? malformed : noAuthority) with { Subject = name });
        }
    }

    private void AddRevocations(ReadOnlyMemory<byte> der, string name, SigningKey? of)
    {
        if (RevocationList.TryParse(der, of, out RevocationList? list, out Finding? malformed))
            _revocations.Add(list);
        else
            _findings.Add(malformed with { Subject = name });
    }

    private void Refuse(string name, string expected, string actual) =>
        _findings.Add(SnpCodes.CertificateMalformed.Finds(name, expected, actual));
}
