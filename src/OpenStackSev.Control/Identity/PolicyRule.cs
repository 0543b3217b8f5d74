namespace OpenStackSev.Control.Identity;

/// <summary>One operation that policy.yaml can decide about, or a rule that others refer to.</summary>
/// <param name="Name"><c>openstack-sev:hosts:list</c> for an operation, one word for a rule that others refer to.</param>
/// <param name="Check">In oslo.policy's language; what holds when policy.yaml says nothing.</param>
/// <param name="Operations">Method and path, e.g. <c>GET /v1/hosts</c>.</param>
public sealed record PolicyRule(string Name, string Check, string Description, params IReadOnlyList<string> Operations);

/// <summary>The rules that the operations' rules are made of: Keystone's default roles, each of which includes the next.</summary>
public static class RolePolicies
{
    public const string Admin = "rule:admin";
    public const string AdminOrService = "rule:admin_or_service";
    public const string ManagerOrService = "rule:manager_or_service";
    public const string Reader = "rule:reader";
    public const string ProjectReader = "rule:project_reader";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new("admin", "role:admin", "An administrator of the cloud"),
        new("service", "role:service", "Another service of the cloud"),
        new("admin_or_service", "rule:admin or rule:service", "An administrator, or another service"),
        new("manager", "role:manager or rule:admin", "Whoever manages a project"),
        new("manager_or_service", "rule:manager or rule:service", "Whoever manages a project, or another service"),
        new("member", "role:member or rule:manager", "Whoever works in a project"),
        new("reader", "role:reader or rule:member", "Whoever may look"),
        new("project_reader", "rule:admin or (rule:reader and project_id:%(project_id)s)",
            "An administrator, or whoever may look into the project that the thing belongs to"),
    ];
}
