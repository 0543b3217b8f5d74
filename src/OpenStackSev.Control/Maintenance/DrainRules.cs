using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Maintenance;

/// <summary>In which order the encrypted instances of a host are moved, and which find no room. Pure.</summary>
/// <remarks>No encrypted guest migrates live: a cold migration stops it, and its memory is lost.</remarks>
internal static class DrainRules
{
    public const string NoHeadroom = "drain.no_headroom", Status = "drain.status";

    private const string Active = "ACTIVE", ShutOff = "SHUTOFF", Resized = "VERIFY_RESIZE";

    private static readonly string[] s_order = ["trusted", "unknown", "untrusted", "quarantined"];

    /// <param name="instances">On the host.</param>
    /// <param name="targets">Other hosts that have ASIDs, excluded ones too.</param>
    /// <param name="notes">What was not looked at.</param>
    public static DrainPlan Plan(HostState host, IReadOnlyList<InstanceState> instances, IReadOnlyList<DrainTarget> targets, IReadOnlyList<string> notes)
    {
        var left = EncryptionModels.All.ToDictionary(model => model.NovaName, model => Free(targets, model.NovaName), StringComparer.Ordinal);
        var steps = new List<DrainStep>();
        var blocked = new List<DrainBlocked>();
        // Nothing is lost of what does not run; of the others the oldest has had the longest time to be moved by its tenant.
        foreach (InstanceState one in instances.OrderBy(one => one.Status == ShutOff ? 0 : 1).ThenBy(one => one.FirstSeenAt).ThenBy(one => one.Instance))
        {
            if (one.Status is not (Active or ShutOff))
                blocked.Add(Blocked(one, Status, WhyNot(one)));
            else if (left.GetValueOrDefault(one.Model) <= 0)
                blocked.Add(Blocked(one, NoHeadroom, $"no host that counts has an ASID of {one.Model} left for it"));
            else
            {
                left[one.Model]--;
                steps.Add(new DrainStep(steps.Count + 1, one.Instance, one.Name, one.Project, one.Model, one.Status,
                    [$"openstack server migrate --wait {one.Instance}", $"openstack server migration confirm {one.Instance}"], one.Flavor));
            }
        }

        return new DrainPlan(host.Node, host.Name, steps, blocked, [.. Models(instances, blocked, targets)],
            [.. targets.OrderBy(target => target.Excluded is null ? 0 : 1).ThenBy(target => Array.IndexOf(s_order, target.Trust)).ThenByDescending(target => target.Room.Sum(room => room.Free))
                .ThenBy(target => target.Name, StringComparer.Ordinal).ThenBy(target => target.Node)],
            [.. notes]);
    }

    private static IEnumerable<DrainModel> Models(IReadOnlyList<InstanceState> instances, List<DrainBlocked> blocked, IReadOnlyList<DrainTarget> targets) =>
        instances.GroupBy(one => one.Model, StringComparer.Ordinal).OrderBy(group => group.Key, StringComparer.Ordinal).Select(group => new DrainModel(
            group.Key, group.Count(), Free(targets, group.Key), blocked.Count(one => one.Code == NoHeadroom && one.Model == group.Key)));

    private static int Free(IReadOnlyList<DrainTarget> targets, string model) =>
        targets.Where(target => target.Excluded is null).SelectMany(target => target.Room).Where(room => room.Model == model).Sum(room => Math.Max(0, room.Free));

    private static string WhyNot(InstanceState one) => one.Status switch
    {
        Resized => $"it was moved or resized and is not confirmed: openstack server migration confirm {one.Instance}, or revert it",
        "ERROR" => $"Nova moves no server in ERROR: look why (openstack server show {one.Instance}), then reset its state or delete it",
        _ => $"Nova moves a server only from {Active} or {ShutOff}",
    };

    private static DrainBlocked Blocked(InstanceState one, string code, string detail) => new(one.Instance, one.Name, one.Project, one.Model, one.Status, code, detail);
}
