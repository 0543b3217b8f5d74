using OpenStackSev.Configuration;

namespace OpenStackSev.Agent.Configuration;

/// <summary>The agent as a process. Section <c>[DEFAULT]</c> of agent.conf.</summary>
public sealed class ProcessOptions
{
    public static IniSection<ProcessOptions> Section { get; } =
        new IniSection<ProcessOptions>("DEFAULT", "The agent as a process.")
            .Flag("debug", "Also log each request and each decision.", o => o.Debug, (o, value) => o.Debug = value)
            .Flag("log_json", "Log one JSON object a line instead of text.", o => o.LogJson, (o, value) => o.LogJson = value)
            .File("state_dir", "Folder for the node's lock and what a restart must remember. Made when missing.",
                o => o.StateDir, (o, value) => o.StateDir = value)
            .File("platform_root", "Folder to read the machine's facts below. Another one than / is for simulated hosts.",
                o => o.PlatformRoot, (o, value) => o.PlatformRoot = value);

    public bool Debug { get; set; }
    public bool LogJson { get; set; }
    public string StateDir { get; set; } = "/var/lib/openstack-sev/agent";
    public string PlatformRoot { get; set; } = "/";
}
