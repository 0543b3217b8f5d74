using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
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
        Option<ReadOnlyMemory<byte>?> reportData = Hex("--report-data", "What the guest puts in: up to 64 bytes, padded with zeros.", 64);
        Option<ReadOnlyMemory<byte>?> measurement = Hex("--measurement", "Launch digest: 48 bytes.", 48, exact: true);
        Option<ReadOnlyMemory<byte>?> hostData = Hex("--host-data", "What the host puts in: 32 bytes.", 32, exact: true);
        Option<ReadOnlyMemory<byte>?> chipId = Hex("--chip-id", "64 bytes, from Turin on 8; one that is always the same by default.", 64);
        Option<ulong?> policy = new("--policy")
        {
            Description = "Guest policy; 30000 by default.",
            HelpName = "HEX",
            CustomParser = argument =>
            {
                string text = WithoutPrefix(argument.Tokens[0].Value);
                if (ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong bits))
                    return bits;
                argument.AddError($"--policy {argument.Tokens[0].Value}: must be up to 16 hexadecimal digits");
                return null;
            },
        };
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
        Option<SimulatedTcb?> tcb = new("--tcb")
        {
            Description = "Patch levels in decimal, of the report and of the certificate; fmc/ from Turin on only.",
            HelpName = "[fmc/]bl/tee/snp/ucode",
            CustomParser = argument =>
            {
                if (SimulatedTcb.TryParse(argument.Tokens[0].Value, out SimulatedTcb levels))
                    return levels;
                argument.AddError($"--tcb {argument.Tokens[0].Value}: must be like 4/0/24/219, or 1/1/1/4/81 from Turin on");
                return null;
            },
        };
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
            SimulatedLine line = authority.Line;
            byte[]? id = parsed.GetValue(chipId)?.ToArray();
            if (id is not null && id.Length != line.ChipIdLength)
            {
                throw CommandException.BadUsage($"--chip-id: {id.Length} bytes, but a chip id of {line} has {line.ChipIdLength}",
                    "leave it out for one that is always the same");
            }
            SimulatedTcb? levels = parsed.GetValue(tcb);
            if (levels is { } asked && asked.Fmc.HasValue != line.HasFmc)
            {
                throw CommandException.BadUsage($"--tcb {asked}: {line} has {(line.HasFmc ? "five" : "four")} patch levels",
                    $"for example --tcb {line.UsualTcb}");
            }
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
                Path.GetFullPath(file + ".certs"), line.ToString(), Convert.ToHexStringLower(processor.ChipId), processor.Tcb.ToString());
            Write(written.Report, report);
            Write(written.Certificate, (withVlek ? processor.Vlek : processor.Vcek).Certificate);
            Write(written.CertificateTable, processor.CertificateTable(withVlek));
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(written, SimulateJson.Default.ReportWritten);
            else
                console.WriteLine($"simulated {line} report in {file}, signed by its {(withVlek ? "VLEK" : "VCEK")} at TCB {written.Tcb}");
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

    private static Option<ReadOnlyMemory<byte>?> Hex(string name, string description, int length, bool exact = false) => new(name)
    {
        Description = description,
        HelpName = "HEX",
        CustomParser = argument => Bytes(argument, name, length, exact),
    };

    private static ReadOnlyMemory<byte>? Bytes(ArgumentResult argument, string name, int length, bool exact)
    {
        string text = WithoutPrefix(argument.Tokens[0].Value);
        if (text.Length % 2 == 0 && text.All(char.IsAsciiHexDigit) && (exact ? text.Length == length * 2 : text.Length <= length * 2))
            return Convert.FromHexString(text).AsMemory();
        argument.AddError($"{name}: must be {(exact ? "" : "up to ")}{length} bytes in hexadecimal");
        return null;
    }

    private static string WithoutPrefix(string text) => text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : text;
}

/// <summary>Result of making a report: its files and the chip that signed.</summary>
internal sealed record ReportWritten(string Report, string Certificate, string CertificateTable, string Line, string ChipId, string Tcb);
