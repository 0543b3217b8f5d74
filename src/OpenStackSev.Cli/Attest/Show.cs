using System.CommandLine;
using System.Security.Cryptography;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest show</c>: what a report, certificates and CRLs say, without any judgement.</summary>
internal static class Show
{
    public static Command Create(CommandConsole console)
    {
        Option<string> report = new("--report") { Description = "An ATTESTATION_REPORT, 1184 bytes; - is standard input.", HelpName = "FILE" };
        Option<string[]> certificates = new("--certs")
        {
            Description = "Certificates and CRLs: DER, PEM or a certificate table. May be repeated.",
            HelpName = "FILE|DIR",
            AllowMultipleArgumentsPerToken = true,
        };
        OsevCommand command = new("show", "Show every field of a report, and what certificates and CRLs say. Nothing is judged.",
            "osev attest show --report report.bin",
            "osev attest show --report report.bin --certs vcek.der -f json",
            "osev attest show --certs certificates.bin")
        {
            report, certificates,
        };
        command.SetAction(parsed => VerdictExit.Run(() =>
        {
            string? path = parsed.GetValue(report);
            string[] named = parsed.GetValue(certificates) ?? [];
            if (path is null && named.Length == 0)
                throw CommandException.BadUsage("--report is missing", "osev attest show --report FILE, or --certs FILE");

            ReportFile? file = path is null ? null : ReportFile.Read(path);
            EndorsementFiles files = new([]);
            foreach (string certificate in named)
                files.Add("--certs", certificate);
            AttestationReport? shown = null;
            IReadOnlyList<Finding> malformed = [];
            if (file is not null && AttestationReport.TryParse(
                file.Content, EndorsementChoice.Of(file.Content, files.Keys)?.Line.Layout(), out AttestationReport? read, out malformed))
            {
                shown = read;
            }

            ShowDocument document = ShowDocument.Of(shown, malformed, files);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(document, AttestJson.Default.ShowDocument);
            else
                WriteTable(console, document);
            foreach (string note in files.Notes)
                console.Error.WriteLine("note: " + note);
            if (file?.Hint is { } hint)
                console.Error.WriteLine("hint: " + hint);
            return document.Malformed.Count == 0 ? ExitCode.Ok : VerdictExit.None;
        }));
        return command;
    }

    private static void WriteTable(CommandConsole console, ShowDocument document)
    {
        bool first = true;
        void Section(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
        {
            if (!first)
                console.WriteLine();
            console.WriteTable(headers, rows);
            first = false;
        }

        if (document.Malformed.Count > 0)
        {
            Section(["MALFORMED", "OFFSET", "SUBJECT", "EXPECTED", "ACTUAL"], document.Malformed.Select(f => new[]
            {
                f.Code, f.Offset is { } offset ? $"0x{offset:X3}" : "", f.Subject, f.Expected, f.Actual,
            }));
        }
        if (document.Fields.Count > 0)
            Section(["OFFSET", "FIELD", "VALUE", "IN WORDS"], document.Fields.Select(f => new[] { $"0x{f.Offset:X3}", f.Name, f.Value, f.Meaning }));
        foreach (CertificateDocument c in document.Certificates)
        {
            Section(["CERTIFICATE", c.Name],
            [
                ["kind", c.Kind],
                ["product", c.Product],
                .. c.ChipId is { } chip ? (string[][])[["chip", chip]] : [],
                .. c.Provider is { } provider ? (string[][])[["provider", provider]] : [],
                .. c.Tcb is { } t
                    ? (string[][])[["TCB", new TcbVersion(t.Fmc, t.Bootloader, t.Tee, t.Snp, t.Microcode).ToString()]] : [],
                ["issuer", c.Issuer],
                ["valid", $"{c.NotBefore:yyyy-MM-dd HH:mm:ss'Z'} to {c.NotAfter:yyyy-MM-dd HH:mm:ss'Z'}"],
                ["SHA-256", c.Sha256 + (c.AmdRoot ? ", the root of AMD" : "")],
            ]);
        }
        foreach (RevocationListDocument list in document.Revocations)
        {
            Section(["CRL", list.Issuer],
            [
                ["published", $"{list.ThisUpdate:yyyy-MM-dd HH:mm:ss'Z'}, the next one is due {list.NextUpdate:yyyy-MM-dd HH:mm:ss'Z'}"],
                ["revokes", $"{list.Count} serial numbers"],
            ]);
        }
    }
}

/// <summary>JSON of <c>osev attest show</c>.</summary>
/// <param name="Report">Null without one, and for one that is malformed.</param>
/// <param name="Product">Of the report's CPUID bytes; null when it has none or they are unknown.</param>
/// <param name="Line">The line of <paramref name="Product"/>, as AMD's service names it.</param>
/// <param name="Malformed">What is wrong with the form of the report or of a file.</param>
internal sealed record ShowDocument(
    ReportDocument? Report, string? Product, string? Line, IReadOnlyList<FieldDocument> Fields, IReadOnlyList<MalformedDocument> Malformed,
    IReadOnlyList<CertificateDocument> Certificates, IReadOnlyList<RevocationListDocument> Revocations)
{
    public static ShowDocument Of(AttestationReport? report, IReadOnlyList<Finding> malformed, EndorsementFiles files) => new(
        report is null ? null : ReportDocument.Of(report), ReportDocument.NameOf(report?.Product), report?.Product?.Line().ToString(),
        report is null ? [] : [.. report.Describe().Select(f => new FieldDocument(f.Name, f.Offset, f.Length, f.Value, f.Meaning))],
        [.. malformed.Concat(files.Findings).Select(MalformedDocument.Of)],
        [.. files.Authorities.Select(CertificateDocument.Of), .. files.Keys.Select(CertificateDocument.Of)],
        [.. files.Revocations.Select(list => new RevocationListDocument(list.IssuerName, list.ThisUpdate, list.NextUpdate, list.Count))]);
}

internal sealed record FieldDocument(string Name, int Offset, int Length, string Value, string Meaning);

/// <param name="Offset">Of the field in the report; null for what is not in one field.</param>
internal sealed record MalformedDocument(string Code, int? Offset, string Subject, string Expected, string Actual)
{
    // Only the fields that a parser may refuse: what is reserved between fields says its offset itself.
    private static readonly (string Name, int Offset)[] s_offsets =
    [
        ("VERSION", 0x000), ("POLICY", 0x008), ("VMPL", 0x030), ("CURRENT_TCB", 0x038), ("SIGNING_KEY", 0x048), ("bits of KEY_INFO", 0x048),
        ("REPORTED_TCB", 0x180), ("COMMITTED_TCB", 0x1E0), ("LAUNCH_TCB", 0x1F0),
    ];

    public static MalformedDocument Of(Finding finding)
    {
        int? offset = null;
        foreach ((string name, int at) in s_offsets)
        {
            if (finding.Code.StartsWith("snp.report.", StringComparison.Ordinal) && finding.Subject.Contains(name, StringComparison.Ordinal))
                offset = finding.Subject.StartsWith("reserved after", StringComparison.Ordinal) ? null : at;
        }
        return new(finding.Code, offset, finding.Subject, finding.Expected, finding.Actual);
    }
}

/// <param name="Kind"><c>ark</c>, <c>ask</c>, <c>asvk</c>, <c>vcek</c> or <c>vlek</c>.</param>
/// <param name="Tcb">Null but in a VCEK or VLEK.</param>
/// <param name="AmdRoot">It is one of AMD's roots, by the hash.</param>
internal sealed record CertificateDocument(
    string Kind, string Name, string Product, string? ChipId, string? Provider, TcbDocument? Tcb, string Issuer, DateTimeOffset NotBefore,
    DateTimeOffset NotAfter, [property: System.Text.Json.Serialization.JsonPropertyName("sha256")] string Sha256, bool AmdRoot)
{
    public static CertificateDocument Of(AuthorityCertificate authority) => new(
        authority.Role.ToString().ToLowerInvariant(), authority.Name, authority.Line.ToString(), null, null, null, authority.IssuerName,
        authority.NotBefore, authority.NotAfter, authority.Sha256, AmdRoots.LineOf(authority.Sha256) is not null);

    public static CertificateDocument Of(VekCertificate key) => new(
        ReportDocument.NameOf(key.Kind), key.Name, key.ProductName, key.ChipId is { } chipId ? ReportDocument.Hex(chipId) : null, key.Provider,
        TcbDocument.Of(key.Tcb), key.IssuerName, key.NotBefore, key.NotAfter, Convert.ToHexStringLower(SHA256.HashData(key.Der.Span)), AmdRoot: false);
}

/// <param name="Count">How many serial numbers it lists.</param>
internal sealed record RevocationListDocument(string Issuer, DateTimeOffset ThisUpdate, DateTimeOffset NextUpdate, int Count);
