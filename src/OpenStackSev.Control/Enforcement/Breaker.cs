using System.Globalization;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Why the breaker opens.</summary>
/// <param name="Reason">For people.</param>
internal sealed record BreakerFinding(string Reason, int Judged, int Bad, int Projects, int Hosts);

/// <summary>When too many turn bad at once, that is an outage or a wrong policy, and no attack. Pure.</summary>
/// <remarks>
/// Counted are projects and hosts apart from instances: one project counts for a tenth of the limit at most (of a cloud of fewer projects, for its
/// part), so that no tenant can switch enforcement off for the others by spoiling what is his.
/// </remarks>
internal static class Breaker
{
    private const int MostParts = 10;

    /// <returns>Null while it stays closed.</returns>
    public static BreakerFinding? Opens(JudgedFleet fleet, IReadOnlyList<TurnedBad> turned, BreakerSettings settings)
    {
        int bad = turned.Sum(one => one.Count);
        if (bad == 0)
            return null;
        string[] projects = [.. turned.Select(one => one.Project).Distinct(StringComparer.Ordinal)];
        // What turned bad may not run any more, and was one of them.
        int judged = Math.Max(fleet.Instances, bad), allProjects = Math.Max(fleet.Projects, projects.Length);
        int limit = Math.Max(settings.Minimum, (int)Math.Ceiling(settings.Share * judged));
        double mostOfProject = Math.Max(1, (double)limit / Math.Min(MostParts, allProjects));
        double sum = turned.GroupBy(one => one.Project, StringComparer.Ordinal).Sum(project => Math.Min(project.Sum(one => one.Count), mostOfProject));
        int hosts = BadHosts(turned, allProjects);
        int hostLimit = Math.Max(settings.Minimum, (int)Math.Ceiling(settings.Share * Math.Max(fleet.Hosts, hosts)));
        return sum >= limit
            ? new($"{bad} of {judged} instances of {projects.Length} projects turned bad, as many as {Percent(settings.Share)} of the fleet", judged, bad, projects.Length, hosts)
            : hosts >= hostLimit
                ? new($"instances on {hosts} of {fleet.Hosts} hosts turned bad, as many as {Percent(settings.Share)} of the hosts", judged, bad, projects.Length, hosts)
                : null;
    }

    /// <summary>Hosts on which instances of two projects turned bad, or of the only project that there is.</summary>
    private static int BadHosts(IReadOnlyList<TurnedBad> turned, int allProjects) => turned.Where(one => one.HostName is not null)
        .GroupBy(one => one.HostName, StringComparer.Ordinal)
        .Count(host => host.Select(one => one.Project).Distinct(StringComparer.Ordinal).Take(2).Count() >= Math.Min(2, allProjects));

    private static string Percent(double share) => (share * 100).ToString("0.#", CultureInfo.InvariantCulture) + " %";
}
