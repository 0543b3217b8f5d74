using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Gates;

/// <summary>Who may see the gates that servers name.</summary>
internal static class GatePolicies
{
    public const string List = "openstack-sev:gates:list";
    public const string ListAll = "openstack-sev:gates:list_all";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(List, RolePolicies.ProjectReader, "List the gates of stacks that the servers of the token's project name", "GET /v1/gates"),
        new(ListAll, RolePolicies.AdminOrService, "List the gates of the servers of all projects", "GET /v1/gates"),
    ];
}
