using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>The real application with a fake cloud and rules in a file; the test says when it looks.</summary>
internal sealed class EnforcedCloud : IAsyncDisposable
{
    public const string Rules = """
        mode: enforce
        rules:
          - {verdict: contraindicated, after: 0s, measures: [record, event, tag, lock, stop]}
        projects: {"*": shelve}
        limits: {most_a_run: 1000, most_an_hour: 10000}
        """;

    private EnforcedCloud(RunningControl control, FakeNova nova) => (Control, Nova) = (control, nova);

    public RunningControl Control { get; }
    public FakeNova Nova { get; }
    public DateTimeOffset Now => Control.Time.GetUtcNow();

    public static async Task<EnforcedCloud> StartAsync(string rules = Rules, Action<IServiceCollection>? replace = null, string? policy = null, Action<WebApplication>? services = null, params IReadOnlyList<(string Key, string Value)> settings)
    {
        var nova = new FakeNova();
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, rules);
        var values = settings.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        values.TryAdd("enforcement.rules_file", file);
        RunningControl control = await RunningControl.StartAsync(values, policy, app =>
        {
            nova.Map(app);
            services?.Invoke(app);
        }, replace);
        nova.Time = control.Time;
        return new EnforcedCloud(control, nova) { RulesFile = file };
    }

    public required string RulesFile { get; init; }

    public T Of<T>()
        where T : notnull => Control.App.Services.GetRequiredService<T>();

    public Task<EnforcementTally> LookAsync() => Of<EnforcementRound>().RunAsync(TestContext.Current.CancellationToken);

    public Task<EnforcementTally> LookAsync(TimeSpan later)
    {
        Control.Time.Advance(later);
        return LookAsync();
    }

    /// <summary>Nova is listed again, as the sweep does.</summary>
    public Task SweepAsync() => Of<FleetSweep>().RunAsync(TestContext.Current.CancellationToken);

    /// <summary>An instance that runs, is known and was judged.</summary>
    public async Task<Guid> AddAsync(Verdict verdict = Verdict.Contraindicated, string project = "p1", string? host = "compute1", params IReadOnlyList<string> codes)
    {
        FakeServer server = Nova.Add(new FakeServer(Guid.NewGuid(), project, "vm") { Host = host });
        await JudgeAsync(server.Id, verdict, codes);
        return server.Id;
    }

    /// <summary>As an answer that was judged leaves it.</summary>
    public async Task JudgeAsync(Guid instance, Verdict verdict, params IReadOnlyList<string> codes)
    {
        FakeServer server = Nova.Server(instance);
        InstanceState judged = Given.Judged(verdict, [.. codes.Count == 0 ? [Given.Code] : codes]);
        InstanceState? known = (await BothAsync(instance)).Instance;
        await Of<HistoryWriter>().ApplyAsync(judged with
        {
            Instance = instance,
            Project = server.Project,
            HostName = server.Host,
            Node = server.Host is { } host ? OpenStackSev.Api.Capacity.ProviderIdentity.Of(host) : null,
            Status = server.Status,
            SeenAt = Now,
            JudgedAt = Now,
            NextRoundAt = Now.AddMinutes(5),
            Version = known?.Version ?? 0,
        });
    }

    public Task<EnforcedInstance> BothAsync(Guid instance) => Of<EnforcementStates>().BothAsync(instance, TestContext.Current.CancellationToken);

    public async Task<EnforcementState> RowAsync(Guid instance) => (await BothAsync(instance)).Row ?? throw new InvalidOperationException($"nothing is known of {instance}");

    /// <summary>Kinds of its history without those of other folders, the oldest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(Guid subject) =>
        [.. (await Of<HistoryReader>().OfSubjectAsync(subject, 1000)).Reverse().Select(row => row.Kind).Where(kind => kind.StartsWith("enforcement.", StringComparison.Ordinal) || kind.StartsWith("host.quarantine", StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        File.Delete(RulesFile);
    }
}
