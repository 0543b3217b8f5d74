using System.Security.Cryptography;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace OpenStackSev.NodeCertificates;

/// <summary>State of a certificate of a folder.</summary>
public enum CertificateState
{
    Valid,
    NotYetValid,
    Expired,
    Revoked,
}

/// <summary>A certificate that was issued, and what became of it.</summary>
public sealed record ListedCertificate(IssuedCertificate Certificate, CertificateState State, DateTimeOffset? RevokedAt);

/// <summary>
/// The CA's files: <c>ca.pem</c>, <c>ca.key</c> (mode 0600), <c>revoked.crl</c>, <c>issued/SERIAL.pem</c>, <c>renewals/SERIAL</c>.
/// One writer at a time.
/// </summary>
/// <remarks>Nodes' private keys are never in here. The control plane needs <c>ca.pem</c> and <c>revoked.crl</c> only.</remarks>
public sealed partial class AuthorityFolder : IDisposable
{
    public const string DefaultPath = "/var/lib/openstack-sev/node-ca";
    public const string CertificateFile = "ca.pem";
    public const string KeyFile = "ca.key";
    public const string RevocationsFile = "revoked.crl";

    private const string IssuedFolder = "issued";
    private const int LongestFile = 64 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private readonly string path;
    private readonly FileStream held;
    private readonly NodeAuthority authority;
    private readonly byte[] certificate;

    private AuthorityFolder(string path, FileStream held, NodeAuthority authority, byte[] certificate) =>
        (this.path, this.held, this.authority, this.certificate) = (path, held, authority, certificate);

    /// <summary>Makes a CA where none is.</summary>
    /// <exception cref="NodeAuthorityException">There is one, or the folder cannot be written.</exception>
    public static void Create(string path, DateTimeOffset now) => Guarded(path, () =>
    {
        Directory.CreateDirectory(path);
        using FileStream alone = Hold(path);
        if (File.Exists(Path.Join(path, KeyFile)) || File.Exists(Path.Join(path, CertificateFile)))
            throw new NodeAuthorityException($"{path} holds a CA already", "a second one would make every node's certificate worthless; use it, or choose another folder");
        (byte[] made, string key) = NodeAuthority.Create(now);
        Directory.CreateDirectory(Path.Join(path, IssuedFolder));
        Write(Path.Join(path, KeyFile), key, OwnerOnly);
        Write(Path.Join(path, RevocationsFile), Crl(NodeAuthority.Open(made, key).RevocationList([], now)), Public);
        Write(Path.Join(path, CertificateFile), PemEncoding.WriteString("CERTIFICATE", made) + "\n", Public);
        return true;
    });

    /// <summary>Opens it to issue and revoke; nobody else can meanwhile.</summary>
    /// <exception cref="NodeAuthorityException">There is none, it cannot be read, or somebody else has it open.</exception>
    public static AuthorityFolder Open(string path) => Guarded(path, () =>
    {
        if (!File.Exists(Path.Join(path, CertificateFile)))
            throw new NodeAuthorityException($"{path} holds no CA", "make it once: osev host certificate init");
        FileStream alone = Hold(path);
        try
        {
            byte[] own = Der(Read(Path.Join(path, CertificateFile)), "CERTIFICATE");
            return new AuthorityFolder(path, alone, NodeAuthority.Open(own, Read(Path.Join(path, KeyFile))), own);
        }
        catch
        {
            alone.Dispose();
            throw;
        }
    });

    /// <summary>The CA's certificate and CRL as a verifier reads them, DER each. Needs no lock: files are replaced whole.</summary>
    public static (byte[] Certificate, byte[] Revocations) ReadPublic(string path) => Guarded(path, () => (
        Der(Read(Path.Join(path, CertificateFile)), "CERTIFICATE"), Der(Read(Path.Join(path, RevocationsFile), 16 * 1024 * 1024), "X509 CRL")));

    /// <summary>Kept in <c>issued/</c> before it is given out.</summary>
    public IssuedCertificate Issue(Guid node, NodeCertificateRequest request, DateTimeOffset now, TimeSpan lifetime) => Guarded(path, () =>
    {
        IssuedCertificate issued = authority.Issue(node, request, now, lifetime);
        Write(Path.Join(path, IssuedFolder, issued.Serial + ".pem"), issued.Pem, Public);
        return issued;
    });

    /// <summary>Adds serials to the CRL; those that are in it already stay as they are.</summary>
    public void Revoke(IReadOnlyCollection<string> serials, DateTimeOffset now) => Guarded(path, () =>
    {
        Dictionary<string, DateTimeOffset> revoked = Revoked();
        foreach (string serial in serials)
            revoked.TryAdd(serial, now);
        byte[] list = authority.RevocationList(revoked.OrderBy(one => one.Value).Select(one => new RevokedCertificate(one.Key, one.Value)), now);
        Write(Path.Join(path, RevocationsFile), Crl(list), Public);
        return true;
    });

    /// <summary>All that were issued, by node and then newest first.</summary>
    public IReadOnlyList<ListedCertificate> List(DateTimeOffset now) => Guarded(path, () =>
    {
        Dictionary<string, DateTimeOffset> revoked = Revoked();
        return (IReadOnlyList<ListedCertificate>)[.. Directory.EnumerateFiles(Path.Join(path, IssuedFolder), "*.pem")
            .Select(file => IssuedCertificate.Of(new X509Certificate(Der(Read(file), "CERTIFICATE"))))
            .OfType<IssuedCertificate>()
            .Select(issued => new ListedCertificate(issued, StateOf(issued, revoked, now), revoked.TryGetValue(issued.Serial, out DateTimeOffset at) ? at : null))
            .OrderBy(listed => listed.Certificate.Node).ThenByDescending(listed => listed.Certificate.NotBefore)];
    });

    public void Dispose() => held.Dispose();

    private static CertificateState StateOf(IssuedCertificate issued, Dictionary<string, DateTimeOffset> revoked, DateTimeOffset now) =>
        revoked.ContainsKey(issued.Serial) ? CertificateState.Revoked
        : now > issued.NotAfter ? CertificateState.Expired
        : now < issued.NotBefore ? CertificateState.NotYetValid
        : CertificateState.Valid;

    private Dictionary<string, DateTimeOffset> Revoked()
    {
        X509Crl crl = new X509CrlParser().ReadCrl(Der(Read(Path.Join(path, RevocationsFile), 16 * 1024 * 1024), "X509 CRL"));
        // A list that somebody put there must not be signed anew as ours.
        if (!crl.IsSignatureValid(new X509Certificate(certificate).GetPublicKey()))
            throw new NodeAuthorityException($"{Path.Join(path, RevocationsFile)} is not signed by this CA", "restore it from a backup");
        return (crl.GetRevokedCertificates() ?? (IEnumerable<X509CrlEntry>)[])
            .ToDictionary(entry => IssuedCertificate.SerialText(entry.SerialNumber), entry => new DateTimeOffset(entry.RevocationDate.ToUniversalTime()), StringComparer.Ordinal);
    }

    private static FileStream Hold(string path) => new(Path.Join(path, "lock"),
        new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.None, UnixCreateMode = OwnerOnly });

    private static string Crl(byte[] list) => PemEncoding.WriteString("X509 CRL", list) + "\n";

    private static string Read(string file, int longest = LongestFile) => new FileInfo(file) is { Exists: true } there && there.Length > longest
        ? throw new NodeAuthorityException($"{file} is larger than {longest} bytes", "it is no file of a CA; restore it from a backup")
        : File.ReadAllText(file);

    private static byte[] Der(string pem, string label) =>
        PemEncoding.TryFind(pem, out PemFields fields) && pem[fields.Label] == label
            ? Convert.FromBase64String(pem[fields.Base64Data])
            : throw new FormatException($"no PEM text {label}");

    /// <summary>Whole or not at all: beside it, to the disk, then in its place.</summary>
    private static void Write(string file, string text, UnixFileMode mode)
    {
        string beside = file + ".new";
        File.Delete(beside);
        using (var stream = new FileStream(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
        {
            stream.Write(System.Text.Encoding.UTF8.GetBytes(text));
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, file, overwrite: true);
    }

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            bool busy = e is IOException and not FileNotFoundException and not DirectoryNotFoundException && File.Exists(Path.Join(path, "lock"));
            throw new NodeAuthorityException($"{path}: {e.Message}",
                busy ? "somebody else may be issuing or revoking just now; try again" : "give the CA's folder with --ca, as a user who may write there", e);
        }
        catch (Exception e) when (e is FormatException or GeneralSecurityException or ArgumentException)
        {
            throw new NodeAuthorityException($"{path}: a file is malformed: {e.Message}", "restore it from a backup", e);
        }
    }
}
