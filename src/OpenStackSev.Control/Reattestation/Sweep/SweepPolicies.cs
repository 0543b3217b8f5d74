using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Who may look at the sweep, and ask for rounds.</summary>
internal static class SweepPolicies
{
    public const string Show = "openstack-sev:sweep:show";
    public const string OpenRound = "openstack-sev:instances:attest";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Show, RolePolicies.AdminOrService, "See how the cloud's instances are looked after", "GET /v1/sweep"),
        new(OpenRound, "rule:admin or (rule:member and project_id:%(project_id)s)", "Ask an instance of the project to prove itself now",
            "POST /v1/instances/{instance}/attestation"),
    ];
}
