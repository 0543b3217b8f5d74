using System.Globalization;

namespace OpenStackSev.Validation.Explaining;

/// <summary>What SevTrustFilter refuses, in words.</summary>
internal static class FilterObstacles
{
    public static Obstacle Of(NodeFacts node, TrustStanding trust, string code, SchedulingRequest request)
    {
        (string message, string remedy, int distance) = Words(node.Name, trust, code, request.Trust);
        string reasons = trust.Host is { Reasons.Count: > 0 } host ? $" ({string.Join(", ", host.Reasons)})" : "";
        return new(code, ObstacleStage.Scheduler, "SevTrustFilter", node.Name, message + reasons, OriginIn(request), remedy, $"osev host show {Fix.Quoted(node.Name)}", distance);
    }

    private static (string Message, string Remedy, int Distance) Words(string name, TrustStanding trust, string code, TrustRequest asked) => code switch
    {
        ExplainCodes.HostQuarantined => ($"{name} is quarantined", "find out why; osev host release lets it back in", 2),
        ExplainCodes.HostUntrusted => ($"{name} is not trusted: something speaks against it", "mend what the reasons name; it is judged anew by itself", 3),
        ExplainCodes.HostProofExpired => ($"the proof of {name} ended at {Time(trust.Host?.ExpiresAt)}", "a confidential server there has to answer a challenge again", 1),
        ExplainCodes.HostProofTooOld => ($"{name} was proven at {Time(trust.Host?.ProvenAt)}, longer ago than {asked.MaximumProofAge} s",
            "a confidential server there has to answer a challenge again, or the flavor allows an older proof", 1),
        ExplainCodes.HostTcb => (
            $"the firmware of {name} does not meet {string.Join(", ", asked.Baselines.Except(trust.Host?.Baselines ?? new HashSet<string>()).Order(StringComparer.Ordinal))}",
            "update its firmware, or ask for less", 4),
        _ => (trust.Host is null ? $"the control plane does not know {name}" : $"nothing that counts speaks for {name} yet",
            "openstack-sev-agent has to report, and policy says what a host has to prove", 2),
    };

    private static string OriginIn(SchedulingRequest request) =>
        request.Flavor.ExtraSpecs.Keys.Where(key => key.StartsWith(TrustRequest.Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).FirstOrDefault() is { } key
            ? $"flavor {key}={request.Flavor[key]}" : "memory encryption";

    private static string Time(DateTimeOffset? time) => time?.UtcDateTime.ToString("u", CultureInfo.InvariantCulture) ?? "no time";
}
