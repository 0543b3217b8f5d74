using System.Threading.Channels;
using Quartz;

namespace OpenStackSev.Control.Conventions;

/// <summary>Lets a job look at once when it is asked to, instead of at its next interval. Many reasons are one look.</summary>
/// <param name="pause">Between two looks that were asked for: those of one moment come together.</param>
/// <param name="isEnabled">False where there is no such job.</param>
internal abstract class JobSignal(IServiceProvider services, JobKey job, TimeSpan pause, bool isEnabled, TimeProvider time) : BackgroundService
{
    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    protected void Ask() => asked.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!isEnabled)
            return;
        try
        {
            IScheduler scheduler = await services.GetRequiredService<ISchedulerFactory>().GetScheduler(stoppingToken);
            while (await asked.Reader.WaitToReadAsync(stoppingToken))
            {
                asked.Reader.TryRead(out _);
                await scheduler.TriggerJob(job, stoppingToken);
                await Task.Delay(pause, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }
}
