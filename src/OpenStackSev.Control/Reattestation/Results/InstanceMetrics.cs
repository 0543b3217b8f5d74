using System.Diagnostics.Metrics;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Results;

/// <summary>Instances with memory encryption as a gauge. Counted in the database at intervals, so that a scrape waits for nothing.</summary>
internal sealed class InstanceMetrics : RefreshedMetrics
{
    /// <summary>Of an instance that was not judged yet.</summary>
    private const string Pending = "pending";

    private readonly InstanceStates states;
    private IReadOnlyList<InstanceCount> counts = [];

    public InstanceMetrics(InstanceStates states, TimeProvider time, IMeterFactory meters, ILogger<InstanceMetrics> logger)
        : base(time, logger)
    {
        this.states = states;
        meters.Create(ControlMeter.Name).CreateObservableGauge("osev.instances", () => counts.Select(Measured),
            description: "Instances that ask for memory encryption, by model, host and verdict.");
    }

    protected override string Of => "instances";

    public override async Task RefreshAsync(CancellationToken ct) => counts = await states.CountAsync(ct);

    private static Measurement<long> Measured(InstanceCount one) => new(one.Count,
        new KeyValuePair<string, object?>("model", one.Model), new KeyValuePair<string, object?>("host", one.HostName ?? ""),
        new KeyValuePair<string, object?>("verdict", one.Verdict is { } verdict ? JudgementRecord.Word(verdict) : Pending));
}
