using System.Diagnostics;
using System.Text;
using Microsoft.Data.Sqlite;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary>What a database can suffer while the service runs: each write that fails says why, and the next one after the cure is kept.</summary>
public sealed class SickDatabaseTests
{
    private static readonly string s_large = $"\"{new string('x', 60_000)}\"";

    [Fact]
    public async Task A_full_database_refuses_with_its_reason_and_goes_on_when_there_is_room()
    {
        var sickness = new SickPragmas();
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync(sickness: sickness);
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));
        sickness.Full();
        await RefusedAsync(database, StorageCodes.Full, "no room is left");
        sickness.Cure();
        await GoesOnAsync(database);
    }

    [Fact]
    public async Task A_read_only_database_refuses_with_its_reason_and_goes_on_when_it_can_be_written()
    {
        var sickness = new SickPragmas();
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync(sickness: sickness);
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));
        sickness.ReadOnly();
        await RefusedAsync(database, StorageCodes.ReadOnly, "cannot be written");
        Assert.Single(await database.Reader.OfSubjectAsync(HistoryWriterTests.Record("x", "1").Subject, 10));
        sickness.Cure();
        await GoesOnAsync(database);
    }

    [Fact]
    public async Task A_locked_database_refuses_with_its_reason_and_goes_on_when_the_lock_is_gone()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));
        using (var other = new SqliteConnection($"Data Source={database.File};Pooling=False"))
        {
            other.Open();
            using SqliteTransaction held = other.BeginTransaction();
            await RefusedAsync(database, StorageCodes.Locked, "locked by another program");
        }

        await GoesOnAsync(database);
    }

    [Fact]
    public async Task A_disk_that_fills_up_is_survived_as_soon_as_it_has_room()
    {
        string folder = Directory.CreateTempSubdirectory("osev-tmpfs-").FullName;
        if (!TryRun("mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", folder))
        {
            Directory.Delete(folder);
            Assert.Skip("mounting a small file system needs root");
        }

        try
        {
            await using TemporaryDatabase database = await TemporaryDatabase.StartAsync(Directory.CreateDirectory(Path.Join(folder, "db")).FullName);
            await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));

            StorageException full = await Assert.ThrowsAsync<StorageException>(async () =>
            {
                for (int i = 0; i < 20; i++)
                    await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", s_large));
            });
            Assert.True(full.Code is StorageCodes.Full or StorageCodes.Unavailable, full.Message);
            Assert.True(TryRun("mount", "-o", "remount,size=8m", folder));
            await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", s_large));
            Assert.Null(Assert.Single(await HistoryVerificationTests.VerifyAsync(database)).Fault);
        }
        finally
        {
            TryRun("umount", "-l", folder);
            Directory.Delete(folder);
        }
    }

    [Fact]
    public async Task A_clock_that_is_set_back_an_hour_is_recorded_and_the_chain_stays_whole()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));
        database.Time.AdjustTime(database.Time.GetUtcNow() - TimeSpan.FromHours(1));
        Assert.Equal(3, await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "2")));

        HistoryRow said = Assert.Single(await database.Reader.OfSubjectAsync(Guid.Empty, 10));
        Assert.Equal(ClockSetBack.Kind, said.Kind);
        Assert.Equal("""{"from":"2026-11-25T12:00:00.000000Z","to":"2026-11-25T11:00:00.000000Z"}""", Encoding.UTF8.GetString(said.Body));
        Assert.Contains(database.Lines.Lines, line => line.Contains("\"kind\":\"alert\"", StringComparison.Ordinal));
        Assert.Null(Assert.Single(await HistoryVerificationTests.VerifyAsync(database)).Fault);
    }

    [Fact]
    public async Task A_clock_that_is_corrected_by_a_second_moves_no_row_before_its_predecessor()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        DateTimeOffset first = database.Time.GetUtcNow();
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));
        database.Time.AdjustTime(first - TimeSpan.FromSeconds(1));
        Assert.Equal(2, await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "2")));
        Assert.All(await database.Reader.OfSubjectAsync(HistoryWriterTests.Record("x", "1").Subject, 10), row => Assert.Equal(first, row.Time));
    }

    [Fact]
    public async Task A_time_that_goes_back_without_a_word_is_found()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var check = new ChainCheck("control-1", null);
        DateTimeOffset noon = database.Time.GetUtcNow();
        Assert.Null(check.Next(Row(check, noon)));
        Assert.Equal(HistoryFaults.Time, check.Next(Row(check, noon.AddMicroseconds(-1)))!.Code);
    }

    [Fact]
    public async Task A_database_that_is_exchanged_for_an_older_one_is_noticed()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        database.Tamper("DELETE FROM history WHERE Sequence > 8");
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            () => database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "11")));
        Assert.Equal(StorageCodes.RolledBack, e.Code);
        Assert.False(e.IsTransient);
        Assert.Contains("ends at row 8, but row 10 was committed", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_that_cannot_be_written_is_counted_and_fails_nobody()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        database.Lines.IsFull = true;
        Assert.Equal(1, await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "1")));
        Assert.Equal(1, database.Events.Lost);
    }

    private static HistoryRow Row(ChainCheck check, DateTimeOffset time)
    {
        (long sequence, byte[] body) = (check.Sequence + 1, "{}"u8.ToArray());
        return new HistoryRow
        {
            Id = sequence,
            Writer = "control-1",
            Sequence = sequence,
            Time = time,
            Kind = "host.reported",
            Subject = Guid.Empty,
            Body = body,
            Hash = HistoryEncoding.Hash(check.Hash, "control-1", sequence, time, "host.reported", Guid.Empty, null, body),
        };
    }

    /// <summary>All that wait at that moment hear the same reason, and nothing of theirs is kept.</summary>
    private static async Task RefusedAsync(TemporaryDatabase database, string code, string says)
    {
        Task<long>[] writes = [.. Enumerable.Range(0, 3).Select(i => database.History.AppendAsync(HistoryWriterTests.Record("host.reported", s_large)))];
        foreach (Task<long> write in writes)
        {
            StorageException e = await Assert.ThrowsAsync<StorageException>(() => write);
            Assert.Equal(code, e.Code);
            Assert.True(e.IsTransient);
            Assert.Contains(says, e.Message, StringComparison.Ordinal);
        }
    }

    private static async Task GoesOnAsync(TemporaryDatabase database)
    {
        Assert.Equal(2, await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "2")));
        VerifiedChain chain = Assert.Single(await HistoryVerificationTests.VerifyAsync(database));
        Assert.Equal((2L, null), (chain.Last, chain.Fault));
    }

    private static bool TryRun(string program, params string[] arguments)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
