using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Who may do what with appraisal policies and reference values: they decide what is believed in the whole cloud.</summary>
internal static class AppraisalPolicies
{
    public const string List = "openstack-sev:policies:list";
    public const string Show = "openstack-sev:policies:show";
    public const string Store = "openstack-sev:policies:store";
    public const string Activate = "openstack-sev:policies:activate";
    public const string DryRun = "openstack-sev:policies:dry_run";
    public const string ListReferences = "openstack-sev:reference_values:list";
    public const string AddReferences = "openstack-sev:reference_values:add";
    public const string RemoveReference = "openstack-sev:reference_values:remove";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(List, RolePolicies.ManagerOrService, "List appraisal policies", "GET /v1/policies"),
        new(Show, RolePolicies.ManagerOrService, "Show an appraisal policy", "GET /v1/policies/{number}"),
        new(Store, RolePolicies.Admin, "Store an appraisal policy", "POST /v1/policies"),
        new(Activate, RolePolicies.Admin, "Make an appraisal policy the one that judges", "POST /v1/policies/{number}/activation"),
        new(DryRun, RolePolicies.Admin, "Ask what another appraisal policy would change, in every project", "POST /v1/policies/dry-runs"),
        new(ListReferences, RolePolicies.ManagerOrService, "List reference values", "GET /v1/reference-values"),
        new(AddReferences, RolePolicies.Admin, "Add reference values", "POST /v1/reference-values"),
        new(RemoveReference, RolePolicies.Admin, "Remove a reference value", "DELETE /v1/reference-values/{digest}"),
    ];
}
