using Microsoft.Extensions.Logging.Abstractions;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class HistoryRetentionTests
{
    [Fact]
    public async Task Old_rows_go_and_the_rest_stays_provable()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        SignedHead before = Head(database);
        TrimmedHistory trimmed = Assert.Single(await TrimAsync(database, new RetentionLimits(TimeSpan.FromHours(3.5), null)));
        Assert.Equal((6L, 6L), (trimmed.Rows, trimmed.Anchor.Sequence));
        Assert.Equal(new VerifiedChain("control-1", 6, 10, 1, null), Assert.Single(await HistoryVerificationTests.VerifyAsync(database, before)));
    }

    [Fact]
    public async Task Too_many_rows_go_the_oldest_first_and_again_later()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        var limits = new RetentionLimits(null, 4);
        Assert.Equal(6, Assert.Single(await TrimAsync(database, limits)).Rows);
        Assert.Empty(await TrimAsync(database, limits));
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "11"));
        Assert.Equal(7, Assert.Single(await TrimAsync(database, limits)).Anchor.Sequence);
        Assert.Equal(new VerifiedChain("control-1", 7, 11, 0, null), Assert.Single(await HistoryVerificationTests.VerifyAsync(database)));
    }

    [Fact]
    public async Task More_rows_than_a_transaction_removes_all_go()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 5000).Select(i => database.History.AppendAsync(HistoryWriterTests.Record("host.reported", $"{i}"))));
        Assert.Equal(4990, Assert.Single(await TrimAsync(database, new RetentionLimits(null, 10))).Rows);
        Assert.Null(Assert.Single(await HistoryVerificationTests.VerifyAsync(database)).Fault);
    }

    [Fact]
    public async Task The_last_row_stays_whatever_the_limits_say()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        database.Time.Advance(TimeSpan.FromDays(400));
        Assert.Equal(9, Assert.Single(await TrimAsync(database, new RetentionLimits(TimeSpan.FromDays(1), 1))).Rows);
        await database.RestartAsync();
        Assert.Equal(11, await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "11")));
        Assert.Null(Assert.Single(await HistoryVerificationTests.VerifyAsync(database)).Fault);
    }

    [Fact]
    public async Task Without_limits_everything_stays()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        Assert.Empty(await TrimAsync(database, new RetentionLimits(null, null)));
    }

    [Fact]
    public async Task A_chain_that_was_tampered_with_is_not_shortened()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        database.Tamper("UPDATE history SET Kind = 'x' WHERE Sequence = 3");
        BrokenHistoryException e = await Assert.ThrowsAsync<BrokenHistoryException>(() => TrimAsync(database, new RetentionLimits(null, 4)));
        Assert.Equal((3L, HistoryFaults.Changed), (e.Fault.Sequence, e.Fault.Code));
        Assert.Equal(10, (await database.Reader.OfSubjectAsync(HistoryWriterTests.Record("x", "1").Subject, 100)).Count);
    }

    [Theory]
    [InlineData("UPDATE history_anchors SET Sequence = 8, Hash = (SELECT Hash FROM history WHERE Sequence = 8); DELETE FROM history WHERE Sequence <= 8")]
    [InlineData("UPDATE history_anchors SET Hash = randomblob(32)")]
    [InlineData("UPDATE history_anchors SET Time = Time - 1")]
    [InlineData("UPDATE history_anchors SET Signature = X''")]
    public async Task An_anchor_that_retention_did_not_write_is_found(string sql)
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        await TrimAsync(database, new RetentionLimits(null, 4));
        database.Tamper(sql);
        HistoryFault fault = Assert.Single(await HistoryVerificationTests.VerifyAsync(database)).Fault!;
        Assert.Equal(HistoryFaults.Anchor, fault.Code);
    }

    [Fact]
    public async Task An_anchor_that_is_gone_leaves_rows_missing()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        await TrimAsync(database, new RetentionLimits(null, 4));
        database.Tamper("DELETE FROM history_anchors");
        HistoryFault fault = Assert.Single(await HistoryVerificationTests.VerifyAsync(database)).Fault!;
        Assert.Equal((1L, HistoryFaults.Missing), (fault.Sequence, fault.Code));
    }

    [Fact]
    public async Task What_was_removed_is_history_and_a_broken_chain_is_reported_once()
    {
        await using TemporaryDatabase database = await HistoryVerificationTests.WithTenRowsAsync();
        using HistoryKey key = HistoryVerificationTests.Key(database);
        var retention = new HistoryRetention(database.Database, key, new RetentionLimits(null, 4), database.Time);
        using var loop = new RetentionLoop(retention, database.History, database.Time, TimeSpan.FromHours(1), NullLogger<RetentionLoop>.Instance);
        await loop.RunOnceAsync(default);
        Assert.Equal(["history.trimmed"], await KindsAsync(database));

        database.Tamper("UPDATE history SET Kind = 'x' WHERE Sequence = 7");
        await loop.RunOnceAsync(default);
        await loop.RunOnceAsync(default);
        Assert.Equal(["history.broken", "history.trimmed"], await KindsAsync(database));
        Assert.Contains(database.Lines.Lines, line => line.Contains("\"kind\":\"alert\"", StringComparison.Ordinal)
            && line.Contains("history.row.changed", StringComparison.Ordinal));
    }

    private static async Task<IEnumerable<string>> KindsAsync(TemporaryDatabase database) =>
        (await database.Reader.OfSubjectAsync(Guid.Empty, 10)).Select(row => row.Kind);

    private static SignedHead Head(TemporaryDatabase database)
    {
        using HistoryKey key = HistoryVerificationTests.Key(database);
        ChainEnd end = database.History.Committed!;
        return key.Sign(new HistoryHead("control-1", end.Sequence, end.Hash, database.Time.GetUtcNow()));
    }

    private static async Task<IReadOnlyList<TrimmedHistory>> TrimAsync(TemporaryDatabase database, RetentionLimits limits)
    {
        using HistoryKey key = HistoryVerificationTests.Key(database);
        return await new HistoryRetention(database.Database, key, limits, database.Time).TrimAsync();
    }
}
