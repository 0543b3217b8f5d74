using System.CommandLine;
using System.CommandLine.Parsing;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Commands;

/// <summary>Exit codes, after sysexits.h where it has a fitting one.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 64;
    public const int TryLater = 75;
    public const int Configuration = 78;
}

/// <summary>The command line: serving, and what an administrator does beside it. A command is one file and one line here.</summary>
public static class ControlCommands
{
    private static readonly Option<string[]> s_files = new("--config-file")
    {
        Description = $"configuration file; may be given more than once, a later one overrides (default: {ControlConfiguration.Files.DefaultFile}, then *.conf of {ControlConfiguration.Files.DefaultFile}.d)",
        HelpName = "FILE",
        Recursive = true,
    };

    private static readonly Option<string[]> s_folders = new("--config-dir")
    {
        Description = "folder whose *.conf files are read after the files, in name order",
        HelpName = "DIR",
        Recursive = true,
    };

    /// <summary>Runs one command line.</summary>
    /// <returns>An exit code; <c>status upgrade check</c> has its own.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, TextWriter output, TextWriter error, CancellationToken ct = default)
    {
        ParseResult parsed = Root(output, error).Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (ParseError problem in parsed.Errors)
                error.WriteLine($"error: {problem.Message}");
            error.WriteLine("hint: openstack-sev-control --help");
            return ExitCodes.Usage;
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                // Its own handler of SIGTERM ends the program after two seconds, whatever is still being answered; the host's waits.
                ProcessTerminationTimeout = null,
            }, ct);
        }
        catch (ConfigurationException e)
        {
            foreach (string problem in e.Problems)
                error.WriteLine($"error: {problem}");
            return ExitCodes.Configuration;
        }
        catch (StartException e)
        {
            error.WriteLine($"error: {e.Message}");
            error.WriteLine($"hint: {e.Hint}");
            return e.ExitCode;
        }
    }

    /// <summary>The configuration that a command line names.</summary>
    /// <exception cref="ConfigurationException">With every problem.</exception>
    public static ControlConfiguration Configuration(this ParseResult parsed) => ControlConfiguration.Load(
        ControlConfiguration.Files.Of(parsed.GetValue(s_files) ?? [], parsed.GetValue(s_folders) ?? []));

    private static RootCommand Root(TextWriter output, TextWriter error)
    {
        var root = new RootCommand(
            """
            The control plane of OpenStackSev: hosts report here, flavors and images are checked, verdicts are kept.

            Examples:
              openstack-sev-control                             serve (systemd unit openstack-sev-control)
              openstack-sev-control status upgrade check        is this machine ready to serve this version?
              openstack-sev-control manage db sync              make or update the database
              openstack-sev-control manage history verify       has somebody changed the history?
              openstack-sev-control manage keys rotate results  sign results with a new key
              openstack-sev-control manage config sample        print the sample configuration

            Exit codes: 0 done, 1 failed, 64 bad usage, 75 failed but may work later, 78 bad configuration.
            """)
        {
            s_files,
            s_folders,
            new Command("manage", "What an administrator does on the control plane's machine.")
            {
                DatabaseCommands.Create(output),
                HistoryCommands.Create(output, error),
                KeyCommands.Create(output),
                new Command("config", "Configuration files.") { ConfigSample.Create(output) },
            },
            new Command("status", "How this machine stands.")
            {
                new Command("upgrade", "Upgrades.") { UpgradeCheckCommand.Create(output, error) },
            },
        };
        root.SetAction((parsed, ct) => Serve.RunAsync(parsed.Configuration(), ct));
        return root;
    }
}

/// <summary>The service cannot start, and it is not its configuration's text.</summary>
public sealed class StartException(string message, string hint, int exitCode, Exception? inner = null) : Exception(message, inner)
{
    public string Hint { get; } = hint;
    public int ExitCode { get; } = exitCode;
}
