using OpenStackSev.Configuration;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Configuration;

/// <summary>The control plane's settings: read from INI files, checked whole, then never changed.</summary>
public sealed record ControlConfiguration
{
    public static ConfigurationFiles Files { get; } = new("/etc/openstack-sev/openstack-sev.conf");

    public ProcessOptions Process { get; init; } = new();
    public ApiOptions Api { get; init; } = new();
    public KeystoneOptions Keystone { get; init; } = new();
    public PolicyOptions Policy { get; init; } = new();
    public HealthOptions Health { get; init; } = new();
    public MetricsOptions Metrics { get; init; } = new();
    public HostsOptions Hosts { get; init; } = new();
    public EndorsementOptions Endorsements { get; init; } = new();
    public ReattestationOptions Reattestation { get; init; } = new();
    public SweepOptions Sweep { get; init; } = new();
    public EnforcementOptions Enforcement { get; init; } = new();
    public TrustOptions Trust { get; init; } = new();
    public HeatOptions Heat { get; init; } = new();
    public NotificationOptions Notifications { get; init; } = new();
    public DatabaseOptions Database { get; init; } = new();
    public EventOptions Events { get; init; } = new();

    /// <summary>In the order of the sample.</summary>
    public static IReadOnlyList<IniSection> Sections { get; } =
    [
        ProcessOptions.Section, ApiOptions.Section, KeystoneOptions.Section, PolicyOptions.Section, HealthOptions.Section, MetricsOptions.Section,
        HostsOptions.Section, EndorsementOptions.Section, ReattestationOptions.Section, SweepOptions.Section, EnforcementOptions.Section, TrustOptions.Section, HeatOptions.Section,
        NotificationOptions.Section, DatabaseOptions.Section, EventOptions.Section,
    ];

    /// <summary>etc/openstack-sev.conf.sample.</summary>
    public static string Sample { get; } = SampleFile.Of(
        [
            $"openstack-sev-control: {Files.DefaultFile}, then {Files.DefaultFile}.d/*.conf",
            "A key that is commented out shows its default, or an example where there is none. An unknown key or section stops the start.",
        ],
        Sections);

    /// <summary>Reads <paramref name="files"/> in order; a later file overrides an earlier one key by key.</summary>
    /// <exception cref="ConfigurationException">With every problem of every file.</exception>
    public static ControlConfiguration Load(IReadOnlyList<string> files)
    {
        var problems = new List<string>();
        IniSettings settings = IniSettings.Read(files, Sections, problems);
        var configuration = new ControlConfiguration
        {
            Process = ProcessOptions.Section.Read(settings, problems),
            Api = ApiOptions.Section.Read(settings, problems),
            Keystone = KeystoneOptions.Section.Read(settings, problems),
            Policy = PolicyOptions.Section.Read(settings, problems),
            Health = HealthOptions.Section.Read(settings, problems),
            Metrics = MetricsOptions.Section.Read(settings, problems),
            Hosts = HostsOptions.Section.Read(settings, problems),
            Endorsements = EndorsementOptions.Section.Read(settings, problems),
            Reattestation = ReattestationOptions.Section.Read(settings, problems),
            Sweep = SweepOptions.Section.Read(settings, problems),
            Enforcement = EnforcementOptions.Section.Read(settings, problems),
            Trust = TrustOptions.Section.Read(settings, problems),
            Heat = HeatOptions.Section.Read(settings, problems),
            Notifications = NotificationOptions.Section.Read(settings, problems),
            Database = DatabaseOptions.Section.Read(settings, problems),
            Events = EventOptions.Section.Read(settings, problems),
        };
        return problems.Count == 0 ? configuration : throw new ConfigurationException(problems);
    }
}
