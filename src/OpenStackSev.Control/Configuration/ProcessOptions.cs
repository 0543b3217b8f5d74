using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Configuration;

/// <summary>The control plane as a process. Section <c>[DEFAULT]</c>.</summary>
public sealed class ProcessOptions
{
    public static IniSection<ProcessOptions> Section { get; } =
        new IniSection<ProcessOptions>("DEFAULT", "The control plane as a process.")
            .Flag("debug", "Also log each request to other services and each decision.", o => o.Debug, (o, value) => o.Debug = value)
            .Flag("log_json", "Log one JSON object a line instead of text.", o => o.LogJson, (o, value) => o.LogJson = value)
            .File("state_dir", "Folder for what a restart must remember: audits, and the database where [database] names no other. Made when missing.",
                o => o.StateDir, (o, value) => o.StateDir = value);

    public bool Debug { get; set; }
    public bool LogJson { get; set; }
    public string StateDir { get; set; } = "/var/lib/openstack-sev/control";
}
