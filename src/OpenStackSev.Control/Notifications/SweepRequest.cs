using OpenStackSev.Control.Reattestation.Sweep;
using Quartz;

namespace OpenStackSev.Control.Notifications;

/// <summary>Asks the sweep to look at once, where notifications may have been missed.</summary>
internal sealed class SweepRequest(IServiceProvider services, SweepOptions options)
{
    /// <summary>One that runs is followed by another; where another control plane sweeps, its interval does.</summary>
    public async Task AskAsync(CancellationToken ct)
    {
        if (!options.Enabled)
            return;
        IScheduler scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler(ct);
        await scheduler.TriggerJob(SweepJob.Key, ct);
    }
}
