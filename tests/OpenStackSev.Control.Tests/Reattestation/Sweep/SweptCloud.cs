using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>The real application with a fake cloud; the test says when it sweeps.</summary>
internal sealed class SweptCloud : IAsyncDisposable
{
    private SweptCloud(RunningControl control, FakeNova nova) => (Control, Nova) = (control, nova);

    public RunningControl Control { get; }
    public FakeNova Nova { get; }
    public SweepOptions Options => Of<SweepOptions>();
    public DateTimeOffset Now => Control.Time.GetUtcNow();

    public static async Task<SweptCloud> StartAsync(params IReadOnlyList<(string Key, string Value)> settings)
    {
        var nova = new FakeNova();
        RunningControl control = await RunningControl.StartAsync(settings.ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal), services: nova.Map);
        nova.Time = control.Time;
        return new SweptCloud(control, nova);
    }

    public T Of<T>()
        where T : notnull => Control.App.Services.GetRequiredService<T>();

    public Task<SweepTick> SweepAsync() => Of<FleetSweep>().RunAsync(TestContext.Current.CancellationToken);

    /// <summary>A sweep after some time.</summary>
    public Task<SweepTick> SweepAsync(TimeSpan later)
    {
        Control.Time.Advance(later);
        return SweepAsync();
    }

    public async Task<InstanceState> StateAsync(Guid instance) =>
        await FindAsync(instance) ?? throw new InvalidOperationException($"instance {instance} is not known");

    public Task<InstanceState?> FindAsync(Guid instance) => Of<SweptInstances>().FindAsync(instance, TestContext.Current.CancellationToken);

    /// <summary>Kinds of its history, the oldest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(Guid instance) =>
        [.. (await Of<HistoryReader>().OfSubjectAsync(instance, 100)).Reverse().Select(row => row.Kind)];

    /// <summary>As an answer that was judged leaves it.</summary>
    public async Task AnswerAsync(Guid instance)
    {
        InstanceState state = await StateAsync(instance);
        await Of<HistoryWriter>().ApplyAsync(state with
        {
            Verdict = OpenStackSev.Attestation.Verdict.Affirming,
            JudgedAt = Now,
            RoundOpenedAt = null,
            NextRoundAt = Now + TimeSpan.FromMinutes(30),
        });
    }

    public ValueTask DisposeAsync() => Control.DisposeAsync();
}
