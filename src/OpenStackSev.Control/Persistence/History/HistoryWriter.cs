using System.Threading.Channels;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>Appends to one writer's chain. Records that arrive while a transaction commits go together in the next one.</summary>
/// <remarks>
/// An answer means that the commit is on the disk. A failed batch fails its own callers only: each batch begins by reading where the chain
/// ends, so the next one goes on when the database is well again, and a row is never written twice.
/// </remarks>
public sealed partial class HistoryWriter(
    ControlDatabase database, HistoryWriterOptions options, TimeProvider time, ILogger<HistoryWriter> logger,
    EventLog? events = null, ControlMeter? meter = null) : IHostedService
{
    private readonly Channel<PendingWrite> queue = Channel.CreateBounded<PendingWrite>(
        new BoundedChannelOptions(options.Capacity) { SingleReader = true, FullMode = BoundedChannelFullMode.Wait });

    private ChainEnd? committed;
    private Task writing = Task.CompletedTask;

    /// <summary>Whose chain it is.</summary>
    public string Name => options.Writer;

    /// <summary>The end of the chain as this program last committed it; null before its first row.</summary>
    public ChainEnd? Committed => Volatile.Read(ref committed);

    /// <summary>Appends a record and applies its changes.</summary>
    /// <returns>The row's sequence in this writer's chain, after the commit.</returns>
    /// <param name="record">What happened.</param>
    /// <param name="ct">Ends the wait. A record that was taken already may still be committed.</param>
    /// <exception cref="StorageException">It was not kept.</exception>
    /// <exception cref="ArgumentException">The record does not fit the table.</exception>
    public async Task<long> AppendAsync(HistoryRecord record, CancellationToken ct = default)
    {
        HistoryRecord.Check(record);
        return (await WriteAsync(new PendingWrite(WithOrigin(record), record.Changes), ct))!.Value;
    }

    /// <summary>Changes current state without a row of history: for what happens often and explains nothing.</summary>
    /// <exception cref="StorageException">It was not kept.</exception>
    public Task ApplyAsync(StateChange change, CancellationToken ct = default) => WriteAsync(new PendingWrite(null, [change]), ct);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        writing = Task.Run(RunAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    /// <summary>Takes no more records, and commits those that were taken.</summary>
    public Task StopAsync(CancellationToken cancellationToken)
    {
        queue.Writer.TryComplete();
        return writing.WaitAsync(cancellationToken);
    }

    /// <summary>What its caller need not say: on whose behalf this runs, and the name of a host whose state changes with it.</summary>
    private static HistoryRecord WithOrigin(HistoryRecord record) => record with
    {
        Event = record.Event with
        {
            UserId = record.Event.UserId ?? Caller.Current?.Id,
            UserName = record.Event.UserName ?? Caller.Current?.Name,
            CertificateSerial = record.Event.CertificateSerial ?? Caller.Current?.CertificateSerial,
            RequestId = record.Event.RequestId ?? RequestIds.Current?.Onward,
            HostName = record.Event.HostName ?? record.Changes.OfType<HostState>().FirstOrDefault()?.Name,
        },
    };

    private async Task<long?> WriteAsync(PendingWrite write, CancellationToken ct)
    {
        try
        {
            await queue.Writer.WriteAsync(write, ct);
        }
        catch (ChannelClosedException)
        {
            throw new StorageException(StorageCodes.Stopping, "this program is shutting down; repeat the request");
        }

        return await write.Answer.Task.WaitAsync(ct);
    }

    private async Task RunAsync()
    {
        var batch = new List<PendingWrite>(options.MaximumBatch);
        while (await queue.Reader.WaitToReadAsync())
        {
            while (batch.Count < options.MaximumBatch && queue.Reader.TryRead(out PendingWrite? write))
                batch.Add(write);
            await CommitAsync(batch);
            batch.Clear();
        }
    }

    /// <summary>One transaction. One record that another control plane's write has made impossible must not fail the others: they go alone.</summary>
    private async Task CommitAsync(List<PendingWrite> batch)
    {
        try
        {
            (ChainEnd? end, List<(HistoryRow Row, EventFields Fields)> rows) = await database.UseAsync(context => WriteAsync(context, batch));
            Volatile.Write(ref committed, end);
            meter?.Committed(rows.Count);
            foreach ((HistoryRow row, EventFields fields) in rows)
                events?.Write(row, fields);
            foreach (PendingWrite write in batch)
                write.Done();
        }
        catch (StorageException e) when (e.Code == StorageCodes.Conflict && batch.Count > 1)
        {
            foreach (PendingWrite write in batch)
                await CommitAsync([write]);
        }
        catch (Exception e)     // whatever it is: each caller must hear of it, and the loop must go on for the next ones
        {
            StorageFailed(batch.Count, e);
            meter?.Failed(e);
            foreach (PendingWrite write in batch)
                write.Answer.TrySetException(e);
        }
    }

    private async Task<(ChainEnd? End, List<(HistoryRow Row, EventFields Fields)> Rows)> WriteAsync(ControlContext context, List<PendingWrite> batch)
    {
        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync();
        ChainEnd? end = await EndAsync(context);
        StateChanges states = await StateChanges.LoadAsync(context, [.. batch.SelectMany(write => write.Changes)]);
        DateTimeOffset now = time.GetUtcNow();
        var rows = new List<(HistoryRow, EventFields)>(batch.Count);
        HistoryRow Append(HistoryRecord record)
        {
            HistoryRow row = Row(end, record, now);
            context.History.Add(row);
            rows.Add((row, record.Event));
            end = ChainEnd.Of(row);
            return row;
        }

        foreach (PendingWrite write in batch)
        {
            write.Sequence = null;
            write.Refusal = states.Apply(write.Changes);
            if (write.Refusal is not null || write.Record is not { } record)
                continue;
            if (ClockSetBack.Between(end?.Time, now) is { } setBack)
                Append(setBack);
            write.Sequence = Append(record).Sequence;
        }

        await context.SaveChangesAsync();
        await transaction.CommitAsync();
        return (end, rows);
    }

    /// <summary>Where the chain ends in the database, which may be beyond what this program wrote, but never before.</summary>
    private async Task<ChainEnd?> EndAsync(ControlContext context)
    {
        ChainEnd? end = await context.History.Where(row => row.Writer == options.Writer).OrderByDescending(row => row.Sequence)
            .Select(row => new ChainEnd(row.Sequence, row.Time, row.Hash)).FirstOrDefaultAsync();
        return committed is { } known && (end is null || end.Sequence < known.Sequence)
            ? throw new StorageException(
                StorageCodes.RolledBack,
                $"history of writer '{options.Writer}' ends at row {end?.Sequence ?? 0}, but row {known.Sequence} was committed: "
                + "the database was exchanged; verify it with 'manage history verify', then restart")
            : end;
    }

    private HistoryRow Row(ChainEnd? end, HistoryRecord record, DateTimeOffset now)
    {
        // a clock that is set back a little (NTP) moves no row before its predecessor
        DateTimeOffset at = end is not null && now < end.Time && record.Kind != ClockSetBack.Kind ? end.Time : now;
        at = HistoryEncoding.Time(HistoryEncoding.Microseconds(at));
        long sequence = (end?.Sequence ?? 0) + 1;
        byte[] body = record.Body.ToArray();
        byte[] hash = HistoryEncoding.Hash(
            end?.Hash ?? HistoryEncoding.Genesis, options.Writer, sequence, at, record.Kind, record.Subject, record.Project, body);
        return new HistoryRow
        {
            Writer = options.Writer,
            Sequence = sequence,
            Time = at,
            Kind = record.Kind,
            Subject = record.Subject,
            Project = record.Project,
            Body = body,
            Hash = hash,
        };
    }

    [LoggerMessage(5001, LogLevel.Error, "a batch of {Records} records was not committed")]
    private partial void StorageFailed(int records, Exception reason);
}
