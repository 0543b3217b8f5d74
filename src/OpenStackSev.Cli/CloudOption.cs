using System.CommandLine;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Cli;

/// <summary><c>--os-cloud</c>, as the <c>openstack</c> command has it, for every command that asks a cloud.</summary>
public static class CloudOption
{
    public static Option<string> Instance { get; } = new("--os-cloud")
    {
        Description = "Cloud of clouds.yaml (default: OS_CLOUD, else the OS_* variables).",
        HelpName = "NAME",
        Recursive = true,
    };

    /// <exception cref="CloudConfigurationException">No cloud is configured.</exception>
    public static OpenStackConnection Connect(this ParseResult parsed) =>
        OpenStackConnection.Open(CloudSettings.Load(parsed.GetValue(Instance), CloudEnvironment.OfProcess()));
}
