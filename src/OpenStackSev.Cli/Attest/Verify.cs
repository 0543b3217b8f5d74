using System.CommandLine;
using System.Globalization;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest verify</c>: judges a report. The exit code is the verdict.</summary>
internal static class Verify
{
    public static Command Create(CommandConsole console)
    {
        Option<string> report = new("--report") { Description = "The ATTESTATION_REPORT, 1184 bytes; - is standard input.", HelpName = "FILE" };
        Option<string[]> certificates = Files("--certs", "FILE|DIR",
            "VCEK or VLEK, ASK or ASVK: DER, PEM, several PEM in one file, or the certificate table of an extended report.");
        Option<string> roots = new("--roots")
        {
            Description = "Folder of ARKs and whatever else endorses. Default: $OSEV_ENDORSEMENTS, else /var/lib/openstack-sev/endorsements, "
                + "else ~/.local/share/openstack-sev/endorsements.",
            HelpName = "DIR",
        };
        Option<string[]> revocations = Files("--crl", "FILE",
            "CRL of an ARK; vcek or vlek in the file's name says beside which keys it is published.");
        Option<string[]> simulatedRoots = Files("--simulated-root", "SHA256|FILE",
            "A simulated ARK to trust beside AMD's, by the SHA-256 of its certificate or by the certificate.");
        Option<string> policyFile = new("--policy")
        {
            Description = "What is asked beyond being genuine. Default: strict, with known bulletins.",
            HelpName = "FILE",
        };
        Option<string> reportData = new("--report-data") { Description = "What REPORT_DATA must be: 64 bytes.", HelpName = "HEX" };
        Option<string> at = new("--at") { Description = "When to judge, as in RFC 3339. Default: now.", HelpName = "TIME" };

        OsevCommand command = new("verify",
            "Judge a report of AMD SEV-SNP. Exit code: 0 affirming, 1 warning, 2 contraindicated, 3 could not be judged.",
            "osev attest verify --report report.bin --certs vcek.der",
            "osev attest verify --report report.bin --certs certificates.bin --roots /srv/amd --crl vcek.crl",
            "osev attest verify --report - --report-data 0123…cdef -f json < report.bin",
            "osev attest verify --report report.bin --certs vcek.der --policy policy.json",
            "osev attest verify --report old.bin --certs vlek.der --at 2025-01-15T00:00:00Z")
        {
            report, certificates, roots, revocations, policyFile, simulatedRoots, reportData, at,
        };
        command.SetAction(parsed => VerdictExit.Run(() =>
        {
            string path = parsed.GetValue(report)
                ?? throw CommandException.BadUsage("--report is missing", "osev attest verify --report FILE; - is standard input");
            byte[]? expected = parsed.GetValue(reportData) is { } hex ? ReportDataOf(hex) : null;
            DateTimeOffset when = parsed.GetValue(at) is { } text ? TimeOf(text) : TimeProvider.System.GetUtcNow();
            AppraisalPolicy policy = parsed.GetValue(policyFile) is { } document ? PolicyFile.Need("--policy", document) : AppraisalPolicy.Default;
            policy = policy with { SimulatedRoots = [.. policy.SimulatedRoots, .. (parsed.GetValue(simulatedRoots) ?? []).Select(Sha256Of)] };

            ReportFile file = ReportFile.Read(path);
            EndorsementFiles files = new(file.Content);
            foreach (string certificate in parsed.GetValue(certificates) ?? [])
                files.Add("--certs", certificate);
            foreach (string revocation in parsed.GetValue(revocations) ?? [])
                files.AddRevocations("--crl", revocation);
            if (parsed.GetValue(roots) is { } folder)
                files.Add("--roots", folder);
            else
                files.AddDefault(EndorsementFolder.Default(Environment.GetEnvironmentVariable));

            AttestationResult result = Appraise(file.Content, files, policy, expected, when);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(VerifyDocument.Of(result), AttestJson.Default.VerifyDocument);
            else
                VerifyTable.Write(console, result);
            foreach (string note in files.Notes)
                console.Error.WriteLine("note: " + note);
            if (HintFor(file, result) is { } hint)
                console.Error.WriteLine("hint: " + hint);
            return VerdictExit.Of(result.Verdict);
        }));
        return command;
    }

    private static AttestationResult Appraise(ReadOnlySpan<byte> report, EndorsementFiles files, AppraisalPolicy policy,
        byte[]? expectedReportData, DateTimeOffset now)
    {
        EndorsementChain? chain = EndorsementChoice.ChainOf(report, files.Keys, TrustedIssuers.From(files.Authorities, files.Authorities,
            files.Revocations, policy.SimulatedRoots.ToHashSet(StringComparer.Ordinal)));
        return Verifier.Appraise(report, chain, policy, expectedReportData, now).With(files.Findings);
    }

    private static string? HintFor(ReportFile file, AttestationResult result)
    {
        bool Lacks(Check check) => result.Findings.Any(f => f.Code == check.Code);
        return file.Hint
            ?? (Lacks(SnpCodes.VekMissing)
                ? "give the VCEK or VLEK with --certs" + (VcekAddressOf(result.Report) is { } address ? $"; AMD has it at {address}" : "")
            : Lacks(SnpCodes.RootMissing) || Lacks(SnpCodes.IssuerMissing) ? "give the folder of AMD's roots and issuers with --roots"
            : null);
    }

    // Null where the report does not say enough: which line, or which chip.
    private static Uri? VcekAddressOf(AttestationReport? report) =>
        report is { Product: { } product, SigningKey: SigningKey.Vcek, ChipIdMasked: false }
            ? new Uri(KdsAddress.Amd, KdsAddress.Vcek(product.Line(), report.ChipId.Span, report.ReportedTcb))
            : null;

    private static byte[] ReportDataOf(string text)
    {
        byte[] bytes = HexOf(text)
            ?? throw CommandException.BadUsage("--report-data: is not hexadecimal", "REPORT_DATA is 64 bytes: 128 hexadecimal digits");
        return bytes.Length == 64 ? bytes
            // What a shorter value was padded with, and at which end, is between the guest and who asked it.
            : throw CommandException.BadUsage($"--report-data: {bytes.Length} bytes, and REPORT_DATA has 64",
                "give all 128 hexadecimal digits, padded as the one who asked for the report padded them");
    }

    private static string Sha256Of(string text)
    {
        if (HexOf(text) is { Length: 32 } bytes)
            return Convert.ToHexStringLower(bytes);
        if (!File.Exists(text))
        {
            throw CommandException.BadUsage($"--simulated-root {text}: is neither a SHA-256 nor a file",
                "osev simulate chain prints the 64 hexadecimal digits, and writes ark.pem");
        }
        EndorsementBundle bundle = EndorsementBundle.Of(
            InputFile.Read("--simulated-root", text, EndorsementBundle.MaximumSize), text);
        return bundle.Roots.ToArray() is [var root]
            ? root.Sha256
            : throw CommandException.BadUsage($"--simulated-root {text}: is not the certificate of an ARK",
                "name the ark.pem of osev simulate chain");
    }

    private static byte[]? HexOf(string text)
    {
        string digits = text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
        return digits.Length % 2 == 0 && digits.All(char.IsAsciiHexDigit) ? Convert.FromHexString(digits) : null;
    }

    private static DateTimeOffset TimeOf(string text)
    {
        string[] forms = ["yyyy-MM-dd'T'HH:mm:sszzz", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz"];
        string zoned = text.EndsWith('Z') ? text[..^1] + "+00:00" : text;
        return DateTimeOffset.TryParseExact(zoned, forms, CultureInfo.InvariantCulture, DateTimeStyles.None, out DateTimeOffset time)
            ? time.ToUniversalTime()
            : throw CommandException.BadUsage($"--at {text}: is no time as in RFC 3339", "for example --at 2025-01-15T00:00:00Z");
    }

    private static Option<string[]> Files(string name, string helpName, string description) => new(name)
    {
        Description = description + " May be repeated.",
        HelpName = helpName,
        AllowMultipleArgumentsPerToken = true,
    };
}
