using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>Lets retention run once after the start and then at intervals. What it removed is history too.</summary>
public sealed partial class RetentionLoop(
    HistoryRetention retention, HistoryWriter writer, TimeProvider time, TimeSpan interval, ILogger<RetentionLoop> logger) : BackgroundService
{
    public const string Kind = "history.trimmed";
    public const string BrokenKind = "history.broken";

    private HistoryFault? reported;

    /// <summary>One round.</summary>
    public async Task RunOnceAsync(CancellationToken ct)
    {
        try
        {
            await TrimAsync(ct);
        }
        catch (StorageException e) when (e.IsTransient)
        {
            NotTrimmed(e.Message);
        }
    }

    private async Task TrimAsync(CancellationToken ct)
    {
        try
        {
            foreach (TrimmedHistory trimmed in await retention.TrimAsync(ct))
            {
                Trimmed(trimmed.Rows, trimmed.Writer, trimmed.Anchor.Sequence);
                await writer.AppendAsync(
                    new HistoryRecord(Kind, Guid.Empty, null, EcsLine.Line(json =>
                    {
                        json.WriteString("writer", trimmed.Writer);
                        json.WriteNumber("rows", trimmed.Rows);
                        json.WriteNumber("through", trimmed.Anchor.Sequence);
                        json.WriteString("hash", Convert.ToHexStringLower(trimmed.Anchor.Hash));
                    })),
                    ct);
            }
        }
        catch (BrokenHistoryException e)
        {
            Broken(e.Message);
            await ReportAsync(e.Fault, ct);
        }
    }

    /// <summary>Once: the fault stays, and an alert each hour would teach people to look away.</summary>
    private async Task ReportAsync(HistoryFault fault, CancellationToken ct)
    {
        if (fault == reported)
            return;
        await writer.AppendAsync(
            new HistoryRecord(BrokenKind, Guid.Empty, null, EcsLine.Line(json =>
            {
                json.WriteString("writer", fault.Writer);
                json.WriteNumber("sequence", fault.Sequence);
                json.WriteString("code", fault.Code);
                json.WriteString("detail", fault.Detail);
            }))
            {
                Event = new EventFields { IsAlert = true, Succeeded = false },
            },
            ct);
        reported = fault;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            do
                await RunOnceAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    [LoggerMessage(5002, LogLevel.Information, "retention removed {Rows} rows of the history of writer '{Writer}', the last one was {Sequence}")]
    private partial void Trimmed(long rows, string writer, long sequence);

    [LoggerMessage(5003, LogLevel.Error, "retention: {Reason}; run 'openstack-sev-control manage history verify'")]
    private partial void Broken(string reason);

    [LoggerMessage(5004, LogLevel.Warning, "retention removes nothing now and tries again later: {Reason}")]
    private partial void NotTrimmed(string reason);
}
