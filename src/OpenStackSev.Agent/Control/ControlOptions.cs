using OpenStackSev.Configuration;

namespace OpenStackSev.Agent.Control;

/// <summary>How this node reports to the control plane. Section <c>[control]</c> of agent.conf.</summary>
public sealed class ControlOptions
{
    private const string Certificate = "certificate";
    private const string ServiceUser = "service_user";

    public static IniSection<ControlOptions> Section { get; } =
        new IniSection<ControlOptions>("control", "How this node reports to the control plane. Without a certificate it does not.")
            .Url("endpoint", "URL of the control plane. Unset: the catalogue's endpoint of service type attestation.",
                o => o.Endpoint, (o, value) => o.Endpoint = value, example: "https://attestation.example.org:9520")
            .File("certificate", "PEM file of this node's certificate, as osev host certificate issue made it. Read again when it changes.",
                o => o.CertificateFile, (o, value) => o.CertificateFile = value, example: "/var/lib/openstack-sev/agent/node.crt")
            .File("key", "PEM file of the certificate's key.",
                o => o.KeyFile, (o, value) => o.KeyFile = value, example: "/var/lib/openstack-sev/agent/node.key")
            .Flag("renew", "Renew the certificate at two thirds of its life, on a new key; the agent must be able to write both files and beside them.",
                o => o.Renew, (o, value) => o.Renew = value)
            .File("cafile", "PEM file of the CAs that the control plane's own certificate is checked with. Unset: the system's.",
                o => o.CaFile, (o, value) => o.CaFile = value, example: "/etc/ssl/certs/cloud-ca.pem")
            .Choice("auth", "By this node's certificate, or for a lab as the user of [openstack], where the control plane allows it.",
                o => o.Auth, (o, value) => o.Auth = value, Certificate, ServiceUser)
            .Duration("interval", "Seconds between two reports while nothing changes, 5 to 3600. The control plane may ask for shorter ones.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1))
            .Rule(o => o.CertificateFile is null != o.KeyFile is null ? ["certificate and key: give both or neither"] : []);

    public Uri? Endpoint { get; set; }
    public string? CertificateFile { get; set; }
    public string? KeyFile { get; set; }
    public bool Renew { get; set; } = true;
    public string? CaFile { get; set; }
    public string Auth { get; set; } = Certificate;
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    public bool AsServiceUser => Auth == ServiceUser;

    /// <summary>False where no control plane is to be reported to.</summary>
    public bool IsOn => CertificateFile is not null || AsServiceUser;

    /// <summary>The files that are renewed; null where none are.</summary>
    public NodeCertificateFiles? Renewed => Renew && !AsServiceUser && CertificateFile is { } certificate && KeyFile is { } key
        ? new NodeCertificateFiles(certificate, key)
        : null;
}
