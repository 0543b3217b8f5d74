using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Validation;

/// <summary>Who may validate, audit and ask for explanations.</summary>
public static class ValidationPolicies
{
    public const string Validate = "openstack-sev:validations:create";
    public const string AllProjects = "openstack-sev:validations:all_projects";
    public const string CreateAudit = "openstack-sev:audits:create";
    public const string GetAudit = "openstack-sev:audits:get";
    public const string CancelAudit = "openstack-sev:audits:cancel";
    public const string Explain = "openstack-sev:explanations:create";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Validate, RolePolicies.Reader, "Judge a flavor and an image", "POST /v1/validations"),
        new(AllProjects, RolePolicies.AdminOrService,
            "Judge flavors and images of all projects by name or id; others name what Nova and Glance would show their project", "POST /v1/validations"),
        new(CreateAudit, RolePolicies.AdminOrService, "Judge all flavors of the cloud with all images: it names those of all projects", "POST /v1/audits"),
        new(GetAudit, RolePolicies.ProjectReader, "Look at an audit that the project asked for", "GET /v1/audits", "GET /v1/audits/{id}"),
        new(CancelAudit, "rule:admin or (rule:member and project_id:%(project_id)s)", "Cancel an audit that the project asked for", "DELETE /v1/audits/{id}"),
        new(Explain, RolePolicies.AdminOrService, "Ask why there is no valid host: it names hosts and what is free on them", "POST /v1/explanations"),
    ];
}
