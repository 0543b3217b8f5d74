using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Reattestation.Tickets;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>Sweeps of a cloud that works.</summary>
public sealed class FleetSweepTests : IAsyncLifetime
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private SweptCloud? cloud;

    private SweptCloud Cloud => cloud!;
    private FakeNova Nova => Cloud.Nova;

    public async ValueTask InitializeAsync() => cloud = await SweptCloud.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (cloud is not null)
            await cloud.DisposeAsync();
    }

    [Fact]
    public async Task Who_does_not_run_has_no_next_round()
    {
        Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "stopped") { Status = "SHUTOFF" });
        await Cloud.SweepAsync();
        using HttpResponseMessage response = await Cloud.Control.GetAsync("/v1/instances", "admin");
        InstanceList list = JsonSerializer.Deserialize(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), AttestationJson.Default.InstanceList)!;
        Assert.Null(Assert.Single(list.Instances).NextRoundAt);
    }

    [Fact]
    public async Task All_are_listed_once_page_by_page_and_then_what_changed()
    {
        Guid[] encrypted = [.. Enumerable.Range(0, (2 * FleetListing.PageSize) + 1).Select(i => Nova.Add($"vm {i}").Id)];
        Nova.Add(new FakeServer(Guid.NewGuid(), "p2", "plain") { ExtraSpecs = "{}" });
        SweepTick first = await Cloud.SweepAsync();
        Assert.Equal(("full", true, encrypted.Length + 1, encrypted.Length, encrypted.Length), (first.Listing, first.IsComplete, first.Listed, first.Encrypted, first.New));
        Assert.Empty(first.Failures);
        Assert.Equal(3, Nova.ListRequests);
        InstanceState state = await Cloud.StateAsync(encrypted[^1]);
        Assert.Equal(("p1", "amd-sev-snp", "compute1", Cloud.Now), (state.Project, state.Model, state.HostName, state.RoundOpenedAt!.Value));
        Assert.Equal([SweepEvents.Seen], await Cloud.HistoryAsync(encrypted[0]));

        // Clocks differ: what changed shortly before the last listing is listed once more, and not written.
        SweepTick second = await Cloud.SweepAsync(s_minute * 6);
        Assert.Equal(("changes", true, encrypted.Length + 1, 0), (second.Listing, second.IsComplete, second.Listed, second.New));
        Assert.All(await Task.WhenAll(encrypted.Select(Cloud.StateAsync)), row => Assert.Equal(1 + row.Nudges, row.Version));
        SweepTick third = await Cloud.SweepAsync(s_minute);
        Assert.Equal(0, third.Listed);
        Assert.Equal(7, Nova.ListRequests);
        Assert.Contains($"changes-since={Cloud.Now - (s_minute * 6):yyyy-MM-dd'T'HH}", Uri.UnescapeDataString(Nova.Requests.Last(request => request.Contains("/detail", StringComparison.Ordinal))), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_instance_that_did_not_change_is_not_written_by_a_full_listing_either()
    {
        FakeServer server = Nova.Add();
        await Cloud.SweepAsync();
        await Cloud.AnswerAsync(server.Id);
        long version = (await Cloud.StateAsync(server.Id)).Version;
        Cloud.Control.Time.Advance(s_minute * 29);
        SweepTick tick = await Cloud.SweepAsync(TimeSpan.Zero);
        Assert.Equal(version, (await Cloud.StateAsync(server.Id)).Version);
        Assert.Equal("changes", tick.Listing);
        await Cloud.AnswerAsync(server.Id);
        SweepTick full = await Cloud.SweepAsync(s_minute * 29);
        await Cloud.AnswerAsync(server.Id);
        version = (await Cloud.StateAsync(server.Id)).Version;
        full = await Cloud.SweepAsync(s_minute * 3);
        Assert.Equal(("full", 1, Cloud.Now), (full.Listing, full.Listed, full.FullListingAt!.Value));
        Assert.Equal(version, (await Cloud.StateAsync(server.Id)).Version);
    }

    [Theory, InlineData("2.104"), InlineData("2.100")]
    public async Task An_image_can_ask_for_encryption_too(string microversion)
    {
        Nova.Microversion = microversion;
        Guid image = Guid.NewGuid();
        Nova.Images[image] = new JsonObject { ["hw_mem_encryption"] = "true", ["hw_mem_encryption_model"] = "amd-sev-es" };
        FakeServer server = Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "by image") { ExtraSpecs = "{}", Image = image });
        await Cloud.SweepAsync();
        InstanceState state = await Cloud.StateAsync(server.Id);
        Assert.Equal(("amd-sev-es", Verdict.None, null), (state.Model, state.Verdict!.Value, state.RoundOpenedAt));
        Assert.DoesNotContain(Nova.Requests, request => request.Contains("/image/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Before_the_properties_were_in_the_server_Glance_is_asked_once_for_each_image()
    {
        Nova.Microversion = "2.96";
        Guid image = Guid.NewGuid(), lost = Guid.NewGuid();
        Nova.Images[image] = new JsonObject { ["hw_mem_encryption"] = "true" };
        Guid[] ours = [.. Enumerable.Range(0, 3).Select(i => Nova.Add(new FakeServer(Guid.NewGuid(), "p1", $"vm {i}") { ExtraSpecs = "{}", Image = image }).Id)];
        FakeServer orphan = Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "orphan") { Image = lost });
        SweepTick tick = await Cloud.SweepAsync();
        Assert.Equal((4, 0), (tick.New, tick.Failures.Count));
        Assert.Equal(2, Nova.Requests.Count(request => request.Contains("/image/", StringComparison.Ordinal)));
        // Nova of that release knows one model.
        Assert.Equal("amd-sev", (await Cloud.StateAsync(ours[0])).Model);

        // Gone later: the instances stay what they were.
        Nova.Images.TryRemove(image, out _);
        await Cloud.SweepAsync(Cloud.Options.FullListingInterval);
        Assert.Equal([SweepEvents.Seen], await Cloud.HistoryAsync(ours[0]));
        Assert.Equal([SweepEvents.Seen], await Cloud.HistoryAsync(orphan.Id));
    }

    [Fact]
    public async Task A_node_is_the_one_whose_host_reported()
    {
        var host = new HostState { Node = Given.Node, Name = "compute1", FirstSeenAt = Cloud.Now, LastSeenAt = Cloud.Now, FactsChangedAt = Cloud.Now, Facts = "{}"u8.ToArray() };
        await Cloud.Of<HistoryWriter>().ApplyAsync(host);
        FakeServer here = Nova.Add(), there = Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "there") { Host = "compute2" });
        await Cloud.SweepAsync();
        Assert.Equal((Given.Node, null), ((await Cloud.StateAsync(here.Id)).Node, (await Cloud.StateAsync(there.Id)).Node));
    }

    [Fact]
    public async Task Moved_rebuilt_stopped_and_deleted_ones_are_noticed()
    {
        FakeServer moved = Nova.Add(), rebuilt = Nova.Add(), stopped = Nova.Add(), deleted = Nova.Add();
        await Cloud.SweepAsync();
        Guid other = Guid.NewGuid();
        Nova.Images[other] = [];
        Cloud.Control.Time.Advance(s_minute);
        Nova.Change(moved.Id, server => server with { Host = "compute2" });
        Nova.Change(rebuilt.Id, server => server with { Image = other });
        Nova.Change(stopped.Id, server => server with { Status = "SHUTOFF" });
        Nova.Delete(deleted.Id);
        SweepTick tick = await Cloud.SweepAsync();
        Assert.Equal((1, 1, 1), (tick.Moved, tick.Changed, tick.Gone));
        Assert.Equal([SweepEvents.Seen, SweepEvents.Moved], await Cloud.HistoryAsync(moved.Id));
        Assert.Equal([SweepEvents.Seen, SweepEvents.Changed], await Cloud.HistoryAsync(rebuilt.Id));
        Assert.Equal([SweepEvents.Seen, SweepEvents.Gone], await Cloud.HistoryAsync(deleted.Id));
        Assert.Equal((Cloud.Now, Cloud.Now, null),
            ((await Cloud.StateAsync(moved.Id)).RoundOpenedAt, (await Cloud.StateAsync(rebuilt.Id)).RoundOpenedAt, (await Cloud.StateAsync(stopped.Id)).RoundOpenedAt));
        Assert.Equal(Cloud.Now, (await Cloud.StateAsync(deleted.Id)).GoneAt);

        // Hours later whoever runs is silent, and the stopped one is not.
        await Cloud.SweepAsync(TimeSpan.FromHours(2));
        Assert.True(SweepRules.IsSilent(await Cloud.StateAsync(moved.Id)));
        Assert.Null((await Cloud.StateAsync(stopped.Id)).Verdict);
    }

    [Fact]
    public async Task A_round_opens_when_it_is_due_and_silence_is_judged_when_the_grace_is_over()
    {
        FakeServer answers = Nova.Add(), silent = Nova.Add();
        await Cloud.SweepAsync();
        await Cloud.AnswerAsync(answers.Id);
        SweepTick due = await Cloud.SweepAsync(s_minute * 30);
        Assert.Equal((1, 1), (due.Opened, due.Silent));
        Assert.Equal(Cloud.Now, (await Cloud.StateAsync(answers.Id)).RoundOpenedAt);
        Assert.Equal(Verdict.Warning, (await Cloud.StateAsync(silent.Id)).Verdict);
        Assert.Equal([SweepEvents.Seen, SweepEvents.Silent], await Cloud.HistoryAsync(silent.Id));

        await Cloud.AnswerAsync(answers.Id);
        SweepTick later = await Cloud.SweepAsync(s_minute * 20);
        Assert.Equal(0, later.Silent);
        InstanceNumbers numbers = Cloud.Of<SweepJournal>().Numbers!;
        Assert.Equal(new InstanceNumbers(2, 0, 1, 1, 1), numbers);
    }

    [Fact]
    public async Task Only_the_overdue_are_nudged_a_few_at_a_time()
    {
        await using SweptCloud few = await SweptCloud.StartAsync(("sweep.nudges", "2"));
        Guid[] overdue = [.. Enumerable.Range(0, 3).Select(_ => few.Nova.Add().Id)];
        await few.SweepAsync();
        few.Control.Time.Advance(few.Options.NudgeAfter);
        Guid young = few.Nova.Add().Id;
        SweepTick tick = await few.SweepAsync();
        Assert.Equal(2, tick.Nudged);
        Assert.Equal(2, few.Nova.Metadata.Count);
        tick = await few.SweepAsync(s_minute);
        Assert.Equal(1, tick.Nudged);
        Assert.All(overdue, instance => Assert.True(few.Nova.Metadata.ContainsKey(instance)));
        Assert.False(few.Nova.Metadata.ContainsKey(young));
        tick = await few.SweepAsync(few.Options.NudgeAfter);
        Assert.Equal(2, tick.Nudged);
        // Whoever was not nudged yet comes first, then whoever waits longest.
        Assert.True(few.Nova.Metadata.ContainsKey(young));
        InstanceState[] rows = await Task.WhenAll(overdue.Select(few.StateAsync));
        Assert.Equal([1, 1, 2], rows.Select(row => row.Nudges).Order());
        Assert.All(rows, row => Assert.Equal(GuestMetadata.Number(row.NudgedAt!.Value), few.Nova.Metadata[row.Instance][GuestInstructions.NudgeKey]));
    }

    [Fact]
    public async Task Where_vendordata_is_not_configured_tickets_are_written_once()
    {
        await using SweptCloud told = await SweptCloud.StartAsync(("reattestation.ticket_delivery", "metadata"), ("sweep.nudges", "0"));
        FakeServer server = told.Nova.Add(), sev = told.Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "sev") { ExtraSpecs = """{"hw:mem_encryption":"true"}""" });
        Assert.Empty((await told.SweepAsync()).Failures);
        GuestInstructions expected = told.Of<TicketDesk>().For(server.Id);
        Assert.Equal((expected.Url.AbsoluteUri, expected.Ticket),
            (told.Nova.Metadata[server.Id][GuestInstructions.UrlKey], told.Nova.Metadata[server.Id][GuestInstructions.TicketKey]));
        Assert.False(told.Nova.Metadata.ContainsKey(sev.Id));
        int Written() => told.Nova.Requests.Count(request => request.StartsWith("POST", StringComparison.Ordinal));
        await told.SweepAsync(s_minute);
        await told.SweepAsync(told.Options.FullListingInterval);
        Assert.Equal(1, Written());

        // Somebody of the project took it away.
        told.Nova.Metadata[server.Id].TryRemove(GuestInstructions.TicketKey, out _);
        await told.SweepAsync(told.Options.FullListingInterval);
        Assert.Equal(expected.Ticket, told.Nova.Metadata[server.Id][GuestInstructions.TicketKey]);
        Assert.DoesNotContain(told.Control.Log.Lines, line => line.Contains(expected.Ticket, StringComparison.Ordinal));
    }

    [Fact]
    public async Task With_vendordata_no_ticket_is_written()
    {
        FakeServer server = Nova.Add();
        await Cloud.SweepAsync();
        Assert.False(Nova.Metadata.ContainsKey(server.Id));
    }

    [Fact]
    public async Task A_server_whose_metadata_is_full_is_left_alone_until_its_next_turn()
    {
        FakeServer full = Nova.Add();
        Nova.Metadata[full.Id] = new(Enumerable.Range(0, 128).Select(i => KeyValuePair.Create($"key {i}", "value")));
        await Cloud.SweepAsync();
        SweepTick tick = await Cloud.SweepAsync(Cloud.Options.NudgeAfter);
        Assert.Equal((0, "compute.403", true), (tick.Nudged, Assert.Single(tick.Failures).Code, tick.IsComplete));
        Assert.Equal(128, Nova.Metadata[full.Id].Count);
        tick = await Cloud.SweepAsync(s_minute);
        Assert.Empty(tick.Failures);
    }
}
