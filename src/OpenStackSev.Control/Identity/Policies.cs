using System.Text;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Maintenance;
using OpenStackSev.Control.Quarantine;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Policies;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Trust;
using OpenStackSev.Control.Validation;

namespace OpenStackSev.Control.Identity;

/// <summary>Every rule of every folder.</summary>
public static class Policies
{
    public static IReadOnlyList<PolicyRule> All { get; } =
        [
            .. RolePolicies.All, .. ValidationPolicies.All, .. HostPolicies.All, .. QuarantinePolicies.All, .. MaintenancePolicies.All, .. InstancePolicies.All, .. SweepPolicies.All,
            .. EnforcementPolicies.All, .. GatePolicies.All, .. TrustPolicies.All, .. AppraisalPolicies.All,
        ];

    /// <summary>etc/policy.yaml.sample.</summary>
    public static string Sample()
    {
        var text = new StringBuilder(
            """
            # Who may do what in the control plane: /etc/openstack-sev/policy.yaml
            # Each rule below is commented out and shows what holds without it. The language is oslo.policy's.

            """);
        foreach (PolicyRule rule in All)
        {
            text.Append('\n').Append("# ").Append(rule.Description).Append('\n');
            foreach (string operation in rule.Operations)
                text.Append("# ").Append(operation).Append('\n');
            text.Append("#\"").Append(rule.Name).Append("\": \"").Append(rule.Check).Append("\"\n");
        }

        return text.ToString();
    }
}
