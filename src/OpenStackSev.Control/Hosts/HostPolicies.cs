using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Hosts;

/// <summary>Who may do what with hosts. They are the cloud's, not a project's: tenants see none.</summary>
internal static class HostPolicies
{
    public const string List = "openstack-sev:hosts:list";
    public const string Show = "openstack-sev:hosts:show";
    public const string History = "openstack-sev:hosts:history";
    public const string Approve = "openstack-sev:hosts:approve";
    public const string Withdraw = "openstack-sev:hosts:withdraw";
    public const string Report = "openstack-sev:hosts:report";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(List, RolePolicies.AdminOrService, "List hosts", "GET /v1/hosts"),
        new(Show, RolePolicies.AdminOrService, "Show a host", "GET /v1/hosts/{node}"),
        new(History, RolePolicies.AdminOrService, "Show what happened to a host", "GET /v1/hosts/{node}/history", "GET /v1/hosts/{node}/incidents", "GET /v1/incidents/{number}"),
        new(Approve, RolePolicies.Admin, "Approve chips of a host", "POST /v1/hosts/{node}/approval"),
        new(Withdraw, RolePolicies.Admin, "Withdraw chips of a host that reports no more", "POST /v1/hosts/{node}/withdrawal"),
        new(Report, RolePolicies.AdminOrService, "Report for any node, where [hosts] allow_service_user is on; a node's own certificate needs no rule",
            "PUT /v1/hosts/{node}", "PUT /v1/hosts/{node}/endorsements"),
    ];
}
