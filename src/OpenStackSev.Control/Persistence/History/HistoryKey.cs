using System.Security.Cryptography;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>The key that signs heads and anchors: ECDSA on P-384. Keep it where those who may write the database cannot read it.</summary>
/// <remarks>A file has the key first, and after it the public halves of those that it replaced: what they signed goes on verifying.</remarks>
public sealed class HistoryKey : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    private const int MaximumFileBytes = 16 * 1024;

    /// <summary>Of keys before; with the key itself they are far below <see cref="MaximumFileBytes"/>.</summary>
    private const int MostKept = 40;

    private readonly ECDsa key;
    private readonly IReadOnlyList<ECDsa> before;

    private HistoryKey(ECDsa key, IReadOnlyList<ECDsa> before)
    {
        this.key = key;
        this.before = before;
        Id = Convert.ToHexStringLower(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))[..16];
    }

    /// <summary>First 16 hexadecimal digits of the SHA-256 over the public key's SubjectPublicKeyInfo.</summary>
    public string Id { get; }

    /// <summary>Its public half, and those of the keys before, the latest first.</summary>
    public string PublicPem => string.Concat(before.Prepend(key).Select(one => one.ExportSubjectPublicKeyInfoPem() + "\n"));

    /// <summary>Makes a key in a new file with mode 0600, and its public half beside it in <c>.pub</c>.</summary>
    /// <exception cref="IOException">The file exists, or cannot be written.</exception>
    public static HistoryKey Create(string file)
    {
        var made = new HistoryKey(ECDsa.Create(ECCurve.NamedCurves.nistP384), []);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
        Write(file, made);
        File.WriteAllText(file + ".pub", made.PublicPem);
        return made;
    }

    /// <summary>Puts a new key in the place of the one that is there, whose private half is gone then. A running service signs with the old one until its restart.</summary>
    /// <exception cref="HistoryKeyException">There is none that can be used.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static HistoryKey Rotate(string file)
    {
        HistoryKey old = Load(file);
        var made = new HistoryKey(ECDsa.Create(ECCurve.NamedCurves.nistP384), [.. old.before.Prepend(old.key).Take(MostKept)]);
        string beside = file + ".new";
        File.Delete(beside);
        Write(beside, made);
        // Before the key itself: whoever verifies in between knows both.
        File.WriteAllText(file + ".pub", made.PublicPem);
        File.Move(beside, file, overwrite: true);
        return made;
    }

    private static void Write(string file, HistoryKey made)
    {
        using var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = OwnerOnly });
        using var writer = new StreamWriter(stream);
        writer.Write(made.key.ExportPkcs8PrivateKeyPem() + "\n" + string.Concat(made.before.Select(one => one.ExportSubjectPublicKeyInfoPem() + "\n")));
        writer.Flush();
        stream.Flush(flushToDisk: true);
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
        var read = new List<ECDsa>();
        try
        {
            if (new FileInfo(file).Length > MaximumFileBytes)
                throw new HistoryKeyException($"{file}: larger than {MaximumFileBytes / 1024} KiB; this is no key");
            foreach (string pem in Pems(File.ReadAllText(file)))
            {
                ECDsa one = ECDsa.Create();
                read.Add(one);
                one.ImportFromPem(pem);
                if (one.KeySize != 384)
                    throw new HistoryKeyException($"{file}: a key of {one.KeySize} bits; history is signed on P-384");
            }

            return new HistoryKey(read[0], read[1..]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or CryptographicException)
        {
            read.ForEach(one => one.Dispose());
            throw new HistoryKeyException($"{file}: {e.Message.TrimEnd('.')}", e);
        }
        catch (HistoryKeyException)
        {
            read.ForEach(one => one.Dispose());
            throw;
        }
    }

    /// <summary>Each by itself; all of a text without any, so that the import says what is wrong with it.</summary>
    private static IEnumerable<string> Pems(string text)
    {
        string rest = text;
        while (PemEncoding.TryFind(rest, out PemFields found))
        {
            yield return rest[found.Location];
            rest = rest[found.Location.End..];
        }

        if (ReferenceEquals(rest, text))
            yield return text;
    }

    public byte[] Sign(ReadOnlySpan<byte> bytes) => key.SignData(bytes, HashAlgorithmName.SHA384);

    /// <summary>Whether this key, or one before it, signed these bytes.</summary>
    public bool Verifies(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        foreach (ECDsa one in before.Prepend(key))
        {
            if (one.VerifyData(bytes, signature, HashAlgorithmName.SHA384))
                return true;
        }

        return false;
    }

    public SignedHead Sign(HistoryHead head) => new(head, Id, Sign(head.Encode(HistoryHead.IsHead)));

    public bool Verifies(SignedHead head) => Verifies(head.Head.Encode(HistoryHead.IsHead), head.Signature);

    public void Dispose()
    {
        foreach (ECDsa one in before.Prepend(key))
            one.Dispose();
    }
}

/// <summary>The key of the history cannot be used.</summary>
public sealed class HistoryKeyException(string message, Exception? inner = null) : Exception(message, inner);
