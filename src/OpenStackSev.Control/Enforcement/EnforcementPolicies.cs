using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Who may look at enforcement, and say something to it.</summary>
internal static class EnforcementPolicies
{
    public const string Show = "openstack-sev:enforcement:show";
    public const string Resume = "openstack-sev:enforcement:resume";
    public const string List = "openstack-sev:enforcement:list";
    public const string ListAll = "openstack-sev:enforcement:list_all";
    public const string Release = "openstack-sev:enforcement:release";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Show, RolePolicies.AdminOrService, "See what follows from verdicts, and whether it stands still", "GET /v1/enforcement"),
        new(Resume, RolePolicies.Admin, "Let enforcement go on after too many turned bad at once", "POST /v1/enforcement/resume"),
        new(List, RolePolicies.ProjectReader, "List what was done, or would be, about the instances of the token's project", "GET /v1/enforcement/instances"),
        new(ListAll, RolePolicies.AdminOrService, "List what was done, or would be, about the instances of all projects", "GET /v1/enforcement/instances"),
        new(Release, RolePolicies.Admin, "Undo what was done about an instance, and leave it for some time", "POST /v1/instances/{instance}/release"),
    ];
}
