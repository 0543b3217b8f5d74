using System.CommandLine;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary><c>osev simulate report</c>: an attestation report of a simulated chip, with its certificates.</summary>
internal static class Report
{
    private const ulong DebugAllowed = 1 << 19;

    public static Command Create(CommandConsole console)
    {
        Option<string> chain = new("--chain") { Description = "Folder of osev simulate chain.", HelpName = "DIR", Required = true };
        Option<string> output = new("--out", "-o")
        {
            Description = "The report; certificate and table go beside it, with .vcek.der or .vlek.der and .certs appended.",
            HelpName = "FILE",
            Required = true,
        };
        Option<uint?> version = new("--version")
        {
            Description = "Version of the report; 5 by default.",
            HelpName = "2|3|4|5",
            CustomParser = argument =>
            {
                if (argument.Tokens[0].Value is ("2" or "3" or "4" or "5") and string digit)
                    return (uint)(digit[0] - '0');
                argument.AddError($"--version {argument.Tokens[0].Value}: must be 2, 3, 4 or 5");
                return null;
            },
        };
        Option<ReadOnlyMemory<byte>?> reportData = HexOption.Bytes("--report-data", "What the guest puts in: up to 64 bytes, padded with zeros.", 64);
        Option<ReadOnlyMemory<byte>?> measurement = HexOption.Bytes("--measurement", "Launch digest: 48 bytes.", 48, exact: true);
        Option<ReadOnlyMemory<byte>?> hostData = HexOption.Bytes("--host-data", "What the host puts in: 32 bytes.", 32, exact: true);
        Option<ReadOnlyMemory<byte>?> chipId = HexOption.Bytes("--chip-id", "64 bytes, from Turin on 8; one that is always the same by default.", 64);
        Option<ulong?> policy = HexOption.Number("--policy", "Guest policy; 30000 by default.");
        Option<bool> debug = new("--debug") { Description = "Allow debugging, in addition to --policy." };
        Option<uint?> vmpl = new("--vmpl")
        {
            Description = "Privilege level that asked; 0 by default.",
            HelpName = "0..3",
            CustomParser = argument =>
            {
                if (argument.Tokens[0].Value is ("0" or "1" or "2" or "3") and string digit)
                    return (uint)(digit[0] - '0');
                argument.AddError($"--vmpl {argument.Tokens[0].Value}: must be from 0 to 3");
                return null;
            },
        };
        Option<SimulatedTcb?> tcb = TcbOption.Create("--tcb", "Patch levels in decimal, of the report and of the certificate; fmc/ from Turin on only.");
        Option<bool> vlek = new("--vlek") { Description = "Sign with a VLEK, and leave the chip id zero, as clouds do that hide it." };

        OsevCommand command = new("report", "Make an attestation report that a simulated chip signed, with its certificates.",
            "osev simulate report --chain /tmp/amd --out /tmp/report.bin --report-data 00112233",
            "osev simulate report --chain /tmp/amd --out /tmp/report.bin --tcb 1/1/1/3/70 --vmpl 1",
            "osev simulate report --chain /tmp/amd --out /tmp/report.bin --debug")
        {
            chain, output, version, reportData, measurement, hostData, chipId, policy, debug, vmpl, tcb, vlek,
        };
        command.SetAction(parsed =>
        {
            using SimulatedAuthority authority = SimulatedAuthority.Load(parsed.GetValue(chain)!);
            byte[]? id = HexOption.ChipId(parsed.GetValue(chipId), authority.Line);
            SimulatedTcb? levels = TcbOption.Of(parsed.GetValue(tcb), authority.Line);
            bool withVlek = parsed.GetValue(vlek);
            using SimulatedSecurityProcessor processor = new(authority, id, levels);
            ReportFields fields = processor.Fields;
            byte[] report = processor.Report(fields with
            {
                Version = parsed.GetValue(version) ?? fields.Version,
                ReportData = parsed.GetValue(reportData)?.ToArray() ?? [],
                Measurement = parsed.GetValue(measurement)?.ToArray() ?? fields.Measurement,
                HostData = parsed.GetValue(hostData)?.ToArray() ?? [],
                Policy = (parsed.GetValue(policy) ?? fields.Policy) | (parsed.GetValue(debug) ? DebugAllowed : 0),
                Vmpl = parsed.GetValue(vmpl) ?? 0,
                SigningKey = withVlek ? 1u : 0,
                ChipId = withVlek ? [] : fields.ChipId,
            });
            string file = parsed.GetValue(output)!;
            ReportWritten written = new(Path.GetFullPath(file), Path.GetFullPath(file + (withVlek ? ".vlek.der" : ".vcek.der")),
                Path.GetFullPath(file + ".certs"), authority.Line.ToString(), Convert.ToHexStringLower(processor.ChipId), processor.Tcb.ToString());
            Write(written.Report, report);
            Write(written.Certificate, (withVlek ? processor.Vlek : processor.Vcek).Certificate);
            Write(written.CertificateTable, processor.CertificateTable(withVlek));
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(written, SimulateJson.Default.ReportWritten);
            else
                console.WriteLine($"simulated {authority.Line} report in {file}, signed by its {(withVlek ? "VLEK" : "VCEK")} at TCB {written.Tcb}");
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(string path, byte[] content)
    {
        try
        {
            File.WriteAllBytes(path, content);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{path} could not be written: {e.Message.TrimEnd('.')}", "choose a folder that is there and yours", inner: e);
        }
    }
}

/// <summary>Result of making a report: its files and the chip that signed.</summary>
internal sealed record ReportWritten(string Report, string Certificate, string CertificateTable, string Line, string ChipId, string Tcb);
