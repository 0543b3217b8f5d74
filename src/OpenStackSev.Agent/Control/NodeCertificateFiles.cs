using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpenStackSev.Agent.Control;

/// <summary>The certificate that this node has now.</summary>
/// <param name="Names">The SAN extension as it is: the node that it speaks for.</param>
public sealed record PresentCertificate(string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter, byte[] Names);

/// <summary>This node's certificate and key, PEM files, and how a successor takes their place.</summary>
/// <remarks>
/// The new key lies beside the old one as <c>.next</c> from before it is asked for until it is in use, so that a lost answer or a restart asks
/// again with the same key. Files change place by renaming: the key first, then the certificate, by whose date others notice the change; a crash
/// between the two is mended by <see cref="Recover"/>.
/// </remarks>
public sealed class NodeCertificateFiles(string certificateFile, string keyFile)
{
    private const UnixFileMode Secret = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Public = Secret | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const string AlternativeNames = "2.5.29.17";

    private readonly string nextCertificate = certificateFile + ".next";
    private readonly string nextKey = keyFile + ".next";

    /// <exception cref="ControlCertificateException">There is none that can be read.</exception>
    public PresentCertificate Read() => Guarded(() =>
    {
        using X509Certificate2 present = X509Certificate2.CreateFromPem(File.ReadAllText(certificateFile));
        return new PresentCertificate(present.SerialNumber.ToLowerInvariant(), new DateTimeOffset(present.NotBefore), new DateTimeOffset(present.NotAfter), Names(present));
    });

    /// <summary>Ends a change that a crash interrupted: the key is in place already, its certificate is not.</summary>
    /// <returns>True when there was one.</returns>
    public bool Recover()
    {
        try
        {
            if (!File.Exists(nextCertificate))
                return false;
            using X509Certificate2 next = X509Certificate2.CreateFromPem(File.ReadAllText(nextCertificate));
            using ECDsa key = Key(keyFile);
            if (!IsOn(next, key))
                return false;
            File.Move(nextCertificate, certificateFile, overwrite: true);
            return true;
        }
        catch (Exception e) when (IsOfFiles(e))
        {
            return false;       // whoever needs the files says what is wrong with them
        }
    }

    /// <summary>PKCS#10 in PEM on the next key, which is made and kept when there is none yet.</summary>
    /// <exception cref="ControlCertificateException">The key cannot be kept here.</exception>
    public string Request(Guid node) => Guarded(() =>
    {
        using ECDsa key = NextKey();
        return new CertificateRequest($"CN={node:D}, O=openstack-sev", key, HashAlgorithmName.SHA384).CreateSigningRequestPem() + "\n";
    });

    /// <summary>Puts the successor and its key in the place of the present ones.</summary>
    /// <param name="pem">The control plane's answer.</param>
    /// <exception cref="ControlCertificateException">It is no successor, or the files cannot be replaced; the present ones stay.</exception>
    public void Install(string pem, PresentCertificate present) => Guarded(() =>
    {
        using X509Certificate2 next = X509Certificate2.CreateFromPem(pem);
        using (ECDsa key = Key(nextKey))
        {
            if (!IsOn(next, key) || !Names(next).AsSpan().SequenceEqual(present.Names) || new DateTimeOffset(next.NotAfter) <= present.NotAfter)
                throw new ControlCertificateException("the control plane's answer is no successor of this node's certificate: another key or node, or it ends no later");
        }

        Write(nextCertificate, next.ExportCertificatePem() + "\n", Public);
        File.Move(nextKey, keyFile, overwrite: true);
        File.Move(nextCertificate, certificateFile, overwrite: true);
        return true;
    });

    private ECDsa NextKey()
    {
        if (File.Exists(nextKey))
        {
            try
            {
                return Key(nextKey);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                // Half written when the machine stopped: nobody has a certificate on it.
            }
        }

        var made = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Write(nextKey, made.ExportPkcs8PrivateKeyPem() + "\n", Secret);
        return made;
    }

    private static ECDsa Key(string file)
    {
        var key = ECDsa.Create();
        try
        {
            key.ImportFromPem(File.ReadAllText(file));
            return key;
        }
        catch
        {
            key.Dispose();
            throw;
        }
    }

    private static bool IsOn(X509Certificate2 certificate, ECDsa key) =>
        certificate.PublicKey.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(key.ExportSubjectPublicKeyInfo());

    private static byte[] Names(X509Certificate2 certificate) => certificate.Extensions.FirstOrDefault(one => one.Oid?.Value == AlternativeNames)?.RawData ?? [];

    /// <summary>To the disk, before anything is renamed to it.</summary>
    private static void Write(string file, string text, UnixFileMode mode)
    {
        File.Delete(file);
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode });
        stream.Write(Encoding.UTF8.GetBytes(text));
        stream.Flush(flushToDisk: true);
    }

    private static bool IsOfFiles(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (IsOfFiles(e))
        {
            throw new ControlCertificateException($"this node's certificate or key: {e.Message.TrimEnd('.')}", e);
        }
    }
}
