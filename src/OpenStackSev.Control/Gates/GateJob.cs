using Quartz;

namespace OpenStackSev.Control.Gates;

/// <summary>Starts a look when it is time, or when an instance was judged. Never two at once.</summary>
[DisallowConcurrentExecution]
internal sealed class GateJob(GateRound round) : IJob
{
    public static JobKey Key { get; } = new("gates", "heat");

    public static TriggerKey Trigger { get; } = new("gates", "heat");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await round.RunAsync(cancellationToken);
}
