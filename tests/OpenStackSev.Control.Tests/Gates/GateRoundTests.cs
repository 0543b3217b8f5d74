using System.Text.Json.Nodes;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Gates;

/// <summary>The whole way: a server's metadata, Nova, Heat, a verdict, a signal.</summary>
public sealed class GateRoundTests
{
    private static readonly TimeSpan s_boot = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task A_server_that_proves_itself_opens_its_gate_once()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, FakeStack stack) = await cloud.AddAsync();
        await cloud.LookAsync(s_boot);
        GateState waiting = await cloud.GateAsync(server.Id);
        Assert.Equal(GateStanding.Waiting, waiting.Standing);
        Assert.NotNull(waiting.CheckedAt);
        Assert.Empty(cloud.Heat.Signals);

        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        for (int i = 0; i < 5; i++)
            await cloud.LookAsync(TimeSpan.FromMinutes(1));
        JsonObject signal = Assert.Single(cloud.Heat.Signals);
        Assert.Equal((server.Id.ToString(), "SUCCESS", "attested: affirming"), ((string?)signal["id"], (string?)signal["status"], (string?)signal["reason"]));
        Assert.Equal("affirming", (string?)GatedCloud.Data(signal)["verdict"]);
        Assert.Equal("SUCCESS", (string?)stack.Resources["gate"].Metadata[server.Id.ToString()]["status"]);
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
        Assert.Equal([GateEvents.Noticed, GateEvents.Intended, GateEvents.Opened], await cloud.HistoryAsync(server.Id));
    }

    [Fact]
    public async Task A_bad_server_fails_its_stack_with_the_codes()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Contraindicated, "snp.tcb.below_minimum", "snp.policy.debug");
        await cloud.LookAsync();
        JsonObject signal = Assert.Single(cloud.Heat.Signals);
        Assert.Equal("FAILURE", (string?)signal["status"]);
        Assert.StartsWith("not attested: snp.tcb.below_minimum, snp.policy.debug: ", (string?)signal["reason"], StringComparison.Ordinal);
        GateState gate = await cloud.GateAsync(server.Id);
        Assert.Equal((GateStanding.Closed, "snp.tcb.below_minimum"), (gate.Standing, gate.Code));
    }

    [Theory, InlineData("rebuild"), InlineData("reboot"), InlineData("evacuate")]
    public async Task A_verdict_of_before_a_rebuild_opens_nothing(string action)
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        cloud.Nova.Actions.Enqueue(new FakeAction(server.Id, action, "id-of-somebody", cloud.Now.AddSeconds(1)));
        for (int i = 0; i < 4; i++)
            await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Empty(cloud.Heat.Signals);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync(TimeSpan.FromMinutes(6));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
    }

    [Theory]
    [InlineData("""{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev"}"""), InlineData("""{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-es"}"""), InlineData("{}")]
    public async Task A_server_that_cannot_prove_itself_fails_its_stack_at_the_first_look(string extraSpecs)
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync(one => one with { ExtraSpecs = extraSpecs });
        await cloud.LookAsync();
        JsonObject signal = Assert.Single(cloud.Heat.Signals);
        Assert.StartsWith($"not attested: {GateCodes.NotProvable}: ", (string?)signal["reason"], StringComparison.Ordinal);
        Assert.Equal((GateStanding.Closed, GateCodes.NotProvable), ((await cloud.GateAsync(server.Id)).Standing, (await cloud.GateAsync(server.Id)).Code));
    }

    [Fact]
    public async Task Silence_past_its_grace_fails_the_stack()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        await cloud.LookAsync();
        cloud.Control.Time.Advance(TimeSpan.FromMinutes(14));
        await cloud.SweepAsync();
        await cloud.LookAsync();
        Assert.Empty(cloud.Heat.Signals);
        cloud.Control.Time.Advance(TimeSpan.FromMinutes(2));
        await cloud.SweepAsync();
        await cloud.LookAsync();
        Assert.StartsWith("not attested: instance.silent: evidence: expected an answer within 900 s, got none since ", (string?)Assert.Single(cloud.Heat.Signals)["reason"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Nothing_that_is_not_the_servers_own_gate_is_ever_signalled()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        cloud.Control.Keystone.RolesOfService["p2"] = "reader";
        (FakeServer other, FakeStack others) = await cloud.AddAsync(project: "p2");
        (FakeServer neighbour, FakeStack neighbours) = await cloud.AddAsync();
        var expected = new Dictionary<Guid, string>();
        // The stack of another project, of a neighbour in the same one, and one that is not there.
        await NameAsync(others.Id.ToString(), "gate", GateCodes.StackNotFound);
        await NameAsync(neighbours.Id.ToString(), "gate", GateCodes.ServerNotInStack);
        await NameAsync(Guid.NewGuid().ToString(), "gate", GateCodes.StackNotFound);
        await NameAsync(null, "gate", GateCodes.NameMalformed);
        await NameAsync("http://169.254.169.254/", "gate", GateCodes.NameMalformed);
        // Its own stack, and what is no handle in it.
        await OwnAsync("server", GateCodes.HandleWrongType);
        await OwnAsync("attested", GateCodes.HandleWrongType);
        await OwnAsync("nothing", GateCodes.HandleNotFound);
        await OwnAsync("gate/signal", GateCodes.NameMalformed);
        await cloud.SweepAsync();
        for (int i = 0; i < 5; i++)
            await cloud.LookAsync(TimeSpan.FromMinutes(1));
        foreach ((Guid server, string code) in expected)
        {
            await cloud.JudgeAsync(server, Verdict.Affirming);
            await cloud.LookAsync(TimeSpan.FromMinutes(1));
            GateState gate = await cloud.GateAsync(server);
            Assert.Equal((GateStanding.Refused, code), (gate.Standing, gate.Code));
            Assert.Contains(GateEvents.Refused, await cloud.HistoryAsync(server));
            Assert.Empty(cloud.Told(server));
        }

        Assert.DoesNotContain(cloud.Heat.Requests, request => request.Contains("169.254", StringComparison.Ordinal) || request.Contains("/p1/stacks/stack-of-p2", StringComparison.Ordinal));
        Assert.Equal(GateStanding.Waiting, (await cloud.GateAsync(other.Id)).Standing);
        Assert.Equal(GateStanding.Waiting, (await cloud.GateAsync(neighbour.Id)).Standing);

        async Task NameAsync(string? stack, string gate, string code)
        {
            FakeServer server = cloud.Nova.Add();
            cloud.Nova.Actions.Enqueue(new FakeAction(server.Id, "create", null, cloud.Now));
            cloud.Name(server.Id, stack, gate);
            expected.Add(server.Id, code);
            await cloud.SweepAsync();
        }

        async Task OwnAsync(string gate, string code)
        {
            FakeServer server = cloud.Nova.Add();
            cloud.Nova.Actions.Enqueue(new FakeAction(server.Id, "create", null, cloud.Now));
            cloud.Name(server.Id, cloud.Heat.Add(GatedCloud.Project, server.Id).Id.ToString(), gate);
            expected.Add(server.Id, code);
            await cloud.SweepAsync();
        }
    }

    [Fact]
    public async Task A_handle_that_comes_late_is_waited_for()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, FakeStack stack) = await cloud.AddAsync();
        stack.Resources.TryRemove("server", out FakeResource? late);
        stack.Resources["gate"].Status = "INIT_COMPLETE";
        await cloud.LookAsync(TimeSpan.FromSeconds(10));
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync(TimeSpan.FromSeconds(15));
        stack.Resources["server"] = late!;
        await cloud.LookAsync(TimeSpan.FromSeconds(15));
        Assert.Empty(cloud.Heat.Signals);
        stack.Resources["gate"].Status = "CREATE_COMPLETE";
        await cloud.LookAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
    }

    [Theory]
    [InlineData(401), InlineData(403), InlineData(404), InlineData(409), InlineData(429), InlineData(500), InlineData(502), InlineData(503)]
    public async Task Heat_that_refuses_is_tried_again_also_after_a_restart(int status)
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        foreach (string part in new[] { "/stacks?", "/metadata", "/signal" })
        {
            // A good verdict opens nothing once it is old.
            await cloud.JudgeAsync(server.Id, Verdict.Affirming);
            cloud.Heat.Fails = request => request.Contains(part, StringComparison.Ordinal) ? status : null;
            for (int i = 0; i < 2; i++)
                await cloud.LookAsync(TimeSpan.FromMinutes(11));
            GateState gate = await cloud.GateAsync(server.Id);
            Assert.True(gate.IsOpen, $"{part}: {gate.Standing}");
            Assert.Equal($"orchestration.{status}", gate.FailureCode);
        }

        await cloud.Control.RestartAsync();
        cloud.Heat.Fails = _ => null;
        await cloud.LookAsync(TimeSpan.FromMinutes(11));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
        // The same failure again and again is told once for each of its kinds.
        Assert.InRange((await cloud.HistoryAsync(server.Id)).Count(kind => kind == GateEvents.PutOff), 1, 3);
    }

    [Theory]
    [InlineData("""{"stacks":null}"""), InlineData("<html>portal</html>"), InlineData("[]"), InlineData(""), InlineData("""{"stacks":[{"id":"x","stack_name":"y","stack_status":"z"}]}""")]
    public async Task Garbage_for_an_answer_signals_nothing(string said)
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        cloud.Heat.Says = _ => said;
        await cloud.LookAsync();
        Assert.Empty(cloud.Heat.Signals);
        Assert.Equal("orchestration.malformed_answer", (await cloud.GateAsync(server.Id)).FailureCode);
        cloud.Heat.Says = _ => null;
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
    }

    [Fact]
    public async Task What_a_tenant_wrote_into_the_handle_is_read_up_to_a_bound_and_believed_in_nothing()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, FakeStack stack) = await cloud.AddAsync();
        FakeResource handle = stack.Resources["gate"];
        handle.Metadata["1"] = new JsonObject { ["status"] = new JsonArray(1), ["data"] = new string('x', 1024 * 1024) };
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync();
        Assert.Equal("orchestration.answer_too_large", (await cloud.GateAsync(server.Id)).FailureCode);
        handle.Metadata["1"] = JsonValue.Create(7);
        handle.Metadata[server.Id.ToString()] = new JsonArray();
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
    }

    [Fact]
    public async Task A_project_in_which_the_service_has_no_role_is_told_so_and_waits_for_it()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync(project: "p9");
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync();
        GateState gate = await cloud.GateAsync(server.Id);
        Assert.Equal(("identity.401", "the control plane's user may not read and signal stacks in project p9; it needs role reader there"), (gate.FailureCode, gate.FailureDetail));
        cloud.Control.Keystone.RolesOfService["p9"] = "reader";
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
    }

    [Fact]
    public async Task A_cloud_without_Heat_is_quiet()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        cloud.Control.Keystone.HasHeat = false;
        (FakeServer server, _) = await cloud.AddAsync();
        for (int i = 0; i < 10; i++)
            await cloud.LookAsync(TimeSpan.FromMinutes(11));
        Assert.Equal("orchestration.endpoint_not_found", (await cloud.GateAsync(server.Id)).FailureCode);
        Assert.Equal([GateEvents.Noticed, GateEvents.PutOff], await cloud.HistoryAsync(server.Id));
        await cloud.LookAsync(TimeSpan.FromHours(12));
        Assert.Equal((GateStanding.Ended, GateCodes.GaveUp), ((await cloud.GateAsync(server.Id)).Standing, (await cloud.GateAsync(server.Id)).Code));
    }

    [Fact]
    public async Task Heat_that_takes_a_signal_later_gets_one()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        cloud.Heat.IsBusy = true;
        await cloud.LookAsync();
        Assert.Equal(GateStanding.Signalling, (await cloud.GateAsync(server.Id)).Standing);
        cloud.Heat.Finish();
        await cloud.LookAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
    }

    [Fact]
    public async Task A_signal_that_Heat_lost_is_sent_again_under_the_same_id()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, FakeStack stack) = await cloud.AddAsync();
        cloud.Control.Time.Advance(s_boot);
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        cloud.Heat.IsBusy = true;
        await cloud.LookAsync();
        cloud.Heat.Lose();
        await cloud.LookAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(["SUCCESS", "SUCCESS"], cloud.Told(server.Id));
        Assert.Single(stack.Resources["gate"].Metadata);
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
    }

    [Fact]
    public async Task A_server_or_a_stack_that_is_deleted_meanwhile_ends_it()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer first, _) = await cloud.AddAsync();
        (FakeServer second, FakeStack going) = await cloud.AddAsync();
        (FakeServer third, FakeStack gone) = await cloud.AddAsync();
        (FakeServer plain, _) = await cloud.AddAsync(one => one with { ExtraSpecs = "{}" });
        cloud.Nova.Delete(plain.Id);
        await cloud.LookAsync(s_boot);
        foreach (FakeServer server in new[] { first, second, third })
            await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        cloud.Nova.Delete(first.Id);
        going.Status = "DELETE_IN_PROGRESS";
        cloud.Heat.Stacks.TryRemove(gone.Id, out _);
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Empty(cloud.Heat.Signals);
        foreach ((FakeServer server, string code) in new[]
        {
            (first, GateCodes.InstanceGone), (second, GateCodes.StackGone), (third, GateCodes.StackGone), (plain, GateCodes.InstanceGone),
        })
        {
            Assert.Equal((GateStanding.Ended, code), ((await cloud.GateAsync(server.Id)).Standing, (await cloud.GateAsync(server.Id)).Code));
        }
    }

    [Fact]
    public async Task A_server_that_names_another_gate_has_another_one()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, FakeStack stack) = await cloud.AddAsync();
        cloud.Name(server.Id, stack.Id.ToString(), "nothing");
        await cloud.SweepAsync();
        await cloud.LookAsync(TimeSpan.FromMinutes(3));
        Assert.Equal(GateCodes.HandleNotFound, (await cloud.GateAsync(server.Id)).Code);
        cloud.Name(server.Id, stack.Id.ToString(), "gate");
        await cloud.SweepAsync();
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
        cloud.Name(server.Id, null, null);
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
    }

    [Fact]
    public async Task While_Heat_is_away_the_first_gates_are_asked_for_and_the_rest_waits()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        for (int i = 0; i < 40; i++)
            await cloud.AddAsync();
        cloud.Heat.Fails = _ => 503;
        int before = cloud.Heat.Requests.Count;
        await cloud.LookAsync(s_boot);
        // Eight at one time, and each request once more.
        Assert.InRange(cloud.Heat.Requests.Count - before, 3, 24);
    }
}
