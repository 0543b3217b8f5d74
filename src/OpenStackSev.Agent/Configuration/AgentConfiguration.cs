using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Control;
using OpenStackSev.Configuration;

namespace OpenStackSev.Agent.Configuration;

/// <summary>The agent's settings: read from INI files, checked whole, then never changed.</summary>
public sealed record AgentConfiguration(ProcessOptions Process, OpenStackOptions OpenStack, CapacityOptions Capacity, ControlOptions Control)
{
    public static ConfigurationFiles Files { get; } = new("/etc/openstack-sev/agent.conf");

    /// <summary>In the order of the sample.</summary>
    public static IReadOnlyList<IniSection> Sections { get; } = [ProcessOptions.Section, OpenStackOptions.Section, CapacityOptions.Section, ControlOptions.Section];

    /// <summary>etc/agent.conf.sample.</summary>
    public static string Sample { get; } = SampleFile.Of(
        [
            $"openstack-sev-agent: {Files.DefaultFile}, then {Files.DefaultFile}.d/*.conf",
            "A key that is commented out shows its default, or an example where there is none. An unknown key or section stops the start.",
        ],
        Sections);

    /// <summary>Reads <paramref name="files"/> in order; a later file overrides an earlier one key by key.</summary>
    /// <exception cref="ConfigurationException">With every problem of every file.</exception>
    public static AgentConfiguration Load(IReadOnlyList<string> files)
    {
        var problems = new List<string>();
        IniSettings settings = IniSettings.Read(files, Sections, problems);
        var configuration = new AgentConfiguration(
            ProcessOptions.Section.Read(settings, problems),
            OpenStackOptions.Section.Read(settings, problems),
            CapacityOptions.Section.Read(settings, problems),
            ControlOptions.Section.Read(settings, problems));
        return problems.Count == 0 ? configuration : throw new ConfigurationException(problems);
    }
}
