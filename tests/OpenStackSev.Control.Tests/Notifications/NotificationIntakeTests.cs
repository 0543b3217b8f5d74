using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>Notifications that are taken, followed up and acknowledged.</summary>
public sealed class NotificationIntakeTests : IAsyncLifetime
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    private IntakeLab? lab;

    private IntakeLab Lab => lab!;
    private SweptCloud Cloud => Lab.Cloud;
    private FakeNova Nova => Lab.Nova;

    public async ValueTask InitializeAsync() => lab = await IntakeLab.StartAsync(("database.lock_timeout", "1"));

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
    }

    [Fact]
    public async Task A_new_instance_is_asked_without_a_sweep()
    {
        FakeServer server = Nova.Add();
        await Lab.HearAsync(Heard.Of("instance.create.end", server.Id, Cloud.Now));
        Assert.Equal(Cloud.Now, (await Cloud.StateAsync(server.Id)).RoundOpenedAt);
        Assert.Equal([SweepEvents.Seen], await Cloud.HistoryAsync(server.Id));
        // The sweep finds nothing left to do.
        Assert.Equal((0, 0), ((await Cloud.SweepAsync()).New, (await Cloud.SweepAsync()).Opened));
    }

    [Fact]
    public async Task A_rebuild_with_the_same_image_ends_the_verdict()
    {
        Guid instance = await AnsweredAsync();
        byte[] rebuilt = Heard.Of("instance.rebuild.end", instance, Cloud.Now);
        await Lab.HearAsync(rebuilt);
        InstanceState state = await Cloud.StateAsync(instance);
        Assert.Equal((null, Cloud.Now), (state.Verdict, state.RoundOpenedAt));
        await Lab.HearAsync(rebuilt, rebuilt);
        Assert.Equal([SweepEvents.Seen, NotificationRecords.Rebuilt], await Cloud.HistoryAsync(instance));

        // It answers, and the same message once more is old news.
        Cloud.Control.Time.Advance(s_minute);
        await Cloud.AnswerAsync(instance);
        await Lab.HearAsync(rebuilt);
        Assert.Equal((Verdict.Affirming, null), ((await Cloud.StateAsync(instance)).Verdict, (await Cloud.StateAsync(instance)).RoundOpenedAt));
    }

    [Fact]
    public async Task What_was_deleted_moved_resized_or_stopped_is_noticed()
    {
        Guid deleted = await AnsweredAsync(), moved = await AnsweredAsync(), resized = await AnsweredAsync(), stopped = await AnsweredAsync();
        Nova.Delete(deleted);
        Nova.Change(moved, server => server with { Host = "compute2", Status = "VERIFY_RESIZE" });
        Nova.Change(resized, server => server with { Flavor = "plain", ExtraSpecs = "{}" });
        Nova.Change(stopped, server => server with { Status = "SHUTOFF" });
        await Lab.HearAsync(
            Heard.Of("instance.delete.end", deleted, Cloud.Now), Heard.Of("instance.resize_finish.end", moved, Cloud.Now),
            Heard.Of("instance.resize_confirm.end", resized, Cloud.Now), Heard.Of("instance.power_off.end", stopped, Cloud.Now));
        Assert.Equal([SweepEvents.Seen, SweepEvents.Gone], await Cloud.HistoryAsync(deleted));
        Assert.Equal([SweepEvents.Seen, SweepEvents.Moved], await Cloud.HistoryAsync(moved));
        Assert.Equal((null, Cloud.Now), ((await Cloud.StateAsync(moved)).Verdict, (await Cloud.StateAsync(moved)).RoundOpenedAt));
        Assert.Equal([SweepEvents.Seen, SweepEvents.NotEncrypted], await Cloud.HistoryAsync(resized));
        Assert.Equal(("SHUTOFF", null), ((await Cloud.StateAsync(stopped)).Status, (await Cloud.StateAsync(stopped)).RoundOpenedAt));
    }

    [Fact]
    public async Task One_that_is_started_again_is_asked_at_once()
    {
        Guid instance = await AnsweredAsync();
        await Lab.HearAsync(Heard.Of("instance.reboot.end", instance, Cloud.Now));
        InstanceState state = await Cloud.StateAsync(instance);
        Assert.Equal((Verdict.Affirming, Cloud.Now), (state.Verdict, state.RoundOpenedAt));
        Assert.Equal([SweepEvents.Seen, NotificationRecords.Restarted], await Cloud.HistoryAsync(instance));
    }

    [Fact]
    public async Task Nobody_is_asked_about_instances_that_are_not_looked_after()
    {
        FakeServer plain = Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "plain") { ExtraSpecs = "{}" });
        await Lab.HearAsync([.. new[] { "instance.power_on.end", "instance.reboot.end", "instance.pause.end", "instance.delete.end", "instance.update", "instance.exists", "compute.exception" }
            .Select(eventType => Heard.Of(eventType, plain.Id, Cloud.Now))]);
        Assert.DoesNotContain(Nova.Requests, request => request.Contains("/servers", StringComparison.Ordinal));
        await Lab.HearAsync(Heard.Of("instance.create.end", plain.Id, Cloud.Now), Heard.Of("instance.create.end", Guid.NewGuid(), Cloud.Now));
        Assert.Null(await Cloud.FindAsync(plain.Id));
        Assert.Equal((9, 0), (Status.Ignored, Status.Handled));
    }

    [Fact]
    public async Task Garbage_is_acknowledged_counted_and_does_not_stop_the_rest()
    {
        FakeServer server = Nova.Add();
        await Lab.HearAsync(Encoding.UTF8.GetBytes("hello"), new byte[2 * 1024 * 1024], [], Heard.Of("instance.create.end", server.Id, Cloud.Now),
            Heard.Changed("zed-instance.delete.end", message => message["payload"] = 5));
        Assert.NotNull(await Cloud.FindAsync(server.Id));
        Assert.Equal((3, 1, 1), (Status.Unreadable, Status.Handled, Status.Ignored));
    }

    [Fact]
    public async Task Many_messages_about_one_instance_are_few_questions_to_Nova()
    {
        Guid instance = await AnsweredAsync();
        using var gate = new SemaphoreSlim(0);
        Nova.Fails = request =>
        {
            if (request.Contains($"/servers/{instance}", StringComparison.Ordinal))
                gate.Wait(TimeSpan.FromMinutes(1));
            return null;
        };
        Delivered[] all = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => Lab.DeliverAsync(Heard.Of("instance.power_off.end", instance, Cloud.Now))));
        Assert.DoesNotContain(all, one => one.IsAnswered);
        gate.Release(200);
        Assert.All(await Task.WhenAll(all.Select(one => one.Answer)), answer => Assert.Equal("done", answer));
        Assert.InRange(Nova.Requests.Count(request => request.Contains($"/servers/{instance}", StringComparison.Ordinal)), 1, 2);
    }

    [Fact]
    public async Task While_Nova_is_away_messages_go_back_and_come_again()
    {
        Guid instance = await AnsweredAsync();
        Nova.Fails = request => request.Contains("/servers/", StringComparison.Ordinal) ? 503 : null;
        byte[] body = Heard.Of("instance.rebuild.end", instance, Cloud.Now);
        Delivered first = await Lab.DeliverAsync(body);
        await Lab.Time.SomebodyWaitsAsync();
        Assert.False(first.IsAnswered);
        Lab.Time.Advance(NotificationIntake.Pause);
        Assert.Equal("returned", await first.Answer);
        Assert.Equal(Verdict.Affirming, (await Cloud.StateAsync(instance)).Verdict);
        Nova.Fails = _ => null;
        await Lab.HearAsync(body);
        Assert.Null((await Cloud.StateAsync(instance)).Verdict);
        Assert.Equal((1, 2), (Status.Returned, Status.Handled));
    }

    [Fact]
    public async Task What_the_database_did_not_keep_goes_back()
    {
        Guid instance = await AnsweredAsync();
        byte[] body = Heard.Of("instance.rebuild.end", instance, Cloud.Now);
        await using (var connection = new SqliteConnection($"Data Source={Path.Join(Cloud.Control.StateFolder, "control.sqlite")};Pooling=False"))
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "BEGIN IMMEDIATE";
            await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
            Delivered locked = await Lab.DeliverAsync(body);
            await Lab.Time.SomebodyWaitsAsync();
            Lab.Time.Advance(NotificationIntake.Pause);
            Assert.Equal("returned", await locked.Answer);
        }

        await Lab.HearAsync(body);
        Assert.Equal([SweepEvents.Seen, NotificationRecords.Rebuilt], await Cloud.HistoryAsync(instance));
    }

    [Fact]
    public async Task What_Nova_refuses_for_good_is_given_up_and_does_not_come_for_ever()
    {
        Guid instance = await AnsweredAsync();
        Nova.Fails = request => request.Contains("/servers/", StringComparison.Ordinal) ? 403 : null;
        await Lab.HearAsync(Heard.Of("instance.power_off.end", instance, Cloud.Now));
        Assert.Equal(1, Status.Failed);
    }

    [Fact]
    public async Task A_disabled_compute_is_in_its_hosts_history_once()
    {
        Guid node = Guid.NewGuid();
        await Cloud.Of<HistoryWriter>().ApplyAsync(new HostState { Node = node, Name = "node1.example.org", FirstSeenAt = Cloud.Now, LastSeenAt = Cloud.Now, FactsChangedAt = Cloud.Now, Facts = "{}"u8.ToArray() });
        Nova.Services["compute1"] = new FakeService(node, "node1.example.org");
        byte[] heard = Heard.OfService("service.update", "compute1", Cloud.Now);
        await Lab.HearAsync(heard);
        Assert.Empty(await Cloud.HistoryAsync(node));

        Nova.Services["compute1"] = Nova.Services["compute1"] with { IsDisabled = true, Reason = "a new disk" };
        await Lab.HearAsync(heard);
        await Lab.HearAsync(heard);
        Nova.Services["compute1"] = Nova.Services["compute1"] with { IsForcedDown = true };
        await Lab.HearAsync(heard);
        Nova.Services["compute1"] = new FakeService(node, "node1.example.org");
        await Lab.HearAsync(heard);
        Nova.Services.TryRemove("compute1", out _);
        await Lab.HearAsync(Heard.OfService("service.delete", "compute1", Cloud.Now), heard);
        Assert.Equal([NotificationRecords.ServiceDisabled, NotificationRecords.ServiceForcedDown, NotificationRecords.ServiceEnabled, NotificationRecords.ServiceDeleted], await Cloud.HistoryAsync(node));
        HistoryRow disabled = (await Cloud.Of<HistoryReader>().OfSubjectAsync(node, 10))[^1];
        JsonNode body = JsonNode.Parse(disabled.Body)!;
        Assert.Equal(("compute1", "node1.example.org", "a new disk", true), ((string?)body["service"], (string?)body["name"], (string?)body["reason"], (bool)body["disabled"]!));
    }

    [Fact]
    public async Task A_service_of_a_host_that_never_reported_and_one_that_is_no_compute_are_nothing_to_us()
    {
        Nova.Services["compute9"] = new FakeService(Guid.NewGuid(), "compute9") { IsDisabled = true };
        await Lab.HearAsync(Heard.OfService("service.update", "compute9", Cloud.Now), Heard.OfService("service.update", "control", Cloud.Now, "nova-scheduler"));
        Assert.Equal((2, 0), (Status.Ignored, Status.Handled));
    }

    [Fact]
    public async Task A_flavor_that_will_not_be_encrypted_is_told_and_one_that_was_mended_too()
    {
        Nova.Flavors["f1"] = new JsonObject { ["hw:mem_encryption_model"] = "amd-sev-snp" };
        byte[] heard = Heard.OfFlavor("flavor.update", "f1", Cloud.Now);
        await Lab.HearAsync(heard);
        await Lab.HearAsync(heard);
        Nova.Flavors["f1"] = new JsonObject { ["hw:mem_encryption"] = "true", ["hw:mem_encryption_model"] = "amd-sev-snp" };
        await Lab.HearAsync(heard);
        Guid subject = FlavorFollowUp.Subject("f1");
        Assert.Equal([NotificationRecords.FlavorFindings, NotificationRecords.FlavorCleared], await Cloud.HistoryAsync(subject));
        JsonNode told = JsonNode.Parse((await Cloud.Of<HistoryReader>().OfSubjectAsync(subject, 10))[^1].Body)!;
        Assert.Equal(("f1", "name of f1"), ((string?)told["flavor_id"], (string?)told["flavor"]));
        Assert.Equal("request.model.without_encryption", (string?)told["codes"]![0]);
        Assert.Contains("flavor set", (string?)told["fixes"]![0], StringComparison.Ordinal);
    }

    [Theory, InlineData("f2"), InlineData("gone"), InlineData("../servers/detail"), InlineData(".."), InlineData("a/b")]
    public async Task Nothing_is_told_of_flavors_that_are_well_gone_or_no_flavors(string id)
    {
        Nova.Flavors["f2"] = new JsonObject { ["hw:mem_encryption"] = "true", ["hw:mem_encryption_model"] = "amd-sev-snp" };
        await Lab.HearAsync(Heard.OfFlavor("flavor.update", id, Cloud.Now));
        Assert.Empty(await Cloud.HistoryAsync(FlavorFollowUp.Subject(id)));
        Assert.DoesNotContain(Nova.Requests, request => request.Contains("/servers", StringComparison.Ordinal));
    }

    private NotificationStatus Status => Cloud.Of<NotificationJournal>().Status;

    /// <summary>One that was found good a minute ago.</summary>
    private async Task<Guid> AnsweredAsync()
    {
        FakeServer server = Nova.Add();
        await Lab.HearAsync(Heard.Of("instance.create.end", server.Id, Cloud.Now));
        await Cloud.AnswerAsync(server.Id);
        Cloud.Control.Time.Advance(s_minute);
        Lab.Time.Advance(s_minute);
        Nova.Requests.Clear();
        return server.Id;
    }
}
