using Quartz;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Starts a look when it is time, or when a verdict turned. Never two at once.</summary>
[DisallowConcurrentExecution]
internal sealed class EnforcementJob(EnforcementRound round) : IJob
{
    public static JobKey Key { get; } = new("enforcement", "enforcement");

    public static TriggerKey Trigger { get; } = new("enforcement", "enforcement");

    public async ValueTask Execute(IJobExecutionContext context, CancellationToken cancellationToken = default) => await round.RunAsync(cancellationToken);
}
