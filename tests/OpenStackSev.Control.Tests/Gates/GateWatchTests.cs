using System.Data.Common;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.Sqlite;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Instances;
using OpenStackSev.Control.Reattestation.Results;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Gates;

/// <summary>How gates are noticed, what a cloud without any pays, and who sees them.</summary>
public sealed class GateWatchTests
{
    [Fact]
    public async Task A_guest_that_comes_before_the_sweep_brings_its_gate()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        FakeServer server = cloud.Nova.Add();
        FakeStack stack = cloud.Heat.Add(GatedCloud.Project, server.Id);
        cloud.Name(server.Id, stack.Id.ToString(), "gate");
        Assert.NotNull(await cloud.Of<KnownInstances>().FindAsync(server.Id, TestContext.Current.CancellationToken));
        Assert.Equal((stack.Id.ToString(), "gate", GatedCloud.Project), ((await cloud.GateAsync(server.Id)).Stack, (await cloud.GateAsync(server.Id)).Resource, (await cloud.GateAsync(server.Id)).Project));
    }

    [Theory, InlineData("""{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-snp"}"""), InlineData("{}")]
    public async Task A_notification_brings_the_gate_of_any_server(string extraSpecs)
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        FakeServer server = cloud.Nova.Add(new FakeServer(Guid.NewGuid(), GatedCloud.Project, "vm") { ExtraSpecs = extraSpecs });
        cloud.Name(server.Id, cloud.Heat.Add(GatedCloud.Project, server.Id).Id.ToString(), "gate");
        // By a clock that runs: what it holds back would wait for ever by one that stands still.
        var budget = new NovaBudget(new NotificationOptions { RequestsPerSecond = 1_000_000 }, TimeProvider.System);
        var followUp = new InstanceFollowUp(cloud.Of<SweptInstances>(), cloud.Of<FleetListing>(), cloud.Of<InstanceSteps>(), cloud.Of<TicketDelivery>(), cloud.Of<GateWatch>(), budget,
            cloud.Of<SweepOptions>(), cloud.Of<ReattestationOptions>(), cloud.Control.Time, cloud.Of<ILogger<InstanceFollowUp>>());
        await followUp.FollowAsync(server.Id, new InstanceHint(MayBeNew: true), TestContext.Current.CancellationToken);
        Assert.Equal(GateStanding.Waiting, (await cloud.GateAsync(server.Id)).Standing);
    }

    [Fact]
    public async Task A_name_that_is_taken_back_and_given_again_is_signalled_again()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, FakeStack stack) = await cloud.AddAsync();
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync();
        Assert.Equal(GateStanding.Opened, (await cloud.GateAsync(server.Id)).Standing);
        cloud.Name(server.Id, null, null);
        await cloud.SweepAsync();
        Assert.Equal((GateStanding.Ended, GateCodes.NameRemoved), ((await cloud.GateAsync(server.Id)).Standing, (await cloud.GateAsync(server.Id)).Code));

        // Heat has made the handle anew under its name.
        stack.Resources["gate"].Metadata.Clear();
        cloud.Name(server.Id, stack.Id.ToString(), "gate");
        await cloud.SweepAsync();
        await cloud.LookAsync();
        Assert.Equal(["SUCCESS", "SUCCESS"], cloud.Told(server.Id));
    }

    [Fact]
    public async Task A_guest_whose_answer_is_about_what_ran_before_is_asked_again_at_once()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer server, _) = await cloud.AddAsync();
        DateTimeOffset given = cloud.Now;
        cloud.Control.Time.Advance(TimeSpan.FromSeconds(20));
        // The old guest answered while it was shut down.
        cloud.Nova.Actions.Enqueue(new FakeAction(server.Id, "reboot", "id-of-somebody", given.AddSeconds(5), Until: cloud.Now));
        await cloud.JudgeAsync(server.Id, given.AddSeconds(6), Verdict.Affirming);
        await cloud.LookAsync();
        Assert.Empty(cloud.Heat.Signals);
        InstanceState asked = (await cloud.Of<InstanceStates>().FindAsync(server.Id))!;
        Assert.Equal((cloud.Now, 1), (asked.RoundOpenedAt!.Value, asked.Nudges));
        await cloud.JudgeAsync(server.Id, Verdict.Affirming);
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(["SUCCESS"], cloud.Told(server.Id));
    }

    [Fact]
    public async Task Switched_off_it_takes_no_note_of_any()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync(new HeatOptions { Enabled = false });
        (FakeServer server, _) = await cloud.AddAsync();
        Assert.Null(await cloud.Of<GateStates>().FindAsync(server.Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ten_thousand_instances_without_a_gate_cost_one_question_a_look()
    {
        var asked = new AskedForGates();
        await using GatedCloud cloud = await GatedCloud.StartAsync(replace: services =>
        {
            services.AddSingleton(provider => asked.Open(Path.Join(provider.GetRequiredService<ProcessOptions>().StateDir, "control.sqlite")));
            services.Remove(services.Single(service => service.ImplementationType == typeof(InstanceMetrics)));
        });
        // A tenth asks for encryption, and is known after the sweep; all of them are listed.
        for (int i = 0; i < 10_000; i++)
            cloud.Nova.Add(new FakeServer(Guid.NewGuid(), GatedCloud.Project, "vm") { ExtraSpecs = i % 10 == 0 ? """{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-snp"}""" : "{}" });
        await cloud.SweepAsync();
        Assert.Equal(0, asked.Count);
        int requests = cloud.Nova.Requests.Count;
        // The first look cannot know that there are none.
        await cloud.LookAsync(TimeSpan.FromMinutes(1));
        int first = asked.Count;
        for (int i = 0; i < 100; i++)
            await cloud.LookAsync(TimeSpan.FromSeconds(15));
        Assert.Equal(first + 100, asked.Count);
        Assert.Equal(requests, cloud.Nova.Requests.Count);
        Assert.Empty(cloud.Heat.Requests);
    }

    [Fact]
    public async Task A_project_sees_its_own_gates_and_an_administrator_all()
    {
        await using GatedCloud cloud = await GatedCloud.StartAsync();
        (FakeServer mine, FakeStack stack) = await cloud.AddAsync();
        (FakeServer theirs, _) = await cloud.AddAsync(project: "p2");
        cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
        await cloud.JudgeAsync(mine.Id, Verdict.Contraindicated, "snp.policy.debug");
        await cloud.LookAsync();
        Assert.Equal([mine.Id.ToString()], await ListAsync(cloud, "/v1/gates", "reader"));
        Assert.Equal(new[] { mine.Id.ToString(), theirs.Id.ToString() }.Order(StringComparer.Ordinal), (await ListAsync(cloud, "/v1/gates", "admin")).Order(StringComparer.Ordinal));
        Assert.Equal([theirs.Id.ToString()], await ListAsync(cloud, "/v1/gates?standing=waiting", "admin"));
        Assert.Equal([mine.Id.ToString()], await ListAsync(cloud, "/v1/gates?project=p1", "admin"));
        JsonNode shown = (await (await cloud.Control.GetAsync($"/v1/instances/{mine.Id}/attestation", "reader")).Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!["gate"]!;
        Assert.Equal((stack.Id.ToString(), "gate", "closed", "snp.policy.debug"), ((string?)shown["stack"], (string?)shown["resource"], (string?)shown["standing"], (string?)shown["code"]));
        // What the project may not see of others is not told apart from what is not there.
        using HttpResponseMessage refused = await cloud.Control.GetAsync("/v1/gates?project=p2", "reader");
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.StatusCode);
    }

    private static async Task<string[]> ListAsync(GatedCloud cloud, string path, string role)
    {
        using HttpResponseMessage answer = await cloud.Control.GetAsync(path, role);
        JsonNode body = (await answer.Content.ReadFromJsonAsync<JsonNode>(TestContext.Current.CancellationToken))!;
        return [.. body["gates"]!.AsArray().Select(gate => (string)gate!["instance"]!)];
    }

    /// <summary>Counts what is asked of the table of gates.</summary>
    private sealed class AskedForGates : DbCommandInterceptor
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public ControlDatabase Open(string file)
        {
            DbContextOptions<SqliteControlContext> options = new DbContextOptionsBuilder<SqliteControlContext>()
                .UseSqlite($"Data Source={file};Mode=ReadWrite;Pooling=True").AddInterceptors(new SqlitePragmas(), this).Options;
            return new ControlDatabase(() => new SqliteControlContext(options));
        }

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            if (command.CommandText.Contains("instance_gates", StringComparison.Ordinal))
                Interlocked.Increment(ref count);
            return new(result);
        }
    }
}
