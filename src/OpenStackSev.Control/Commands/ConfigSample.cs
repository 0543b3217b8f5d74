using System.CommandLine;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Commands;

/// <summary><c>manage config sample</c>: the files in etc/ come from here.</summary>
internal static class ConfigSample
{
    public static Command Create(TextWriter output)
    {
        var policy = new Option<bool>("--policy") { Description = "print policy.yaml instead" };
        var enforcement = new Option<bool>("--enforcement") { Description = "print enforcement.yaml instead" };
        var command = new Command("sample", "Print a configuration file with every key, its default and what it does.") { policy, enforcement };
        command.SetAction(parsed =>
        {
            output.Write(parsed.GetValue(policy) ? Policies.Sample() : parsed.GetValue(enforcement) ? RulesetSample.Text : ControlConfiguration.Sample);
            return ExitCodes.Done;
        });
        return command;
    }
}
