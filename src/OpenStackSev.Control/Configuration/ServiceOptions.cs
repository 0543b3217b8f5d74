using System.Net;
using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Configuration;

/// <summary>Who may do what. Section <c>[oslo_policy]</c>.</summary>
public sealed class PolicyOptions
{
    public const string DefaultFile = "/etc/openstack-sev/policy.yaml";

    public static IniSection<PolicyOptions> Section { get; } =
        new IniSection<PolicyOptions>("oslo_policy", "Who may do what.")
            .File("policy_file", "Rules that replace the built-in ones, which policy.yaml.sample shows. It need not exist unless it is named here.",
                o => o.PolicyFile, (o, value) => (o.PolicyFile, o.IsNamed) = (value, true));

    public string PolicyFile { get; set; } = DefaultFile;

    /// <summary>Named in a configuration file, so that it has to exist.</summary>
    public bool IsNamed { get; set; }
}

/// <summary>What load balancers ask. Section <c>[healthcheck]</c>, as oslo.middleware has it.</summary>
public sealed class HealthOptions
{
    public static IniSection<HealthOptions> Section { get; } =
        new IniSection<HealthOptions>("healthcheck", "What load balancers are told at /healthcheck.")
            .File("disable_by_file_path", "While this file exists, the answer is 503 DISABLED BY FILE and a load balancer takes the machine out.",
                o => o.DisableByFilePath, (o, value) => o.DisableByFilePath = value, example: "/etc/openstack-sev/maintenance")
            .Flag("detailed", "Answer JSON with each part's state to whoever asks for application/json. Anybody may ask.",
                o => o.Detailed, (o, value) => o.Detailed = value);

    public string? DisableByFilePath { get; set; }
    public bool Detailed { get; set; }
}

/// <summary>Where Prometheus reads. Section <c>[metrics]</c>.</summary>
public sealed class MetricsOptions
{
    public static IniSection<MetricsOptions> Section { get; } =
        new IniSection<MetricsOptions>("metrics", "Where Prometheus reads /metrics: on an address of its own, without authentication.")
            .Flag("enabled", "Serve metrics.", o => o.Enabled, (o, value) => o.Enabled = value)
            .Text("bind_host", "Address to listen on. Whoever reaches it reads all numbers.", o => o.BindHost, (o, value) => o.BindHost = value)
            .Count("bind_port", "Port to listen on; 0 takes any that is free.", o => o.BindPort, (o, value) => o.BindPort = value, 0, 65535)
            .Rule(o => IPAddress.TryParse(o.BindHost, out _) ? [] : [$"bind_host = {o.BindHost}: not an IP address"]);

    public bool Enabled { get; set; } = true;
    public string BindHost { get; set; } = "127.0.0.1";
    public int BindPort { get; set; } = 9521;
    public IPAddress Address => IPAddress.Parse(BindHost);
}
