using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements;

/// <summary>What became of one certificate or CRL that was to be imported.</summary>
public enum ImportOutcome
{
    Added,

    /// <summary>In place of an older CRL, or of a file that was corrupted.</summary>
    Replaced,

    /// <summary>The same, or one as good, is in the folder.</summary>
    Present,

    /// <summary>A file of a folder that holds no certificate or CRL.</summary>
    PassedOver,
    Refused,
}

/// <summary>One certificate or CRL that was to be imported.</summary>
/// <param name="Source">The file that it came from.</param>
/// <param name="Name">What it is, e.g. <c>SEV-VCEK</c>; null when that cannot be told.</param>
/// <param name="File">Where it is in the folder; null when it is not.</param>
/// <param name="Finding">Why it was refused; null when it was not.</param>
public sealed record ImportedItem(string Source, string? Name, EndorsementFile? File, ImportOutcome Outcome, Finding? Finding);

/// <summary>Brings files as people have them into an endorsement folder: DER, PEM, several in one, CRLs, archives, folders.</summary>
/// <remarks>
/// Each is filed under what it holds, never under the name that it comes with. It must lead to a root of AMD's, or a simulated one that is
/// named, through what is in the folder or comes along. What is in the folder and good stays.
/// </remarks>
public sealed class EndorsementImport
{
    private readonly EndorsementFolder _folder;
    private readonly IReadOnlySet<string> _simulatedRoots;
    private readonly DateTimeOffset _now;
    private readonly List<ImportedItem> _items = [];
    private readonly List<(string Source, AuthorityCertificate Value)> _authorities = [];
    private readonly List<(string Source, RevocationList Value)> _revocations = [];
    private readonly List<(string Source, VekCertificate Value)> _keys = [];
    private readonly Dictionary<ProductLine, AuthorityCertificate> _roots = [];

    private EndorsementImport(EndorsementFolder folder, IReadOnlySet<string> simulatedRoots, DateTimeOffset now) =>
        (_folder, _simulatedRoots, _now) = (folder, simulatedRoots, now);

    /// <param name="paths">Files and folders.</param>
    /// <exception cref="EndorsementFolderException">A path cannot be read, or the folder cannot be written.</exception>
    public static IReadOnlyList<ImportedItem> Import(EndorsementFolder folder, IReadOnlyList<string> paths, IReadOnlySet<string> simulatedRoots, DateTimeOffset now)
    {
        EndorsementImport import = new(folder, simulatedRoots, now);
        foreach (string path in paths)
            import.Read(path);
        return import.PutAll();
    }

    /// <summary>The same of what somebody sent.</summary>
    /// <param name="contents">Each with the name that its items have as their source.</param>
    /// <exception cref="EndorsementFolderException">The folder cannot be written.</exception>
    public static IReadOnlyList<ImportedItem> Import(
        EndorsementFolder folder, IReadOnlyList<(string Source, ReadOnlyMemory<byte> Content)> contents, IReadOnlySet<string> simulatedRoots, DateTimeOffset now)
    {
        EndorsementImport import = new(folder, simulatedRoots, now);
        foreach ((string source, ReadOnlyMemory<byte> content) in contents)
            import.Add(source, source, content, one: true);
        return import.PutAll();
    }

    private List<ImportedItem> PutAll()
    {
        // From the root down, so that the order of the files does not matter.
        foreach (ProductLine line in Enum.GetValues<ProductLine>())
            FindRoot(line);
        foreach ((string source, AuthorityCertificate authority) in _authorities.OrderBy(a => a.Value.Role))
            Put(source, authority);
        foreach ((string source, RevocationList list) in _revocations)
            Put(source, list);
        foreach ((string source, VekCertificate key) in _keys)
            Put(source, key);
        return _items;
    }

    private void Read(string path)
    {
        try
        {
            if (Directory.Exists(path))
                ReadFolder(path);
            else
                ReadFile(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EndorsementFolderException($"{path} cannot be read: {e.Message}", "name a file or folder that this user may read", e);
        }
    }

    private void ReadFile(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] beginning = new byte[512];
        int length = stream.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false);
        stream.Position = 0;
        if (EndorsementArchive.IsTar(beginning.AsSpan(0, length)))
        {
            IReadOnlyList<ArchivedFile> files = EndorsementArchive.ReadTar(stream, path, out Finding? wrong);
            foreach (ArchivedFile file in files)
                Add($"{path}: {EndorsementFolder.Shown(file.Name)}", file.Name, file.Content, one: true);
            if (wrong is not null)
                _items.Add(new(path, null, null, ImportOutcome.Refused, wrong));
            return;
        }
        Add(path, path, ReadBounded(stream), one: true);
    }

    private void ReadFolder(string path)
    {
        EnumerationOptions plainFiles = new() { RecurseSubdirectories = true, MaxRecursionDepth = 8, AttributesToSkip = FileAttributes.ReparsePoint | FileAttributes.Hidden };
        List<ArchivedFile> files = [.. Directory.EnumerateFiles(path, "*", plainFiles).Order(StringComparer.Ordinal).Take(EndorsementArchive.MaximumFiles).Select(file =>
        {
            using FileStream stream = File.OpenRead(file);
            return new ArchivedFile(Path.GetRelativePath(path, file), ReadBounded(stream));
        })];
        if (EndorsementArchive.CheckManifest(files, path) is { } wrong)
        {
            _items.Add(new(path, null, null, ImportOutcome.Refused, wrong));
            return;
        }
        foreach (ArchivedFile file in files.Where(file => file.Name != EndorsementArchive.Manifest))
            Add(Path.Join(path, file.Name), file.Name, file.Content, one: false);
    }

    // One byte more than is taken, so that the bundle says that it is too long.
    private static byte[] ReadBounded(FileStream stream)
    {
        byte[] content = new byte[Math.Min(stream.Length, EndorsementBundle.MaximumSize + 1)];
        int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
        return content[..length];
    }

    /// <param name="one">The file was named, so that it is refused rather than passed over when it holds nothing.</param>
    private void Add(string source, string name, ReadOnlyMemory<byte> content, bool one)
    {
        EndorsementBundle bundle = new();
        bundle.Add(content, source, RevocationsOf(name));
        _authorities.AddRange(bundle.Authorities.Select(authority => (source, authority)));
        _keys.AddRange(bundle.Keys.Select(key => (source, key)));
        _revocations.AddRange(bundle.Revocations.Select(list => (source, list)));
        bool holdsSome = bundle.Authorities.Count + bundle.Keys.Count + bundle.Revocations.Count > 0;
        if (bundle.Findings is [Finding first, ..])
            _items.Add(new(source, null, null, one || holdsSome ? ImportOutcome.Refused : ImportOutcome.PassedOver, first));
    }

    // The lists of a line have one form and one issuer: only their names tell which is which.
    private static SigningKey? RevocationsOf(string name)
    {
        string file = Path.GetFileName(name).ToLowerInvariant();
        bool vlek = file.Contains("vlek", StringComparison.Ordinal), vcek = file.Contains("vcek", StringComparison.Ordinal);
        return vlek == vcek ? null : vlek ? SigningKey.Vlek : SigningKey.Vcek;
    }

    private void FindRoot(ProductLine line)
    {
        if (ReadAuthority(EndorsementFile.Authority(AuthorityRole.Ark, line)) is { } known && !AuthorityChecks.OfRoot(known, line, _simulatedRoots).Any())
            _roots[line] = known;
        else if (_authorities.Select(a => a.Value).FirstOrDefault(a => !AuthorityChecks.OfRoot(a, line, _simulatedRoots).Any()) is { } given)
            _roots[line] = given;
    }

    private void Put(string source, AuthorityCertificate authority)
    {
        EndorsementFile file = EndorsementFile.Of(authority);
        Finding? wrong = authority.Role == AuthorityRole.Ark
            ? AuthorityChecks.OfRoot(authority, authority.Line, _simulatedRoots).FirstOrDefault()
                ?? (_roots[authority.Line].Sha256 == authority.Sha256 ? null
                    : EndorsementCodes.RootDiffers.Finds(authority.Name, $"the root of the folder, SHA-256 {_roots[authority.Line].Sha256}", $"SHA-256 {authority.Sha256}"))
            : _roots.TryGetValue(authority.Line, out AuthorityCertificate? root) ? AuthorityChecks.OfIssuer(authority, root).FirstOrDefault() : NoRoot(authority.Name, authority.Line);
        if (wrong is not null)
        {
            Refuse(source, authority.Name, wrong);
            return;
        }
        if (authority.Role == AuthorityRole.Ark)
        {
            Put(source, authority.Name, file, authority.Der, isGood: ReadAuthority(file)?.Sha256 == authority.Sha256);
            return;
        }
        AuthorityCertificate? first = ReadAuthority(file);
        bool firstIsGood = first is not null && !AuthorityChecks.OfIssuer(first, _roots[authority.Line]).Any();
        if (firstIsGood && first!.Sha256 != authority.Sha256)
            file = EndorsementFile.Another(authority);
        Put(source, authority.Name, file, authority.Der, isGood: ReadAuthority(file)?.Sha256 == authority.Sha256);
    }

    private void Put(string source, RevocationList list)
    {
        string name = $"CRL of {_roots.Values.FirstOrDefault(list.Names)?.Name ?? "a root that is not known"}";
        if (_roots.Values.FirstOrDefault(list.Names) is not { } root)
        {
            Refuse(source, name, SnpCodes.RootMissing.Finds("CRL", "a list of a root of the folder", "one of another root"));
        }
        else if (AuthorityChecks.OfRevocations(list, root) is { } unsigned)
        {
            Refuse(source, name, unsigned);
        }
        else if (list.Of is not { } of)
        {
            Refuse(source, name, EndorsementCodes.CrlUnnamed.Finds(name, "a file name with vcek or vlek in it", "neither or both"));
        }
        else
        {
            EndorsementFile file = EndorsementFile.Revocations(root.Line, of);
            bool known = _folder.Read(file) is { } content && RevocationList.TryParse(content, of, out RevocationList? before, out _)
                && before.SignedBy(root) && before.ThisUpdate >= list.ThisUpdate;
            Put(source, name, file, list.Der, known);
        }
    }

    private void Put(string source, VekCertificate key)
    {
        EndorsementFile file = EndorsementFile.Of(key);
        if (!_roots.TryGetValue(key.Line, out AuthorityCertificate? root))
        {
            Refuse(source, key.Name, NoRoot(key.Name, key.Line));
            return;
        }
        AuthorityCertificate[] intermediates = [.. _folder.Issuers(key.Line, key.Kind).Select(ReadAuthority).OfType<AuthorityCertificate>()];
        Issuers issuers = Issuers.Of(root, intermediates, _simulatedRoots);
        if (issuers.Check(key) is [Finding wrong, ..])
        {
            Refuse(source, key.Name, wrong);
            return;
        }
        bool known = _folder.Read(file) is { } content && VekCertificate.TryParse(content, out VekCertificate? before, out _)
            && EndorsementFile.Of(before) == file && issuers.Check(before).Count == 0;
        Put(source, key.Name, file, key.Der, known);
    }

    private void Put(string source, string name, EndorsementFile file, ReadOnlyMemory<byte> der, bool isGood)
    {
        if (isGood)
        {
            _items.Add(new(source, name, file, ImportOutcome.Present, null));
            return;
        }
        ImportOutcome outcome = _folder.WrittenAt(file) is null ? ImportOutcome.Added : ImportOutcome.Replaced;
        _folder.Write(file, der.Span, _now);
        _items.Add(new(source, name, file, outcome, null));
    }

    private void Refuse(string source, string name, Finding wrong) => _items.Add(new(source, name, null, ImportOutcome.Refused, wrong));

    private static Finding NoRoot(string name, ProductLine line) =>
        SnpCodes.RootMissing.Finds(name, $"ARK-{line}, the root that issued it", "none in the folder or among the files");

    private AuthorityCertificate? ReadAuthority(EndorsementFile file) =>
        _folder.Read(file) is { } content && AuthorityCertificate.TryParse(content, out AuthorityCertificate? authority, out _)
            && EndorsementFile.Of(authority).Kind == file.Kind && authority.Line == file.Line ? authority : null;
}
