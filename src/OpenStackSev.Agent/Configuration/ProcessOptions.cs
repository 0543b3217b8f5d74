using Microsoft.Extensions.Configuration;

namespace OpenStackSev.Agent.Configuration;

/// <summary>The agent as a process. Section <c>[DEFAULT]</c> of agent.conf.</summary>
public sealed class ProcessOptions
{
    public const string Section = "DEFAULT";

    /// <summary>Also log each request and each decision.</summary>
    [ConfigurationKeyName("debug")]
    public bool Debug { get; set; }

    /// <summary>Log one JSON object a line instead of text.</summary>
    [ConfigurationKeyName("log_json")]
    public bool LogJson { get; set; }

    /// <summary>Folder for the node's lock and what a restart must remember. Made when missing.</summary>
    [ConfigurationKeyName("state_dir")]
    public string StateDir { get; set; } = "/var/lib/openstack-sev/agent";

    /// <summary>Folder to read the machine's facts below. Another one than <c>/</c> is for simulated hosts.</summary>
    [ConfigurationKeyName("platform_root")]
    public string PlatformRoot { get; set; } = "/";
}
