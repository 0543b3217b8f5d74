using System.Security.Cryptography;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>The key that signs heads and anchors: ECDSA on P-384. Keep it where those who may write the database cannot read it.</summary>
public sealed class HistoryKey : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    private const int MaximumFileBytes = 16 * 1024;

    private readonly ECDsa key;

    private HistoryKey(ECDsa key)
    {
        this.key = key;
        Id = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
    }

    /// <summary>First 16 hexadecimal digits of the SHA-256 over the public key's SubjectPublicKeyInfo.</summary>
    public string Id { get; }

    public string PublicPem => key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>Makes a key in a new file with mode 0600, and its public half beside it in <c>.pub</c>.</summary>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public static HistoryKey Create(string file)
    {
        var made = new HistoryKey(ECDsa.Create(ECCurve.NamedCurves.nistP384));
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        using (var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly }))
        using (var writer = new StreamWriter(stream))
            writer.Write(made.key.ExportPkcs8PrivateKeyPem() + "\n");
        File.WriteAllText(file + ".pub", made.PublicPem);
        return made;
    }

    /// <summary>Reads a private key to sign with.</summary>
    /// <exception cref="HistoryKeyException">It is missing, readable by others, or no key on P-384.</exception>
    public static HistoryKey Load(string file)
    {
        if (!File.Exists(file))
            throw new HistoryKeyException($"{file}: no such file; make the key with 'openstack-sev-control manage history create-key'");
        return (File.GetUnixFileMode(file) & Others) == UnixFileMode.None
            ? Read(file)
            : throw new HistoryKeyException($"{file}: others than its owner may use it; run 'chmod 0600 {file}', and make a new key if they might have read it");
    }

    /// <summary>Reads a public or private key to verify with.</summary>
    /// <exception cref="HistoryKeyException">It is missing or no key on P-384.</exception>
    public static HistoryKey Read(string file)
    {
        ECDsa read = ECDsa.Create();
        try
        {
            if (new FileInfo(file).Length > MaximumFileBytes)
                throw new HistoryKeyException($"{file}: larger than {MaximumFileBytes / 1024} KiB; this is no key");
            read.ImportFromPem(File.ReadAllText(file));
            if (read.KeySize != 384)
                throw new HistoryKeyException($"{file}: a key of {read.KeySize} bits; history is signed on P-384");
            return new HistoryKey(read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            read.Dispose();
            throw new HistoryKeyException($"{file}: {e.Message.TrimEnd('.')}", e);
        }
        catch (HistoryKeyException)
        {
            read.Dispose();
            throw;
        }
    }

    public byte[] Sign(ReadOnlySpan<byte> bytes) => key.SignData(bytes, HashAlgorithmName.SHA384);

    public bool Verifies(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature) => key.VerifyData(bytes, signature, HashAlgorithmName.SHA384);

    public SignedHead Sign(HistoryHead head) => new(head, Id, Sign(head.Encode(HistoryHead.IsHead)));

    public bool Verifies(SignedHead head) => Verifies(head.Head.Encode(HistoryHead.IsHead), head.Signature);

    public void Dispose() => key.Dispose();
}

/// <summary>The key of the history cannot be used.</summary>
public sealed class HistoryKeyException(string message, Exception? inner = null) : Exception(message, inner);
