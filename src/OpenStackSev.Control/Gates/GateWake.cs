using System.Threading.Channels;
using Quartz;

namespace OpenStackSev.Control.Gates;

/// <summary>Lets gates be looked at when there is something to say, instead of at the next interval. Many reasons are one look.</summary>
internal sealed class GateWake(IServiceProvider services, GateJournal journal, HeatOptions options, TimeProvider time) : BackgroundService
{
    /// <summary>Between two looks that were asked for: those of one moment come together.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Noticed()
    {
        journal.IsAnyOpen = true;
        asked.Writer.TryWrite(true);
    }

    /// <summary>An instance was judged. While no gate waits that is nobody's news.</summary>
    public void Judged()
    {
        if (journal.IsAnyOpen)
            asked.Writer.TryWrite(true);
    }

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
                await scheduler.TriggerJob(GateJob.Key, stoppingToken);
                await Task.Delay(s_pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}
