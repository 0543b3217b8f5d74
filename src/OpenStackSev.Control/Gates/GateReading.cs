using System.Globalization;
using System.Text.Json;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Heat;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Gates;

/// <summary>What Nova and Heat say of a gate, and the signal to it. Every address comes from the catalogue, and every stack is looked up in the server's own project.</summary>
internal sealed class GateReading(FleetListing listing, ServiceCloud cloud)
{
    /// <summary>After each of these something else runs in the server, or the same anew: nothing runs between the request and that.</summary>
    private static readonly HashSet<string> s_starts = new(["create", "evacuate", "start", "unshelve", "restore"], StringComparer.Ordinal);

    /// <summary>The same, but what ran before goes on for a while.</summary>
    private static readonly HashSet<string> s_restarts = new(["rebuild", "reboot", "resize", "migrate", "revertResize", "rescue", "unrescue"], StringComparer.Ordinal);

    private IHeatApi Heat => cloud.Connection.Heat;

    /// <exception cref="OpenStackApiException">Nova, Keystone or Heat did not say.</exception>
    public async Task<GateFacts> ReadAsync(GatedInstance one, CancellationToken ct)
    {
        GateState gate = one.Gate;
        ListedServer? server = await listing.FindAsync(gate.Instance, ct);
        bool isNamed = gate.Standing == GateStanding.Signalling || server?.Gate?.IsNamedBy(gate) == true;
        if (server is not { IsDeleted: false } || !isNamed || NamedGate.StackOf(gate.Stack, gate.Resource) is not { } stack)
            return new GateFacts(server);
        DateTimeOffset? booted = server.Model == SweepRules.GuestReportModel && one.Instance is { JudgedAt: not null }
            ? LastBoot((await cloud.Connection.Nova.ListActionsAsync(gate.Instance, ct: ct)).InstanceActions, server.CreatedAt) : null;
        return new GateFacts(server, booted, await HeatAsync(server.Project, stack, gate, ct));
    }

    /// <summary>Sends what is written down, and looks whether it was taken.</summary>
    /// <returns>False: Heat has not told yet.</returns>
    /// <exception cref="OpenStackApiException">Heat refused, or did not answer. It may have been taken all the same.</exception>
    public async Task<bool> SignalAsync(GateState gate, CancellationToken ct)
    {
        Guid stack = NamedGate.StackOf(gate.Stack, gate.Resource)!.Value;
        if (await StackAsync(gate.Project, stack, ct) is not { } found)
            return false;
        string status = GateAnswer.Word(gate.IsSuccess!.Value);
        await Heat.SignalAsync(gate.Project, found.StackName, stack, gate.Resource, new WaitSignal(gate.Instance.ToString(), status, gate.Reason!, gate.Data!), ct);
        return await TakenAsync(gate.Project, found.StackName, stack, gate, ct) == status;
    }

    /// <summary>From when on only what runs in a server now can have been given a challenge; null where Nova does not tell.</summary>
    /// <param name="created">Counts where no action tells.</param>
    /// <remarks>Not told by Nova, and so not seen: a guest that its host resets, or starts again after a reboot of its own.</remarks>
    public static DateTimeOffset? LastBoot(IReadOnlyList<InstanceAction> actions, DateTimeOffset? created)
    {
        DateTimeOffset? last = null;
        foreach (InstanceAction action in actions.Where(action => s_starts.Contains(action.Action) || s_restarts.Contains(action.Action)))
        {
            string? text = s_restarts.Contains(action.Action) ? action.UpdatedAt ?? action.StartTime : action.StartTime;
            if (!DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset at))
                return null;
            last = at > last || last is null ? at : last;
        }

        return last ?? created;
    }

    private async Task<HeatFacts> HeatAsync(string project, Guid id, GateState gate, CancellationToken ct)
    {
        if (await StackAsync(project, id, ct) is not { } stack)
            return new HeatFacts(null);
        // Lists, and not the one resource, whose attributes are the handle's credentials.
        StackResource? handle = (await Heat.ListResourcesAsync(project, stack.StackName, id, name: gate.Resource, ct: ct)).Resources
            .FirstOrDefault(resource => resource.ResourceName == gate.Resource);
        if (handle is not { ResourceType: GateRules.HandleType })
            return new HeatFacts(stack.StackStatus, handle is null ? null : Facts(handle));
        bool holdsServer = (await Heat.ListResourcesAsync(project, stack.StackName, id, physicalId: gate.Instance.ToString(), ct: ct)).Resources
            .Any(resource => resource.ResourceType == GateRules.ServerType && Guid.TryParse(resource.PhysicalResourceId, out Guid server) && server == gate.Instance);
        return new HeatFacts(stack.StackStatus, Facts(handle), holdsServer, holdsServer ? await TakenAsync(project, stack.StackName, id, gate, ct) : null);
    }

    private async Task<Stack?> StackAsync(string project, Guid id, CancellationToken ct) =>
        (await Heat.ListStacksAsync(project, id, ct: ct)).Stacks.FirstOrDefault(stack => stack.Id == id);

    private async Task<string?> TakenAsync(string project, string stackName, Guid stack, GateState gate, CancellationToken ct) =>
        (await Heat.GetMetadataAsync(project, stackName, stack, gate.Resource, ct)).Metadata.TryGetValue(gate.Instance.ToString(), out JsonElement taken)
            && taken.ValueKind == JsonValueKind.Object && taken.TryGetProperty("status", out JsonElement status) && status.ValueKind == JsonValueKind.String ? status.GetString() : null;

    private static HandleFacts Facts(StackResource resource) => new(resource.ResourceType, resource.ResourceStatus);
}
