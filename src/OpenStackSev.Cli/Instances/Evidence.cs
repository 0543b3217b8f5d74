using System.CommandLine;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Cli.Hosts.Certificates;

namespace OpenStackSev.Cli.Instances;

/// <summary><c>osev instance evidence</c>: what the last judgement rests on, as files, to verify without the control plane.</summary>
internal static class Evidence
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> instance = Show.Named();
        Option<string> folder = OutputFolder.Option("Folder for the files.");
        OsevCommand command = new("evidence", "Fetch the evidence of an instance, to verify it with osev attest verify, without the control plane.",
            "osev instance evidence 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --out evidence")
        {
            instance, folder,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            Write(console, await control.Api.GetInstanceEvidenceAsync(parsed.GetRequiredValue(instance), ct), parsed.GetRequiredValue(folder));
            return ExitCode.Ok;
        });
        return command;
    }

    internal static void Write(CommandConsole console, InstanceEvidenceBundle evidence, string path)
    {
        byte[] expected = ReportData.Of(evidence.Nonce, evidence.Instance, evidence.PublicKey);
        if (!expected.AsSpan().SequenceEqual(evidence.ReportData))
        {
            throw new CommandException("the control plane's report_data is not what nonce, instance and key make",
                "do not trust this evidence, and ask the operator of the cloud");
        }

        OutputFolder folder = OutputFolder.Of(path);
        string report = folder.WriteNew("report.bin", evidence.Report), certificates = folder.WriteNew("certificates.pem", evidence.Certificates, secret: false);
        string? revocations = evidence.RevocationList is { } list ? folder.WriteNew("revocations.crl", list, secret: false) : null;
        folder.WriteNew("nonce.bin", evidence.Nonce);
        if (evidence.PublicKey is { } key)
            folder.WriteNew("public-key.der", key);
        string command = $"osev attest verify --report {report} --certs {certificates}{(revocations is null ? "" : $" --crl {revocations}")} --report-data {Convert.ToHexStringLower(expected)}";
        if (console.Format == OutputFormat.Json)
            console.WriteJson(new EvidenceDocument(report, certificates, revocations, Convert.ToHexStringLower(expected), evidence.ReceivedAt, command), InstancesJson.Default.EvidenceDocument);
        else
            console.WriteLine(command);
    }
}

/// <param name="ReportData">In hexadecimal.</param>
/// <param name="Command">Verifies them.</param>
internal sealed record EvidenceDocument(string Report, string Certificates, string? Revocations, string ReportData, DateTimeOffset ReceivedAt, string Command);
