using Quartz;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Starts a sweep when it is time. Never two at once; one that takes longer than the interval is followed at the next time, not at once.</summary>
[DisallowConcurrentExecution]
internal sealed class SweepJob(FleetSweep sweep) : IJob
{
    public static JobKey Key { get; } = new("sweep", "reattestation");

    public static TriggerKey Trigger { get; } = new("sweep", "reattestation");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await sweep.RunAsync(cancellationToken);
}
