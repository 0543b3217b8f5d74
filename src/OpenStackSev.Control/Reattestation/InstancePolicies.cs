using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Reattestation;

/// <summary>Who may do what with instances. A project sees its own and nothing of the hosts they run on.</summary>
internal static class InstancePolicies
{
    public const string Vendordata = "openstack-sev:vendordata:create";
    public const string List = "openstack-sev:instances:list";
    public const string ListAll = "openstack-sev:instances:list_all";
    public const string Show = "openstack-sev:instances:show";
    public const string ShowHost = "openstack-sev:instances:show_host";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Vendordata, RolePolicies.AdminOrService, "Ask for the ticket of any instance: for Nova's [vendordata_dynamic_auth] user", "POST /v1/vendordata"),
        new(List, RolePolicies.ProjectReader, "List the instances of the token's project", "GET /v1/instances"),
        new(ListAll, RolePolicies.AdminOrService, "List the instances of all projects", "GET /v1/instances"),
        new(Show, "rule:admin_or_service or rule:project_reader", "Look at an instance: its result, its history and its evidence",
            "GET /v1/instances/{instance}/attestation", "GET /v1/instances/{instance}/history", "GET /v1/instances/{instance}/evidence",
            "GET /v1/instances/{instance}/incidents", "GET /v1/incidents/{number}"),
        new(ShowHost, RolePolicies.AdminOrService, "See on which host and chip an instance runs",
            "GET /v1/instances", "GET /v1/instances/{instance}/attestation", "GET /v1/instances/{instance}/history"),
    ];
}
