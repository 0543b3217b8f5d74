using Microsoft.Extensions.Configuration;

namespace OpenStackSev.Agent.Configuration;

/// <summary>Which cloud this node belongs to. Section <c>[openstack]</c> of agent.conf.</summary>
public sealed class OpenStackOptions
{
    public const string Section = "openstack";

    /// <summary>Cloud of clouds.yaml. Unset: <c>OS_CLOUD</c> and the other <c>OS_*</c> variables.</summary>
    [ConfigurationKeyName("cloud")]
    public string? Cloud { get; set; }

    /// <summary>The clouds.yaml to read. Unset: <c>OS_CLIENT_CONFIG_FILE</c>, then the standard places.</summary>
    [ConfigurationKeyName("clouds_file")]
    public string? CloudsFile { get; set; }
}
