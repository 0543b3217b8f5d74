using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Cli.Attest;

/// <summary>Certificates and CRLs from the files and folders of a command line.</summary>
/// <remarks>
/// A file that is named and cannot be read is a finding: somebody meant it. In a folder only files that are named like certificates or CRLs
/// are opened, and one of them that is none is passed over with a note: it must not turn a good verdict into none.
/// </remarks>
internal sealed class EndorsementFiles
{
    private const int MaximumDepth = 8, MaximumFiles = 4096, MaximumNotes = 10;

    private static readonly string[] s_endings = [".der", ".pem", ".crt", ".cer", ".cert", ".crl", ".certs"];

    private readonly EndorsementBundle _named = new(), _found = new();
    private readonly List<Finding> _mistaken = [];
    private readonly List<string> _notes = [];
    private readonly AttestationReport? _report;
    private int _files;

    /// <param name="report">The bytes of the report: of a large folder, only what belongs to its chip and line is read.</param>
    public EndorsementFiles(ReadOnlySpan<byte> report) =>
        _report = AttestationReport.TryParse(report, null, out AttestationReport? parsed, out _) ? parsed : null;

    /// <summary>VCEKs and VLEKs; those that were named first.</summary>
    public IEnumerable<VekCertificate> Keys => _named.Keys.Concat(_found.Keys);

    /// <summary>ARKs, ASKs and ASVKs; those that were named first.</summary>
    public IEnumerable<AuthorityCertificate> Authorities => _named.Authorities.Concat(_found.Authorities);

    public IEnumerable<RevocationList> Revocations => _named.Revocations.Concat(_found.Revocations);

    /// <summary>What is wrong with files that were named.</summary>
    public IReadOnlyList<Finding> Findings => [.. _named.Findings, .. _mistaken];

    /// <summary>What was passed over in folders, for people.</summary>
    public IReadOnlyList<string> Notes => _notes.Count <= MaximumNotes ? _notes
        : [.. _notes.Take(MaximumNotes), $"{_notes.Count - MaximumNotes} more files were passed over"];

    /// <summary>A file, or what is below a folder.</summary>
    /// <param name="option">Which option names it.</param>
    /// <exception cref="CommandException">There is no such file, or it could not be read.</exception>
    public void Add(string option, string path)
    {
        if (Directory.Exists(path))
            AddFolder(path, depth: 0);
        else
            _named.Add(InputFile.Read(option, path, EndorsementBundle.MaximumSize), path, RevocationsOf(path));
    }

    /// <summary>A file that must be a CRL.</summary>
    /// <inheritdoc cref="Add" path="/exception"/>
    public void AddRevocations(string option, string path)
    {
        int findings = _named.Findings.Count, lists = _named.Revocations.Count;
        _named.Add(InputFile.Read(option, path, EndorsementBundle.MaximumSize), path, RevocationsOf(path));
        if (_named.Findings.Count == findings && _named.Revocations.Count == lists)
            _mistaken.Add(SnpCodes.CertificateMalformed.Finds(path, "a certificate revocation list", "something else"));
    }

    /// <summary>All that is below a folder which nobody named; it need not be there.</summary>
    public void AddDefault(string folder)
    {
        if (Directory.Exists(folder))
            AddFolder(folder, depth: 0);
    }

    private void AddFolder(string folder, int depth)
    {
        string[] entries;
        try
        {
            entries = Directory.GetFileSystemEntries(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _notes.Add($"{Printable(folder)}: {e.Message.TrimEnd('.')}");
            return;
        }
        Array.Sort(entries, StringComparer.Ordinal);
        foreach (string entry in entries)
        {
            if (!Directory.Exists(entry))
                AddFound(entry);
            // A link to a folder may lead back here.
            else if (!IsWanted(folder, Path.GetFileName(entry)) || new DirectoryInfo(entry).LinkTarget is not null)
                continue;
            else if (depth == MaximumDepth)
                _notes.Add($"{Printable(entry)}: deeper than {MaximumDepth} folders, not read");
            else
                AddFolder(entry, depth + 1);
        }
    }

    private void AddFound(string path)
    {
        if (!Array.Exists(s_endings, ending => path.EndsWith(ending, StringComparison.OrdinalIgnoreCase)) || _files > MaximumFiles)
            return;
        if (++_files > MaximumFiles)
        {
            _notes.Add($"more than {MaximumFiles} files, the others are not read");
            return;
        }
        string name = Printable(path);
        try
        {
            FileInfo file = File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
            // Pipes and devices have no length, and may not end.
            if (!file.Exists || file.Length == 0)
            {
                _notes.Add($"{name}: empty, not read");
                return;
            }
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            if (InputFile.Read(stream, EndorsementBundle.MaximumSize) is not { } content)
            {
                _notes.Add($"{name}: longer than {EndorsementBundle.MaximumSize} bytes, not read");
                return;
            }
            int findings = _found.Findings.Count;
            _found.Add(content, path, RevocationsOf(path));
            foreach (Finding finding in _found.Findings.Skip(findings).Take(1))
                _notes.Add($"{name}: passed over, {finding.Actual} instead of {finding.Expected}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _notes.Add($"{name}: {e.Message.TrimEnd('.')}");
        }
    }

    // An endorsement folder has <Line>/vcek/<hwID>/, and may hold those of a whole cloud.
    private bool IsWanted(string parent, string name)
    {
        if (Enum.TryParse(name, ignoreCase: true, out ProductLine line) && !char.IsAsciiDigit(name[0]))
            return _report?.Product is not { } product || product.Line() == line || _named.Keys.Any(key => key.Line == line);
        if (_report is null || Path.GetFileName(parent) != "vcek" || name.Length is not (16 or 128) || !name.All(char.IsAsciiHexDigit))
            return true;
        return !_report.ChipIdMasked && Convert.ToHexString(_report.ChipId.Span).StartsWith(name, StringComparison.OrdinalIgnoreCase);
    }

    // KDS has two lists a line, and they do not say which of them they are.
    private static SigningKey? RevocationsOf(string path)
    {
        string name = Path.GetFileName(path);
        return name.Contains("vcek", StringComparison.OrdinalIgnoreCase) ? SigningKey.Vcek
            : name.Contains("vlek", StringComparison.OrdinalIgnoreCase) ? SigningKey.Vlek
            : null;
    }

    private static string Printable(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
