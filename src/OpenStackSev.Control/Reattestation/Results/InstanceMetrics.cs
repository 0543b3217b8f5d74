using System.Diagnostics.Metrics;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Results;

/// <summary>Instances with memory encryption as a gauge. Counted in the database at intervals, so that a scrape waits for nothing.</summary>
internal sealed partial class InstanceMetrics : BackgroundService
{
    /// <summary>Of an instance that was not judged yet.</summary>
    private const string Pending = "pending";

    /// <summary>Below the usual interval of a scrape.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    private readonly InstanceStates states;
    private readonly TimeProvider time;
    private readonly ILogger<InstanceMetrics> logger;
    private IReadOnlyList<InstanceCount> counts = [];

    public InstanceMetrics(InstanceStates states, TimeProvider time, IMeterFactory meters, ILogger<InstanceMetrics> logger)
    {
        (this.states, this.time, this.logger) = (states, time, logger);
        meters.Create(ControlMeter.Name).CreateObservableGauge("osev.instances", () => counts.Select(Measured),
            description: "Instances that ask for memory encryption, by model, host and verdict.");
    }

    public async Task RefreshAsync(CancellationToken ct) => counts = await states.CountAsync(ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            do
                await TryRefreshAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task TryRefreshAsync(CancellationToken ct)
    {
        try
        {
            await RefreshAsync(ct);
        }
        catch (StorageException e)
        {
            NotRead(e.Message);     // the gauge keeps what it had
        }
    }

    private static Measurement<long> Measured(InstanceCount one) => new(one.Count,
        new KeyValuePair<string, object?>("model", one.Model), new KeyValuePair<string, object?>("host", one.HostName ?? ""),
        new KeyValuePair<string, object?>("verdict", one.Verdict is { } verdict ? JudgementRecord.Word(verdict) : Pending));

    [LoggerMessage(4331, LogLevel.Warning, "metrics of instances are those of before: {Reason}")]
    private partial void NotRead(string reason);
}
