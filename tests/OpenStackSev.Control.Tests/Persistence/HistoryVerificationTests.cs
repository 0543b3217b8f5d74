using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class HistoryVerificationTests
{
    private const string UntilTen = "WHERE Writer = 'control-1' AND Sequence";

    [Fact]
    public async Task An_untouched_history_is_whole()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        Assert.Equal(new VerifiedChain("control-1", 0, 10, 0, null), Assert.Single(await VerifyAsync(database)));
    }

    [Theory]
    [InlineData("UPDATE history SET Body = CAST('{\"verdict\":\"good\"}' AS BLOB) " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Kind = 'host.silent' " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Time = Time + 1 " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Subject = randomblob(16) " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Project = NULL " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Project = '' " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Hash = randomblob(32) " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Hash = X'' " + UntilTen + " = 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Body = CAST('{\"verdict\":\"good\"}' AS BLOB) " + UntilTen + " = 1", 1, HistoryFaults.Changed)]
    [InlineData("DELETE FROM history " + UntilTen + " = 4", 4, HistoryFaults.Missing)]
    [InlineData("DELETE FROM history " + UntilTen + " BETWEEN 4 AND 7", 4, HistoryFaults.Missing)]
    [InlineData("DELETE FROM history " + UntilTen + " <= 3", 1, HistoryFaults.Missing)]
    [InlineData("DELETE FROM history " + UntilTen + " = 4; UPDATE history SET Sequence = Sequence - 1 " + UntilTen + " > 4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Sequence = -4 " + UntilTen + " = 4; UPDATE history SET Sequence = 4 " + UntilTen + " = 5; "
        + "UPDATE history SET Sequence = 5 " + UntilTen + " = -4", 4, HistoryFaults.Changed)]
    [InlineData("UPDATE history SET Id = 1000 " + UntilTen + " = 4", 5, HistoryFaults.Moved)]
    [InlineData("UPDATE history SET Writer = 'control-9' " + UntilTen + " = 4", 4, HistoryFaults.Missing)]
    [InlineData("DROP INDEX IX_history_Writer_Sequence; INSERT INTO history (Writer, Sequence, Time, Kind, Subject, Body, Hash) "
        + "SELECT Writer, Sequence, Time, Kind, Subject, Body, Hash FROM history " + UntilTen + " = 4", 4, HistoryFaults.Moved)]
    public async Task What_was_done_to_a_row_is_found_at_that_row(string sql, long sequence, string code)
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        database.Tamper(sql);
        HistoryFault fault = (await VerifyAsync(database)).Single(chain => chain.Writer == "control-1").Fault!;
        Assert.Equal(("control-1", sequence, code), (fault.Writer, fault.Sequence, fault.Code));
        Assert.NotEmpty(fault.Detail);
    }

    [Fact]
    public async Task A_fault_of_one_writer_leaves_the_others_whole()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        HistoryWriter other = database.NewWriter("control-2");
        await other.StartAsync(default);
        await other.AppendAsync(HistoryWriterTests.Record("host.reported", "1"));
        await other.StopAsync(default);
        database.Tamper("DELETE FROM history " + UntilTen + " = 4");
        Assert.Equal([false, true], (await VerifyAsync(database)).Select(chain => chain.Fault is null));
    }

    [Fact]
    public async Task Rows_cut_off_at_the_end_show_only_against_an_exported_head()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        SignedHead head = await HeadAsync(database);
        database.Tamper("DELETE FROM history " + UntilTen + " > 8");

        Assert.Null(Assert.Single(await VerifyAsync(database)).Fault);
        HistoryFault fault = Assert.Single(await VerifyAsync(database, head)).Fault!;
        Assert.Equal((9L, HistoryFaults.Truncated), (fault.Sequence, fault.Code));
    }

    [Fact]
    public async Task A_writer_that_was_deleted_as_a_whole_shows_against_an_exported_head()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        SignedHead head = await HeadAsync(database);
        database.Tamper("DELETE FROM history");
        HistoryFault fault = Assert.Single(await VerifyAsync(database, head)).Fault!;
        Assert.Equal(("control-1", 1L, HistoryFaults.Truncated), (fault.Writer, fault.Sequence, fault.Code));
    }

    [Fact]
    public async Task A_chain_that_was_written_anew_with_right_hashes_shows_against_an_exported_head()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        SignedHead head = await HeadAsync(database);
        await database.History.StopAsync(default);
        database.Tamper("DELETE FROM history");
        HistoryWriter forger = database.NewWriter();
        await forger.StartAsync(default);
        for (int i = 1; i <= 12; i++)
            await forger.AppendAsync(HistoryWriterTests.Record("host.reported", $"{100 + i}"));
        await forger.StopAsync(default);

        Assert.Null(Assert.Single(await VerifyAsync(database)).Fault);
        HistoryFault fault = Assert.Single(await VerifyAsync(database, head)).Fault!;
        Assert.Equal((10L, HistoryFaults.Rewritten), (fault.Sequence, fault.Code));
    }

    [Fact]
    public async Task A_head_that_somebody_else_signed_is_refused()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        using HistoryKey other = HistoryKey.Create(Path.Join(database.Folder, "other.key"));
        ChainEnd end = database.History.Committed!;
        SignedHead forged = other.Sign(new HistoryHead("control-1", 8, end.Hash, database.Time.GetUtcNow()));
        Assert.Equal(HistoryFaults.HeadSignature, Assert.Single(await VerifyAsync(database, forged)).Fault!.Code);
    }

    [Fact]
    public async Task Heads_are_signed_at_intervals_and_at_the_end_and_only_when_the_chain_grew()
    {
        await using TemporaryDatabase database = await WithTenRowsAsync();
        using HistoryKey key = Key(database);
        using var signer = new HeadSigner(database.History, key, database.Events, database.Time, TimeSpan.FromMinutes(5));
        signer.Sign();
        signer.Sign();
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "11"));
        await signer.StopAsync(default);

        string file = Path.Join(database.Folder, "events.json");
        await File.WriteAllLinesAsync(file, database.Lines.Lines);
        IReadOnlyList<SignedHead> heads = await ExportedHeads.ReadAsync(file);
        Assert.Equal([10L, 11], heads.Select(head => head.Head.Sequence));
        Assert.All(heads, head => Assert.True(key.Verifies(head)));
        Assert.Equal(new VerifiedChain("control-1", 0, 11, 2, null), Assert.Single(await VerifyAsync(database, [.. heads])));
    }

    [Fact]
    public async Task A_line_that_pretends_to_be_a_head_is_named()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        string file = Path.Join(database.Folder, "events.json");
        await File.WriteAllTextAsync(file, """
            {"message":"about history.head.signed"}
            {"openstack_sev":{"kind":"history.head.signed","writer":"control-1","sequence":"x"}}

            """);
        FormatException e = await Assert.ThrowsAsync<FormatException>(() => ExportedHeads.ReadAsync(file));
        Assert.StartsWith($"{file}:2: not a signed head", e.Message, StringComparison.Ordinal);
    }

    internal static HistoryKey Key(TemporaryDatabase database)
    {
        string file = Path.Join(database.Folder, "history.key");
        return File.Exists(file) ? HistoryKey.Load(file) : HistoryKey.Create(file);
    }

    internal static async Task<IReadOnlyList<VerifiedChain>> VerifyAsync(TemporaryDatabase database, params SignedHead[] heads)
    {
        using HistoryKey key = Key(database);
        return await new HistoryVerification(database.Database, key).VerifyAsync(heads);
    }

    internal static async Task<TemporaryDatabase> WithTenRowsAsync()
    {
        TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        for (int i = 1; i <= 10; i++)
        {
            database.Time.Advance(TimeSpan.FromHours(1));
            await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", $$"""{"verdict":"bad","number":{{i}}}"""));
        }

        return database;
    }

    private static Task<SignedHead> HeadAsync(TemporaryDatabase database)
    {
        using HistoryKey key = Key(database);
        ChainEnd end = database.History.Committed!;
        return Task.FromResult(key.Sign(new HistoryHead("control-1", end.Sequence, end.Hash, database.Time.GetUtcNow())));
    }
}
