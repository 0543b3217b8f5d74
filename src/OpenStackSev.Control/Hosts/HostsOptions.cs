using OpenStackSev.Configuration;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Hosts;

/// <summary>How hosts report and are enrolled. Section <c>[hosts]</c>.</summary>
public sealed class HostsOptions
{
    private const string Admin = "admin";
    private const string FirstUse = "first_use";

    public static IniSection<HostsOptions> Section { get; } =
        new IniSection<HostsOptions>("hosts", "How hosts report and are enrolled.")
            .Duration("heartbeat_interval", "Seconds between two reports of an agent, at the latest; a host that misses three is marked silent. 5 to 3600.",
                o => o.HeartbeatInterval, (o, value) => o.HeartbeatInterval = value, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1))
            .Duration("proof_lifetime", "Seconds: an agent that hears nothing for so long takes CUSTOM_SEV_TRUSTED from its own node. 60 to 86400.",
                o => o.ProofLifetime, (o, value) => o.ProofLifetime = value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1))
            .Choice("chip_approval", "Who approves chips: an administrator, or for the first chips of a host its first report. Later ones are always the administrator's.",
                o => o.ChipApproval, (o, value) => o.ChipApproval = value, Admin, FirstUse)
            .File("node_ca", "Folder of the CA of node certificates; ca.pem and revoked.crl of it are read, and again when they change.",
                o => o.NodeCa, (o, value) => o.NodeCa = value)
            .Flag("allow_service_user", "Let a user of role service report for any node, without a certificate: for a lab only.",
                o => o.AllowServiceUser, (o, value) => o.AllowServiceUser = value)
            .Rule(o => o.ProofLifetime < o.HeartbeatInterval
                ? ["proof_lifetime: shorter than heartbeat_interval, so that every host would lose its trust between two reports"]
                : []);

    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromMinutes(1);
    public TimeSpan ProofLifetime { get; set; } = TimeSpan.FromMinutes(15);
    public string ChipApproval { get; set; } = Admin;
    public string NodeCa { get; set; } = AuthorityFolder.DefaultPath;
    public bool AllowServiceUser { get; set; }

    public bool ApprovesFirstUse => ChipApproval == FirstUse;
}
