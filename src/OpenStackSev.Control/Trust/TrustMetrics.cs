using System.Diagnostics.Metrics;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary><c>osev_hosts{trust}</c>: how many hosts are of each level. Read at intervals, so that a scrape waits for nothing.</summary>
internal sealed partial class TrustMetrics : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    private readonly HostTrustStates states;
    private readonly TimeProvider time;
    private readonly ILogger<TrustMetrics> logger;
    private IReadOnlyDictionary<TrustLevel, int> counts = new Dictionary<TrustLevel, int>();

    public TrustMetrics(HostTrustStates states, TimeProvider time, IMeterFactory meters, ILogger<TrustMetrics> logger)
    {
        (this.states, this.time, this.logger) = (states, time, logger);
        meters.Create(ControlMeter.Name).CreateObservableGauge(
            "osev.hosts",
            () => Enum.GetValues<TrustLevel>().Select(level => new Measurement<int>(
                Volatile.Read(ref counts).GetValueOrDefault(level), new KeyValuePair<string, object?>("trust", TrustRules.Word(level)))),
            description: "Hosts by level of trust.");
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            do
                await RefreshAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task RefreshAsync(CancellationToken ct)
    {
        try
        {
            Volatile.Write(ref counts, await states.CountAsync(ct));
        }
        catch (StorageException e)
        {
            LogNotRead(logger, e.Message);
        }
    }

    [LoggerMessage(4731, LogLevel.Warning, "numbers of hosts by trust are those of before: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string reason);
}
