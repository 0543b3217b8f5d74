using OpenStackSev.Configuration;

namespace OpenStackSev.Agent.Configuration;

/// <summary>Which cloud this node belongs to. Section <c>[openstack]</c> of agent.conf.</summary>
public sealed class OpenStackOptions
{
    public static IniSection<OpenStackOptions> Section { get; } =
        new IniSection<OpenStackOptions>("openstack", "Which cloud this node belongs to.")
            .Text("cloud", "Cloud of clouds.yaml. Unset: OS_CLOUD and the other OS_* variables.",
                o => o.Cloud, (o, value) => o.Cloud = value, example: "mycloud")
            .Text("clouds_file", "The clouds.yaml to read. Unset: OS_CLIENT_CONFIG_FILE, then the standard places.",
                o => o.CloudsFile, (o, value) => o.CloudsFile = value, example: "/etc/openstack/clouds.yaml");

    public string? Cloud { get; set; }
    public string? CloudsFile { get; set; }
}
