using System.Text;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class HistoryWriterTests
{
    private static readonly Guid Node = Guid.Parse("6e1f0f5a-3a52-4d5e-8f0a-111111111111");

    [Fact]
    public async Task What_was_answered_is_read_back_byte_by_byte()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        long sequence = await database.History.AppendAsync(Record("host.reported", """{"name":"compute-1"}"""), default);

        HistoryRow row = Assert.Single(await database.Reader.OfSubjectAsync(Node, 10));
        Assert.Equal(1, sequence);
        Assert.Equal(("control-1", 1, "host.reported", "p1"), (row.Writer, row.Sequence, row.Kind, row.Project));
        Assert.Equal("""{"name":"compute-1"}""", Encoding.UTF8.GetString(row.Body));
        Assert.Equal(database.Time.GetUtcNow(), row.Time);
        Assert.Equal(HistoryEncoding.Hash(HistoryEncoding.Genesis, row), row.Hash);
    }

    [Fact]
    public async Task Records_that_come_together_get_sequences_without_a_gap_and_hashes_that_follow()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        long[] sequences = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => database.History.AppendAsync(Record("host.reported", $"{i}"))));

        Assert.Equal(Enumerable.Range(1, 500).Select(i => (long)i), sequences.Order());
        byte[] previous = HistoryEncoding.Genesis;
        foreach (HistoryRow row in (await database.Reader.OfSubjectAsync(Node, 500)).Reverse())
        {
            Assert.Equal(HistoryEncoding.Hash(previous, row), row.Hash);
            previous = row.Hash;
        }
    }

    [Fact]
    public async Task A_chain_goes_on_after_a_restart()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(Record("host.reported", "1"));
        await database.RestartAsync();
        Assert.Equal(2, await database.History.AppendAsync(Record("host.reported", "2")));
    }

    [Fact]
    public async Task Two_writers_have_a_chain_each()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HistoryWriter other = database.NewWriter("control-2");
        await other.StartAsync(default);
        await database.History.AppendAsync(Record("host.reported", "1"));
        Assert.Equal(1, await other.AppendAsync(Record("host.reported", "2")));
        await other.StopAsync(default);
        Assert.Equal(["control-2", "control-1"], (await database.Reader.OfSubjectAsync(Node, 10)).Select(row => row.Writer));
    }

    [Fact]
    public async Task Two_programs_may_share_a_writers_name()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HistoryWriter twin = database.NewWriter();
        await twin.StartAsync(default);
        long[] sequences = await Task.WhenAll(Enumerable.Range(0, 200).Select(i =>
            (i % 2 == 0 ? twin : database.History).AppendAsync(Record("host.reported", $"{i}"))));
        await twin.StopAsync(default);
        Assert.Equal(Enumerable.Range(1, 200).Select(i => (long)i), sequences.Order());
    }

    [Fact]
    public async Task Pages_of_a_subjects_history_join_without_a_gap()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        for (int i = 1; i <= 5; i++)
            await database.History.AppendAsync(Record("host.reported", $"{i}"));
        IReadOnlyList<HistoryRow> first = await database.Reader.OfSubjectAsync(Node, 3);
        IReadOnlyList<HistoryRow> second = await database.Reader.OfSubjectAsync(Node, 3, first[^1].Id);
        Assert.Equal([5L, 4, 3], first.Select(row => row.Sequence));
        Assert.Equal([2L, 1], second.Select(row => row.Sequence));
    }

    [Fact]
    public async Task A_writer_that_stops_commits_what_it_has_taken_and_takes_no_more()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        Task<long>[] taken = [.. Enumerable.Range(0, 300).Select(i => database.History.AppendAsync(Record("host.reported", $"{i}")))];
        await database.History.StopAsync(default);
        Assert.Equal(300, (await Task.WhenAll(taken)).Max());
        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => database.History.AppendAsync(Record("host.reported", "301")));
        Assert.Equal(StorageCodes.Stopping, refused.Code);
    }

    [Theory]
    [InlineData("", "p1", "{}")]
    [InlineData("häst", "p1", "{}")]
    [InlineData("host.reported", "", "{}")]
    [InlineData("host.reported", "p1", "")]
    [InlineData("host.reported", "p1", "{\"a\":1")]
    [InlineData("host.reported", "p1", "{} {}")]
    public async Task A_record_that_does_not_fit_is_refused_before_it_is_taken(string kind, string project, string body)
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await Assert.ThrowsAsync<ArgumentException>(
            () => database.History.AppendAsync(new HistoryRecord(kind, Node, project, Encoding.UTF8.GetBytes(body))));
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_refused_before_it_is_taken()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        string longest = $"\"{new string('x', HistoryRecord.MaximumBodyBytes - 2)}\"";
        await database.History.AppendAsync(Record("host.reported", longest));
        await Assert.ThrowsAsync<ArgumentException>(() => database.History.AppendAsync(Record("host.reported", longest + " ")));
    }

    internal static HistoryRecord Record(string kind, string body, params StateChange[] changes) =>
        new(kind, Node, "p1", Encoding.UTF8.GetBytes(body)) { Changes = changes };
}
