using System.CommandLine;
using System.CommandLine.Parsing;
using OpenStackSev;
using OpenStackSev.Agent;
using OpenStackSev.Agent.Configuration;

using var termination = new Termination();
var configFile = new Option<string[]>("--config-file")
{
    Description = $"configuration file; may be given more than once, a later one overrides (default: {AgentConfiguration.Files.DefaultFile}, then *.conf of {AgentConfiguration.Files.DefaultFile}.d)",
    HelpName = "FILE",
};
var configDir = new Option<string[]>("--config-dir") { Description = "folder whose *.conf files are read after the files, in name order", HelpName = "DIR" };
var once = new Option<bool>("--once") { Description = "publish once and exit; says what was written" };
var dryRun = new Option<bool>("--dry-run") { Description = "print what would be written, write nothing, and exit" };
var printSample = new Option<bool>("--print-sample") { Description = "print a configuration file with every key, its default and what it does, and exit" };

var root = new RootCommand(
    """
    Publishes this compute node's true AMD SEV, SEV-ES and SEV-SNP capacity to Placement, and keeps it true.

    Examples:
      openstack-sev-agent --dry-run                 what would change, without changing it
      openstack-sev-agent --once                    publish and exit, for cron or a first look
      openstack-sev-agent                           run as a service (systemd unit openstack-sev-agent)

    Exit codes: 0 done, 1 failed, 64 bad usage, 75 failed but may work later, 78 bad configuration.
    """) { configFile, configDir, once, dryRun, printSample };
root.Validators.Add(result =>
{
    if (result.GetValue(once) && result.GetValue(dryRun))
        result.AddError("--once writes and --dry-run does not: give one of them");
});
root.SetAction(async (parsed, ct) =>
{
    if (parsed.GetValue(printSample))
    {
        Console.Out.Write(AgentConfiguration.Sample);
        return ExitCodes.Done;
    }

    return await AgentRun.StartAsync(Arguments(parsed), Console.Out, Console.Error, ct);
});

ParseResult arguments = root.Parse(args);
if (arguments.Errors.Count > 0)
{
    foreach (ParseError error in arguments.Errors)
        Console.Error.WriteLine($"error: {error.Message}");
    Console.Error.WriteLine("hint: openstack-sev-agent --help");
    return ExitCodes.Usage;
}

return await arguments.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null }, termination.Token);

AgentArguments Arguments(ParseResult parsed) => new(
    parsed.GetValue(configFile) ?? [],
    parsed.GetValue(configDir) ?? [],
    parsed.GetValue(dryRun) ? RunMode.DryRun : parsed.GetValue(once) ? RunMode.Once : RunMode.Daemon);
