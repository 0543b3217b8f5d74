using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Notifications;

/// <summary>One look at one instance that something was heard of: what Nova says now, what follows, and that written.</summary>
internal sealed partial class InstanceFollowUp(
    SweptInstances instances, FleetListing listing, InstanceSteps steps, TicketDelivery tickets, GateWatch gates, NovaBudget budget, SweepOptions sweep, ReattestationOptions reattestation,
    TimeProvider time, ILogger<InstanceFollowUp> log)
{
    /// <returns>False for an instance that is not looked after.</returns>
    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<bool> FollowAsync(Guid instance, InstanceHint hint, CancellationToken ct)
    {
        InstanceState? known = await instances.FindAsync(instance, ct);
        // Most instances of most clouds ask for no encryption: nobody is asked about those.
        if (known is null && !hint.MayBeNew)
            return false;
        await budget.TakeAsync(ct);
        ListedServer? server = await listing.FindAsync(instance, ct);
        if (server is { IsDeleted: false, Gate: { } gate })
            await gates.NoticeAsync([gate], ct);
        if (known is null && server?.Model is null)
            return false;

        DateTimeOffset now = time.GetUtcNow();
        var moment = new SweepMoment(now, sweep, ListeningSince: now);
        await steps.TakeAsync(instance, known, row => NotificationRules.Decide(row, server, hint, moment, reattestation.ChallengeLifetime), taken: null, ct);
        if (server is not null)
            await DeliverAsync(server, ct);
        return true;
    }

    /// <summary>A new one waits for its ticket; one that cannot have it now gets it by the sweep.</summary>
    private async Task DeliverAsync(ListedServer server, CancellationToken ct)
    {
        try
        {
            if (tickets.Missing(server) is { } instructions)
                await tickets.WriteAsync(instructions, ct);
        }
        catch (Exception e) when (e is ApiException or OpenStackApiException)
        {
            LogNotDelivered(log, server.Id, e.Message);
        }
    }

    [LoggerMessage(4611, LogLevel.Warning, "instance {Instance} did not get its ticket yet: {Reason}")]
    private static partial void LogNotDelivered(ILogger logger, Guid instance, string reason);
}
