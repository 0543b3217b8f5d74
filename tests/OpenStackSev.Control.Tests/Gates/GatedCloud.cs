using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Gates;

/// <summary>The real application with a fake cloud that has Heat; the test says when it looks.</summary>
internal sealed class GatedCloud : IAsyncDisposable
{
    public const string Project = "p1";

    private GatedCloud(RunningControl control, FakeNova nova, FakeHeat heat) => (Control, Nova, Heat) = (control, nova, heat);

    public RunningControl Control { get; }
    public FakeNova Nova { get; }
    public FakeHeat Heat { get; }
    public DateTimeOffset Now => Control.Time.GetUtcNow();

    public static async Task<GatedCloud> StartAsync(HeatOptions? options = null, Action<IServiceCollection>? replace = null)
    {
        var nova = new FakeNova();
        FakeHeat? heat = null;
        RunningControl control = await RunningControl.StartAsync(null, null, app =>
        {
            nova.Map(app);
            heat = FakeHeat.Of(app);
        }, services =>
        {
            // On, but without its job: looks happen when the test says so.
            services.Remove(services.Single(service => service.ServiceType == typeof(HeatOptions)));
            services.AddSingleton(options ?? new HeatOptions());
            services.Remove(services.Single(service => service.ServiceType == typeof(GateWake)));
            services.AddSingleton(provider => ActivatorUtilities.CreateInstance<GateWake>(provider, new HeatOptions { Enabled = false }));
            replace?.Invoke(services);
        });
        nova.Time = control.Time;
        heat!.Use(control.Keystone);
        control.Keystone.RolesOfService[Project] = "reader";
        return new GatedCloud(control, nova, heat);
    }

    public T Of<T>()
        where T : notnull => Control.App.Services.GetRequiredService<T>();

    /// <summary>Gates are looked at, after some time.</summary>
    public Task LookAsync(TimeSpan later = default)
    {
        Control.Time.Advance(later);
        return Of<GateRound>().RunAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Nova is listed again, as the sweep does.</summary>
    public Task SweepAsync() => Of<FleetSweep>().RunAsync(TestContext.Current.CancellationToken);

    /// <summary>A server in a stack, which waits for it; seen by the sweep.</summary>
    public async Task<(FakeServer Server, FakeStack Stack)> AddAsync(Func<FakeServer, FakeServer>? change = null, string project = Project)
    {
        var server = new FakeServer(Guid.NewGuid(), project, "vm");
        server = Nova.Add(change?.Invoke(server) ?? server);
        Nova.Actions.Enqueue(new FakeAction(server.Id, "create", "id-of-somebody", Now));
        FakeStack stack = Heat.Add(project, server.Id);
        Name(server.Id, stack.Id.ToString(), "gate");
        await SweepAsync();
        return (server, stack);
    }

    /// <summary>What the server's metadata names; null leaves it out.</summary>
    public void Name(Guid server, string? stack, string? gate)
    {
        ConcurrentDictionary<string, string> metadata = Nova.Metadata.GetOrAdd(server, _ => new());
        Set(NamedGate.StackKey, stack);
        Set(NamedGate.ResourceKey, gate);
        Nova.Change(server, one => one);

        void Set(string key, string? value)
        {
            metadata.TryRemove(key, out _);
            if (value is not null)
                metadata[key] = value;
        }
    }

    /// <summary>As an answer that was judged leaves it.</summary>
    public Task JudgeAsync(Guid instance, Verdict verdict, params IReadOnlyList<string> codes) => JudgeAsync(instance, null, verdict, codes);

    /// <param name="challengedAt">When the challenge was given; null for now.</param>
    public async Task JudgeAsync(Guid instance, DateTimeOffset? challengedAt, Verdict verdict, params IReadOnlyList<string> codes)
    {
        InstanceState known = (await Of<InstanceStates>().FindAsync(instance))!;
        InstanceState judged = Enforcement.Given.JudgedBy("guest_report", verdict, [.. codes]);
        byte[] result = (StoredResult.Of(judged)! with { ChallengedAt = challengedAt ?? Now }).Bytes();
        await Of<HistoryWriter>().ApplyAsync(known with { Verdict = verdict, JudgedAt = Now, Result = result, RoundOpenedAt = null, NextRoundAt = Now.AddMinutes(5) });
    }

    public async Task<GateState> GateAsync(Guid instance) => await Of<GateStates>().FindAsync(instance) ?? throw new InvalidOperationException($"{instance} has no gate");

    /// <summary>What the gate of a stack was told: statuses in their order.</summary>
    public IReadOnlyList<string> Told(Guid instance) => [.. Heat.Signals.Where(signal => (string?)signal["id"] == instance.ToString()).Select(signal => (string)signal["status"]!)];

    /// <summary>Kinds of its history of gates, the oldest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(Guid subject) =>
        [.. (await Of<HistoryReader>().OfSubjectAsync(subject, 1000)).Reverse().Select(row => row.Kind).Where(kind => kind.StartsWith("gate.", StringComparison.Ordinal))];

    public static JsonNode Data(JsonObject signal) => JsonNode.Parse((string)signal["data"]!)!;

    public async ValueTask DisposeAsync() => await Control.DisposeAsync();
}
