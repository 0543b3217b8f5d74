using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Cli.Attest;

/// <summary>A result for people: the verdict in words, what it does not say, what was found, and what it is about.</summary>
internal static class VerifyTable
{
    public static void Write(CommandConsole console, AttestationResult result)
    {
        if (result.Simulated)
        {
            console.WriteLine("SIMULATED: the root is not AMD's. This proves nothing about any hardware.", "bold yellow");
            console.WriteLine();
        }
        (string verdict, string style) = Words(result);
        console.WriteLine(verdict, style);
        console.WriteLine();
        foreach (Unchecked what in result.NotChecked)
            console.WriteLine("Not checked: " + Words(what));
        if (result.NotChecked.Count > 0)
            console.WriteLine();
        if (result.Findings.Count > 0)
        {
            console.WriteTable(["FINDING", "VERDICT", "SUBJECT", "EXPECTED", "ACTUAL"], result.Findings.Select(f => new[]
            {
                f.Code, f.Tier.ToString().ToLowerInvariant(), f.Subject, f.Expected, f.Actual,
            }));
            console.WriteLine();
        }
        console.WriteTable(["FACT", "VALUE"], Facts(result));
    }

    private static (string Text, string Style) Words(AttestationResult result) => result.Verdict switch
    {
        Verdict.Affirming => ($"AFFIRMING: the report is genuine, and policy '{result.Policy}' has nothing against it.", "bold green"),
        Verdict.Warning => ($"WARNING: {(result.Genuine ? "the report is genuine, but less is proven than policy '" + result.Policy + "' asks for"
            : "less is proven than was asked for")}.", "bold yellow"),
        Verdict.Contraindicated when result.Genuine =>
            ($"CONTRAINDICATED: the report is genuine, and what it says is refused: do not trust this guest.", "bold red"),
        Verdict.Contraindicated => ("CONTRAINDICATED: the report cannot be believed: do not trust this guest.", "bold red"),
        _ => ("NONE: this could not be judged, because something is missing or cannot be read. It is not a yes.", "bold magenta"),
    };

    private static string Words(Unchecked what) => what switch
    {
        Unchecked.ReportData => "report data was not compared: the report may be an old one, and binds no key (--report-data)",
        Unchecked.Revocation => "no CRL was there: the keys may have been revoked (--crl)",
        Unchecked.Measurement => "the launch digest was not compared: any firmware and kernel may run (launch_digests of a policy)",
        _ => "dates were ignored, as policy says: certificates may have expired",
    };

    private static List<string[]> Facts(AttestationResult result)
    {
        List<string[]> facts =
        [
            ["genuine", result.Genuine ? "yes" : "no"],
            ["evidence", result.Evidence switch
            {
                EvidenceKind.GuestReport => "the guest asked for the report",
                EvidenceKind.HostReport => "the host asked for the report: nothing in it is the guest's word",
                EvidenceKind.Platform => "the host's own word",
                _ => "none",
            } + (result.Genuine || result.Evidence == EvidenceKind.None ? "" : ", not proven")],
        ];
        if (result.Product is { } product)
            facts.Add(["product", product == SnpProduct.BergamoOrSiena ? "Bergamo or Siena" : product.ToString()]);
        if (result.Report is { } report)
        {
            facts.Add(["chip", report.ChipIdMasked ? "masked" : ChipOf(report) + (result.BoundToChip ? "" : ", not proven")]);
            facts.Add(["REPORTED_TCB", report.ReportedTcb.ToString()]);
            facts.Add(["firmware", $"{report.CurrentVersion}, committed {report.CommittedVersion}"]);
            facts.Add(["POLICY", string.Join("; ", ReportDescription.Words(report.Policy))]);
            facts.Add(["PLATFORM_INFO", string.Join("; ", ReportDescription.Words(report.PlatformInfo))]);
            facts.Add(["MEASUREMENT", Convert.ToHexStringLower(report.Measurement.Span)
                + (result.LaunchDigest is { } digest ? $" = {digest.Name}" + (digest.CoversExecutables ? "" : ", firmware and vCPU state only") : "")]);
            facts.Add(["REPORT_DATA", Convert.ToHexStringLower(report.ReportData.Span)]);
        }
        if (result.Chain is { } chain)
        {
            facts.Add(["key", $"{ReportDocument.NameOf(chain.Vek.Kind).ToUpperInvariant()} of {chain.Vek.ProductName}"
                + (chain.Vek.Provider is { } provider ? $", provider {provider}" : "")
                + $", valid {chain.Vek.NotBefore:yyyy-MM-dd} to {chain.Vek.NotAfter:yyyy-MM-dd}"]);
            facts.Add(["issued by", chain.Vek.IssuerName + (chain.Issuer is null ? ", which is not there"
                : chain.Root is { } root ? $", and that by {root.Name}, SHA-256 {root.Sha256}" : ", whose root is not there")]);
        }
        facts.Add(["policy", result.Policy]);
        facts.Add(["judged at", result.At.ToString("yyyy-MM-dd HH:mm:ss'Z'")]);
        return facts;
    }

    private static string ChipOf(AttestationReport report) =>
        Convert.ToHexStringLower(report.ChipId.Span[..(report.Layout == TcbLayout.Turin ? 8 : 64)]);
}
