using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Who may set hosts aside.</summary>
internal static class QuarantinePolicies
{
    public const string Quarantine = "openstack-sev:hosts:quarantine";

    public static IReadOnlyList<PolicyRule> All { get; } =
    [
        new(Quarantine, RolePolicies.Admin, "Set a host aside, or let it go", "POST /v1/hosts/{node}/quarantine", "DELETE /v1/hosts/{node}/quarantine"),
    ];
}
