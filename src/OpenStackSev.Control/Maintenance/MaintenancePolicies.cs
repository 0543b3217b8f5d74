using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Maintenance;

/// <summary>Who may plan work on hosts: what he is shown are instances of all projects.</summary>
internal static class MaintenancePolicies
{
    public const string Drain = "openstack-sev:hosts:drain";
    public const string CheckUpgrade = "openstack-sev:hosts:check_upgrade";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Drain, RolePolicies.Admin, "See how the encrypted instances of a host can be moved away", "GET /v1/hosts/{node}/drain"),
        new(CheckUpgrade, RolePolicies.Admin, "See what an update of a host's firmware takes away and brings", "GET /v1/hosts/{node}/upgrade-check"),
    ];
}
