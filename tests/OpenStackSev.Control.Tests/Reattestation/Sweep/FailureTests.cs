using Microsoft.Data.Sqlite;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>Nova, Keystone or the database away: nothing lost, nothing forgotten, nothing gone that is there.</summary>
public sealed class FailureTests : IAsyncLifetime
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private SweptCloud? cloud;

    private SweptCloud Cloud => cloud!;
    private FakeNova Nova => Cloud.Nova;

    public async ValueTask InitializeAsync() => cloud = await SweptCloud.StartAsync(("database.lock_timeout", "1"));

    public async ValueTask DisposeAsync()
    {
        if (cloud is not null)
            await cloud.DisposeAsync();
    }

    [Fact]
    public async Task A_listing_that_breaks_off_in_the_middle_says_nothing_about_absence()
    {
        Guid[] all = [.. Enumerable.Range(0, FleetListing.PageSize + 1).Select(_ => Nova.Add().Id)];
        await Cloud.SweepAsync();
        Nova.Purge(all[0]);
        Nova.Fails = request => request.Contains("marker=", StringComparison.Ordinal) ? 503 : null;
        SweepTick broken = await Cloud.SweepAsync(Cloud.Options.FullListingInterval);
        Assert.Equal(("full", false, 0), (broken.Listing, broken.IsComplete, broken.Gone));
        Assert.Contains(broken.Failures, failure => failure.Code == "compute.503");
        Assert.Null((await Cloud.StateAsync(all[0])).GoneAt);

        // It is listed in full at the next look, and then what is not there is gone.
        Nova.Fails = _ => null;
        SweepTick whole = await Cloud.SweepAsync(s_minute);
        Assert.Equal(("full", true, 1), (whole.Listing, whole.IsComplete, whole.Gone));
        Assert.Equal(SweepEvents.Gone, (await Cloud.HistoryAsync(all[0]))[^1]);
        Assert.Null((await Cloud.StateAsync(all[1])).GoneAt);
    }

    [Fact]
    public async Task Instances_of_a_cell_that_is_away_are_not_gone_and_not_silent()
    {
        FakeServer server = Nova.Add();
        await Cloud.SweepAsync();
        Nova.Change(server.Id, one => one with { CellIsAway = true });
        SweepTick tick = await Cloud.SweepAsync(Cloud.Options.FullListingInterval);
        Assert.Equal((true, 0, 0), (tick.IsComplete, tick.Listed, tick.Gone));
        InstanceState away = await Cloud.StateAsync(server.Id);
        Assert.Equal(("UNKNOWN", null, "compute1"), (away.Status, away.GoneAt, away.HostName));
        Assert.Equal([SweepEvents.Seen], await Cloud.HistoryAsync(server.Id));
        Nova.Change(server.Id, one => one with { CellIsAway = false });
        await Cloud.SweepAsync(s_minute);
        Assert.Equal("ACTIVE", (await Cloud.StateAsync(server.Id)).Status);
    }

    [Fact]
    public async Task An_instance_that_a_full_listing_lacks_is_asked_for_before_it_counts_as_gone()
    {
        FakeServer kept = Nova.Add(), purged = Nova.Add();
        await Cloud.SweepAsync();
        Nova.Change(kept.Id, one => one with { CellIsAway = true });
        Nova.Purge(purged.Id);
        Nova.Fails = request => request.Contains($"/servers/{purged.Id}", StringComparison.Ordinal) ? 500 : null;
        SweepTick unsure = await Cloud.SweepAsync(Cloud.Options.FullListingInterval);
        Assert.Equal((0, "compute.500"), (unsure.Gone, Assert.Single(unsure.Failures).Code));
        Nova.Fails = _ => null;
        SweepTick sure = await Cloud.SweepAsync(s_minute);
        Assert.Equal(1, sure.Gone);
        Assert.NotNull((await Cloud.StateAsync(purged.Id)).GoneAt);
        Assert.Null((await Cloud.StateAsync(kept.Id)).GoneAt);
    }

    [Fact]
    public async Task While_Nova_is_away_rounds_open_and_nobody_is_silent()
    {
        FakeServer due = Nova.Add(), open = Nova.Add();
        await Cloud.SweepAsync();
        await Cloud.AnswerAsync(due.Id);
        Nova.Fails = request => request.Contains("/compute/", StringComparison.Ordinal) ? 503 : null;
        SweepTick tick = await Cloud.SweepAsync(s_minute * 31);
        Assert.Equal((false, 1, 0), (tick.IsComplete, tick.Opened, tick.Silent));
        // It was stopped meanwhile.
        Nova.Change(open.Id, server => server with { Status = "SHUTOFF" });
        Nova.Fails = _ => null;
        tick = await Cloud.SweepAsync(s_minute);
        Assert.Equal((true, 0), (tick.IsComplete, tick.Silent));
        Assert.Null((await Cloud.StateAsync(open.Id)).Verdict);
    }

    [Fact]
    public async Task What_happened_while_Keystone_was_away_is_noticed_when_it_is_back()
    {
        FakeServer server = Nova.Add();
        await Cloud.SweepAsync();
        Cloud.Control.Keystone.IsAway = true;
        Nova.Delete(server.Id);
        FakeServer born = Nova.Add();
        SweepTick away = await Cloud.SweepAsync(s_minute * 30);
        Assert.False(away.IsComplete);
        Assert.NotEmpty(away.Failures);
        Assert.Null((await Cloud.StateAsync(server.Id)).GoneAt);
        Cloud.Control.Keystone.IsAway = false;
        SweepTick back = await Cloud.SweepAsync(s_minute);
        Assert.Equal((1, 1), (back.Gone, back.New));
        Assert.NotNull(await Cloud.FindAsync(born.Id));
    }

    [Fact]
    public async Task What_the_database_did_not_keep_is_kept_later_and_nobody_is_silent_who_was_not_heard()
    {
        FakeServer known = Nova.Add();
        await Cloud.SweepAsync();
        Guid[] born;
        await using (var connection = new SqliteConnection($"Data Source={Path.Join(Cloud.Control.StateFolder, "control.sqlite")};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            born = [.. Enumerable.Range(0, 3).Select(_ => Nova.Add().Id)];
            SweepTick locked = await Cloud.SweepAsync(Cloud.Options.Grace);
            Assert.Equal((false, 0, 0), (locked.IsComplete, locked.New, locked.Silent));
            Assert.Contains(locked.Failures, failure => failure.Code == "storage.locked");
        }

        SweepTick well = await Cloud.SweepAsync(s_minute);
        Assert.Equal((true, 3, 0), (well.IsComplete, well.New, well.Silent));
        Assert.All(await Task.WhenAll(born.Select(Cloud.FindAsync)), Assert.NotNull);
        Assert.Null((await Cloud.StateAsync(known.Id)).Verdict);
        SweepTick grace = await Cloud.SweepAsync(Cloud.Options.Grace);
        Assert.Equal(1, grace.Silent);
        Assert.All(await Task.WhenAll(born.Select(Cloud.StateAsync)), state => Assert.NotNull(state.RoundOpenedAt));
    }

    [Fact]
    public async Task After_a_restart_nobody_is_forgotten_and_nobody_is_silent_at_once()
    {
        FakeServer server = Nova.Add(), deleted = Nova.Add();
        await Cloud.SweepAsync();
        Nova.Delete(deleted.Id);
        Cloud.Control.Time.Advance(TimeSpan.FromDays(2));
        await Cloud.Control.RestartAsync();
        SweepTick tick = await Cloud.SweepAsync();
        Assert.Equal(("full", 0, 0, 1), (tick.Listing, tick.New, tick.Silent, tick.Gone));
        Assert.Equal(1, (await Cloud.SweepAsync(Cloud.Options.Grace)).Silent);
        Assert.True(SweepRules.IsSilent(await Cloud.StateAsync(server.Id)));
    }

    [Fact]
    public async Task What_somebody_wrote_meanwhile_is_decided_about_again()
    {
        FakeServer server = Nova.Add();
        await Cloud.SweepAsync();
        InstanceState stale = await Cloud.StateAsync(server.Id);
        await Cloud.AnswerAsync(server.Id);
        SweepMoment late = new(Cloud.Now + Cloud.Options.Grace, Cloud.Options, DateTimeOffset.MinValue, KnowsStatus: true);
        var steps = new List<SweepStep>();
        // As it was read it is silent; as it is now it has answered.
        await Cloud.Of<InstanceSteps>().TakeAsync(server.Id, stale, row => SweepRules.Decide(row, null, late), steps.Add, TestContext.Current.CancellationToken);
        Assert.Empty(steps);
        Assert.Equal([SweepEvents.Seen], await Cloud.HistoryAsync(server.Id));
        Assert.Equal(OpenStackSev.Attestation.Verdict.Affirming, (await Cloud.StateAsync(server.Id)).Verdict);
    }

    [Fact]
    public async Task A_server_of_which_Nova_says_nothing_usable_harms_no_other()
    {
        Nova.Add(new FakeServer(Guid.NewGuid(), new string('p', 200), "odd"));
        Nova.Add(new FakeServer(Guid.NewGuid(), "p1", new string('n', 500)) { Status = new string('S', 100), Host = new string('h', 400) });
        FakeServer good = Nova.Add();
        SweepTick tick = await Cloud.SweepAsync();
        Assert.Equal((3, 2, 0), (tick.Listed, tick.New, tick.Failures.Count));
        Assert.NotNull(await Cloud.FindAsync(good.Id));
    }
}
