using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Whether verdicts have consequences here, and which. Section <c>[enforcement]</c>.</summary>
public sealed class EnforcementOptions
{
    public static IniSection<EnforcementOptions> Section { get; } =
        new IniSection<EnforcementOptions>("enforcement", "What follows from verdicts. The service's user needs to tag, lock, stop and shelve servers of all projects: by Nova's default policy that is role admin.")
            .Flag("enabled", "Look after it.",
                o => o.Enabled, (o, value) => o.Enabled = value)
            .File("rules_file", "What is done about which instances; enforcement.yaml.sample has all of it. Unset: the rules of that sample, which only show what they would do.",
                o => o.RulesFile, (o, value) => o.RulesFile = value, example: "/etc/openstack-sev/enforcement.yaml")
            .Duration("interval", "Seconds between two looks; a verdict that turns is looked at at once. 5 to 3600.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1));

    public bool Enabled { get; set; } = true;
    public string? RulesFile { get; set; }
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);
}
