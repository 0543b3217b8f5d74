using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Reports;

namespace OpenStackSev.Guest;

/// <summary>The command line.</summary>
internal sealed class GuestCommands(TextWriter output, TextWriter error)
{
    private readonly Option<string> runtimeFolder = new("--runtime-dir")
    {
        Description = "folder of token and socket",
        HelpName = "DIR",
        DefaultValueFactory = _ => RuntimeFolder.Usual,
        Recursive = true,
    };

    private readonly Option<bool> once = new("--once") { Description = "one round, its verdict on standard output and as exit code, and no token" };
    private readonly Option<bool> debug = new("--debug") { Description = "log more" };
    private readonly Option<string?> instructions = new("--instructions")
    {
        Description = "a file like vendor_data2.json, instead of metadata service and config drive: for a lab",
        HelpName = "FILE",
    };

    private readonly Option<Uri> metadata = new("--metadata")
    {
        Description = "URL of the metadata service",
        HelpName = "URL",
        DefaultValueFactory = _ => MetadataService.Usual,
        CustomParser = Url,
    };

    private readonly Option<string?> configDrive = new("--config-drive")
    {
        Description = "where the config drive is mounted (default: wherever a file system of label config-2 is)",
        HelpName = "DIR",
    };

    private readonly Option<string> tsm = new("--tsm")
    {
        Description = "folder of configfs-tsm; another one is a simulation",
        HelpName = "DIR",
        DefaultValueFactory = _ => "/sys/kernel/config/tsm",
    };

    private readonly Option<string> device = new("--device")
    {
        Description = "guest device, where the kernel has no configfs-tsm",
        HelpName = "FILE",
        DefaultValueFactory = _ => SevGuestDevice.UsualPath,
    };

    private readonly Option<uint> nudgeInterval = new("--nudge-interval")
    {
        Description = "seconds between looks at server metadata for a wish of the control plane, 10 to 86400",
        HelpName = "SECONDS",
        DefaultValueFactory = _ => 60,
    };

    private readonly Option<string> reportData = new("--report-data") { Description = "what the report is to bind: 64 bytes", HelpName = "HEX", Required = true };
    private readonly Option<string> reportFile = new("--out", "-o") { Description = "file for the report; certificates go beside it as FILE.certs", HelpName = "FILE", Required = true };
    private readonly Option<string> format = new("--format", "-f") { Description = "table or json", HelpName = "FORMAT", DefaultValueFactory = _ => "table" };

    /// <returns>One of <see cref="ExitCodes"/>.</returns>
    public async Task<int> RunAsync(IReadOnlyList<string> args, CancellationToken ct)
    {
        ParseResult parsed = Root().Parse(args);
        if (parsed.Errors.Count == 0)
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,    // Termination hears signals
            }, ct);
        foreach (ParseError problem in parsed.Errors)
            error.WriteLine($"error: {problem.Message}");
        error.WriteLine("hint: openstack-sev-guest --help");
        return ExitCodes.Usage;
    }

    private RootCommand Root()
    {
        format.AcceptOnlyFromAmong("table", "json");
        return new RootCommand(
            """
            Proves again and again that this machine is a confidential one (AMD SEV-SNP), and hands the proof to the workload.

            Examples:
              openstack-sev-guest run --once        prove it now, and exit with the verdict
              openstack-sev-guest status            what was found last
              openstack-sev-guest token             the signed result, for whoever wants the proof

            Exit codes: 0 done, 1 failed, 64 bad usage, 69 the attester does not run, 75 not now, 77 not allowed.
            Of run --once and status: 0 affirming, 1 warning, 2 contraindicated, 3 not judged.
            """)
        {
            runtimeFolder,
            Acting(Run(), (parsed, ct) => GuestRun.StartAsync(Arguments(parsed), output, error, ct)),
            Acting(new Command("token", "Print the current token."), (parsed, ct) => Workload(parsed).TokenAsync(ct)),
            Acting(new Command("status", "Print what was found last.") { format }, (parsed, ct) => Workload(parsed).StatusAsync(parsed.GetValue(format) == "json", ct)),
            Acting(new Command("report", "Ask the security processor for a report of one's own.") { reportData, reportFile },
                (parsed, ct) => Workload(parsed).ReportAsync(parsed.GetValue(reportData)!, parsed.GetValue(reportFile)!, ct)),
            Acting(new Command("sign", "Sign standard input with the key that the token names (cnf): ES384, in base64url."), SignAsync),
        };
    }

    private WorkloadCommands Workload(ParseResult parsed) => new(RuntimeFolder.SocketOf(parsed.GetValue(runtimeFolder)!), output, error);

    private async Task<int> SignAsync(ParseResult parsed, CancellationToken ct)
    {
        byte[] message = new byte[SocketRequest.LongestMessage + 1];
        await using Stream input = Console.OpenStandardInput();
        int length = await input.ReadAtLeastAsync(message, message.Length, throwOnEndOfStream: false, ct);
        if (length is > 0 and <= SocketRequest.LongestMessage)
            return await Workload(parsed).SignAsync(message[..length], ct);
        error.WriteLine($"error: standard input must have 1 to {SocketRequest.LongestMessage} bytes");
        error.WriteLine("hint: sign a digest of what is longer");
        return ExitCodes.Usage;
    }

    private Command Run()
    {
        nudgeInterval.Validators.Add(result =>
        {
            if (!result.Errors.Any() && result.GetValueOrDefault<uint>() is < 10 or > 86_400)
                result.AddError("--nudge-interval: must be 10 to 86400 seconds");
        });
        return new Command("run", "Prove it round after round, as a service.")
        {
            once, debug, instructions, metadata, configDrive, tsm, device, nudgeInterval,
        };
    }

    private GuestArguments Arguments(ParseResult parsed) => new(
        parsed.GetValue(once), parsed.GetValue(debug), parsed.GetValue(runtimeFolder)!, parsed.GetValue(instructions),
        parsed.GetValue(metadata)!, parsed.GetValue(configDrive), parsed.GetValue(tsm)!, parsed.GetValue(device)!,
        TimeSpan.FromSeconds(parsed.GetValue(nudgeInterval)));

    private static Command Acting(Command command, Func<ParseResult, CancellationToken, Task<int>> action)
    {
        command.SetAction(action);
        return command;
    }

    private static Uri? Url(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        if (Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https")
            return url;
        argument.AddError(string.Create(CultureInfo.InvariantCulture, $"--metadata {text}: must be an http or https URL"));
        return null;
    }
}
