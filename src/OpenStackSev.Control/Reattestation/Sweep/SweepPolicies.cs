using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Who may look at the sweep.</summary>
internal static class SweepPolicies
{
    public const string Show = "openstack-sev:sweep:show";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Show, RolePolicies.AdminOrService, "See how the cloud's instances are looked after", "GET /v1/sweep"),
    ];
}
