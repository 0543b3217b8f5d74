using System.Globalization;
using System.Text.Json.Nodes;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>Rounds that somebody wants now, and what the API shows of instances that were judged without evidence.</summary>
public sealed class RoundRequestTests : IAsyncLifetime
{
    private SweptCloud? cloud;

    private SweptCloud Cloud => cloud!;

    public async ValueTask InitializeAsync() => cloud = await SweptCloud.StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (cloud is not null)
            await cloud.DisposeAsync();
    }

    [Fact]
    public async Task A_round_opens_now_and_the_guest_is_nudged()
    {
        FakeServer server = Cloud.Nova.Add();
        await Cloud.SweepAsync();
        await Cloud.AnswerAsync(server.Id);
        Cloud.Control.Time.Advance(TimeSpan.FromMinutes(5));
        (int status, JsonNode body) = await OpenAsync(server.Id, "member");
        Assert.Equal((202, true, Cloud.Now), (status, (bool)body["nudged"]!, (DateTimeOffset)body["opened_at"]!));
        Assert.Equal(GuestMetadata.Number(Cloud.Now), Cloud.Nova.Metadata[server.Id][GuestInstructions.NudgeKey]);
        Assert.Equal(Cloud.Now, (await Cloud.StateAsync(server.Id)).RoundOpenedAt);

        // Asked again at once: the same round, and no second nudge.
        DateTimeOffset opened = Cloud.Now;
        Cloud.Control.Time.Advance(TimeSpan.FromSeconds(5));
        (status, body) = await OpenAsync(server.Id, "admin");
        Assert.Equal((202, false, opened), (status, (bool)body["nudged"]!, (DateTimeOffset)body["opened_at"]!));
        Cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
        (_, body) = await OpenAsync(server.Id, "admin");
        Assert.True((bool)body["nudged"]!);
        Assert.Equal(GuestMetadata.Number(Cloud.Now), Cloud.Nova.Metadata[server.Id][GuestInstructions.NudgeKey]);
    }

    [Fact]
    public async Task Who_has_answered_a_nudge_is_nudged_by_the_next_request_however_soon()
    {
        FakeServer server = Cloud.Nova.Add();
        await Cloud.SweepAsync();
        await OpenAsync(server.Id, "member");
        Cloud.Control.Time.Advance(TimeSpan.FromSeconds(5));
        await Cloud.AnswerAsync(server.Id);
        Cloud.Control.Time.Advance(TimeSpan.FromSeconds(5));
        (int status, JsonNode body) = await OpenAsync(server.Id, "member");
        Assert.Equal((202, true, Cloud.Now), (status, (bool)body["nudged"]!, (DateTimeOffset)body["opened_at"]!));
        Assert.Equal(GuestMetadata.Number(Cloud.Now), Cloud.Nova.Metadata[server.Id][GuestInstructions.NudgeKey]);
    }

    [Fact]
    public async Task A_silent_instance_gets_a_new_round()
    {
        FakeServer server = Cloud.Nova.Add();
        await Cloud.SweepAsync();
        await Cloud.SweepAsync(Cloud.Options.Grace);
        Assert.True(SweepRules.IsSilent(await Cloud.StateAsync(server.Id)));
        Cloud.Control.Time.Advance(TimeSpan.FromMinutes(1));
        await OpenAsync(server.Id, "member");
        Assert.False(SweepRules.IsSilent(await Cloud.StateAsync(server.Id)));
        Assert.Equal(Cloud.Now, (await Cloud.StateAsync(server.Id)).RoundOpenedAt);
    }

    [Fact]
    public async Task A_guest_that_another_database_nudged_often_hears_the_first_nudge_of_this_one()
    {
        FakeServer server = Cloud.Nova.Add();
        string before = GuestMetadata.Number(Cloud.Now.AddMinutes(-1));
        Cloud.Nova.Metadata[server.Id] = new() { [GuestInstructions.NudgeKey] = before };
        await Cloud.SweepAsync();
        await OpenAsync(server.Id, "member");
        Assert.Equal(1, (await Cloud.StateAsync(server.Id)).Nudges);
        Assert.True(ulong.Parse(Cloud.Nova.Metadata[server.Id][GuestInstructions.NudgeKey], CultureInfo.InvariantCulture) > ulong.Parse(before, CultureInfo.InvariantCulture));
    }

    [Fact]
    public async Task Nova_away_costs_the_nudge_and_not_the_round()
    {
        FakeServer server = Cloud.Nova.Add();
        await Cloud.SweepAsync();
        await Cloud.AnswerAsync(server.Id);
        Cloud.Nova.Fails = _ => 503;
        (int status, JsonNode body) = await OpenAsync(server.Id, "member");
        Assert.Equal((202, false), (status, (bool)body["nudged"]!));
        Assert.NotNull((await Cloud.StateAsync(server.Id)).RoundOpenedAt);
    }

    [Fact]
    public async Task Who_cannot_answer_is_not_asked()
    {
        FakeServer stopped = Cloud.Nova.Add(), sev = Cloud.Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "sev") { ExtraSpecs = """{"hw:mem_encryption":"true"}""" });
        FakeServer deleted = Cloud.Nova.Add();
        Cloud.Nova.Change(stopped.Id, server => server with { Status = "SHUTOFF" });
        await Cloud.SweepAsync();
        Cloud.Nova.Delete(deleted.Id);
        await Cloud.SweepAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((409, SweepErrors.CannotAnswer.Code), await CodeAsync(stopped.Id, "member"));
        Assert.Equal((409, SweepErrors.CannotAnswer.Code), await CodeAsync(deleted.Id, "member"));
        Assert.Equal((409, AttestationErrors.WithoutReports.Code), await CodeAsync(sev.Id, "member"));
        Assert.Empty(Cloud.Nova.Metadata);
    }

    [Fact]
    public async Task Only_members_of_its_project_ask_and_others_do_not_see_it()
    {
        FakeServer own = Cloud.Nova.Add(), others = Cloud.Nova.Add("theirs", "p2");
        await Cloud.SweepAsync();
        Assert.Equal((403, RequestErrors.Forbidden.Code), await CodeAsync(own.Id, "reader"));
        Assert.Equal((404, AttestationErrors.InstanceNotFound.Code), await CodeAsync(others.Id, "member"));
        Assert.Equal((404, AttestationErrors.InstanceNotFound.Code), await CodeAsync(Guid.NewGuid(), "admin"));
    }

    [Fact]
    public async Task What_was_judged_without_evidence_is_shown_with_its_reason_and_without_its_host()
    {
        FakeServer silent = Cloud.Nova.Add(), sev = Cloud.Nova.Add(new FakeServer(Guid.NewGuid(), "p1", "sev") { ExtraSpecs = """{"hw:mem_encryption":"true"}""" });
        await Cloud.SweepAsync();
        Cloud.Nova.Change(silent.Id, server => server with { Host = "compute2" });
        await Cloud.SweepAsync(TimeSpan.FromMinutes(1));
        await Cloud.SweepAsync(Cloud.Options.Grace);
        Assert.Equal(("warning", SweepCodes.Silent), await VerdictAsync(silent.Id));
        Assert.Equal(("none", SweepCodes.NoGuestReport), await VerdictAsync(sev.Id));
        using HttpResponseMessage response = await Cloud.Control.GetAsync($"/v1/instances/{silent.Id}/history", "reader");
        string history = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains(SweepEvents.Moved, history, StringComparison.Ordinal);
        Assert.DoesNotContain("compute", history, StringComparison.Ordinal);
    }

    private async Task<(string? Verdict, string? Code)> VerdictAsync(Guid instance)
    {
        using HttpResponseMessage response = await Cloud.Control.GetAsync($"/v1/instances/{instance}/attestation", "reader");
        JsonNode body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return ((string?)body["instance"]!["verdict"], (string?)body["judgement"]!["findings"]![0]!["code"]);
    }

    private async Task<(int Status, string? Code)> CodeAsync(Guid instance, string role)
    {
        (int status, JsonNode body) = await OpenAsync(instance, role);
        return (status, (string?)body["errors"]![0]!["code"]);
    }

    private async Task<(int Status, JsonNode Body)> OpenAsync(Guid instance, string role)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/instances/{instance}/attestation");
        request.Headers.Add("X-Auth-Token", Cloud.Control.Keystone.Issue("somebody", "p1", role).Secret);
        using HttpResponseMessage response = await Cloud.Control.Http.SendAsync(request, TestContext.Current.CancellationToken);
        return ((int)response.StatusCode, JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!);
    }
}
