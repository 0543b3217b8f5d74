using System.Threading.Channels;
using Quartz;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Lets a verdict that turned be looked at at once, instead of at the next interval. Many signals are one look.</summary>
internal sealed class EnforcementSignal(IServiceProvider services, EnforcementOptions options, TimeProvider time) : BackgroundService
{
    /// <summary>Between two looks that were asked for: those of one moment come together.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void VerdictTurned() => asked.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
            return;
        try
        {
            IScheduler scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler(stoppingToken);
            while (await asked.Reader.WaitToReadAsync(stoppingToken))
            {
                asked.Reader.TryRead(out _);
                await scheduler.TriggerJob(EnforcementJob.Key, stoppingToken);
                await Task.Delay(s_pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}
