using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class CurrentStateTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_host_is_written_and_read_with_its_history()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HostState host = Host(1);
        await database.History.AppendAsync(Reported(host));

        HostState? read = await database.Hosts.FindAsync(host.Node);
        Assert.Equal("""{"cpu":"milan"}"""u8, read!.Facts);
        Assert.Equal(host with { Version = 1, Facts = read.Facts }, read);
        Assert.Single(await database.Reader.OfSubjectAsync(host.Node, 10));
    }

    [Fact]
    public async Task A_write_on_an_older_version_is_refused_alone_and_leaves_neither_state_nor_history()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(Reported(Host(1)));
        HostState read = (await database.Hosts.FindAsync(Host(1).Node))!;
        await database.History.AppendAsync(Reported(read with { Name = "newer" }));

        Task<long> late = database.History.AppendAsync(Reported(read with { Name = "late" }));
        Task<long> other = database.History.AppendAsync(Reported(Host(2)));
        StorageException refused = await Assert.ThrowsAsync<StorageException>(() => late);
        Assert.Equal(StorageCodes.Conflict, refused.Code);
        Assert.True(refused.IsTransient);
        Assert.Equal(3, await other);
        Assert.Equal("newer", (await database.Hosts.FindAsync(read.Node))!.Name);
        Assert.Equal(2, (await database.Reader.OfSubjectAsync(read.Node, 10)).Count);
    }

    [Fact]
    public async Task A_sign_of_life_moves_only_the_time_and_makes_no_history()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(Reported(Host(1)));
        await database.History.ApplyAsync(new HostSeen(Host(1).Node, Noon.AddMinutes(1)));
        await database.History.ApplyAsync(new HostSeen(Host(1).Node, Noon.AddSeconds(1)));

        HostState read = (await database.Hosts.FindAsync(Host(1).Node))!;
        HostState expected = Host(1) with { LastSeenAt = Noon.AddMinutes(1), Version = 2 };
        Assert.Equal(expected with { Facts = read.Facts }, read);
        Assert.Equal(expected.Facts, read.Facts);
        Assert.Single(await database.Reader.OfSubjectAsync(read.Node, 10));
    }

    [Fact]
    public async Task A_sign_of_life_beside_a_new_state_of_the_same_host_loses_neither()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(Reported(Host(1)));
        HostState read = (await database.Hosts.FindAsync(Host(1).Node))!;
        // Both wait for the same transaction, in this order.
        Task<long> state = database.History.AppendAsync(Reported(read with { Name = "newer" }));
        Task seen = database.History.ApplyAsync(new HostSeen(read.Node, Noon.AddMinutes(1)));
        await state;
        await seen;

        HostState now = (await database.Hosts.FindAsync(read.Node))!;
        Assert.Equal(("newer", Noon.AddMinutes(1), 3), (now.Name, now.LastSeenAt, now.Version));
        Assert.Equal(read.Facts, now.Facts);
    }

    [Fact]
    public async Task A_sign_of_life_of_an_unknown_host_is_refused()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => database.History.ApplyAsync(new HostSeen(Guid.NewGuid(), Noon)));
        Assert.Equal(StorageCodes.Conflict, refused.Code);
    }

    [Fact]
    public async Task A_chip_belongs_to_one_node_in_the_cloud()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HostChip chip = Chip(Host(1).Node);
        await database.History.AppendAsync(Reported(Host(1), chip));
        StorageException refused = await Assert.ThrowsAsync<StorageException>(
            () => database.History.AppendAsync(Reported(Host(2), Chip(Host(2).Node))));
        Assert.Equal(StorageCodes.Conflict, refused.Code);
        Assert.Null(await database.Hosts.FindAsync(Host(2).Node));
        Assert.Equal(Host(1).Node, (await database.Hosts.FindChipAsync(chip.ChipId))!.Node);
    }

    [Fact]
    public async Task An_approval_and_a_report_of_the_same_moment_are_both_kept()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HostChip chip = Chip(Host(1).Node);
        await database.History.AppendAsync(Reported(Host(1), chip));
        HostState host = (await database.Hosts.FindAsync(Host(1).Node))!;
        HostChip pending = Assert.Single(await database.Hosts.ChipsOfAsync(host.Node));

        await Task.WhenAll(
            database.History.AppendAsync(Reported(host with { Name = "renamed" })),
            database.History.AppendAsync(HistoryWriterTests.Record(
                "host.chip.approved", "{}", pending with { Status = ChipStatus.Approved, ApprovedBy = "admin", ApprovedAt = Noon })));
        Assert.Equal(ChipStatus.Approved, Assert.Single(await database.Hosts.ChipsOfAsync(host.Node)).Status);
        Assert.Equal("renamed", (await database.Hosts.FindAsync(host.Node))!.Name);
    }

    [Fact]
    public async Task Hosts_are_listed_page_by_page_in_the_order_of_their_UUIDs()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        HostState[] hosts = [.. Enumerable.Range(1, 5).Select(Host)];
        foreach (HostState host in hosts.Reverse())
            await database.History.AppendAsync(Reported(host));
        IReadOnlyList<HostState> first = await database.Hosts.ListAsync(3);
        IReadOnlyList<HostState> second = await database.Hosts.ListAsync(3, first[^1].Node);
        Assert.Equal(hosts.Select(host => host.Node), first.Concat(second).Select(host => host.Node));
    }

    [Fact]
    public async Task Hosts_that_fell_silent_are_found_until_they_are_marked()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(Reported(Host(1)));
        await database.History.AppendAsync(Reported(Host(2) with { LastSeenAt = Noon.AddMinutes(5) }));
        HostState silent = Assert.Single(await database.Hosts.SeenBeforeAsync(Noon.AddMinutes(3), 10));
        Assert.Equal(Host(1).Node, silent.Node);

        await database.History.AppendAsync(Reported(silent with { SilentSince = Noon.AddMinutes(3) }));
        Assert.Empty(await database.Hosts.SeenBeforeAsync(Noon.AddMinutes(3), 10));
    }

    internal static HostState Host(int number) => new()
    {
        Node = new Guid($"6e1f0f5a-3a52-4d5e-8f0a-{number:x12}"),
        Name = $"compute-{number}",
        FirstSeenAt = Noon,
        LastSeenAt = Noon,
        FactsChangedAt = Noon,
        Facts = """{"cpu":"milan"}"""u8.ToArray(),
    };

    internal static HistoryRecord Reported(HostState host, params HostChip[] chips) =>
        new("host.reported", host.Node, null, "{}"u8.ToArray()) { Changes = [host, .. chips] };

    private static HostChip Chip(Guid node) => new()
    {
        ChipId = new string('a', 128),
        Node = node,
        Status = ChipStatus.Pending,
        FirstSeenAt = Noon,
    };
}
