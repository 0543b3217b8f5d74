using System.Diagnostics.Metrics;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Gates;

/// <summary>What looks at gates did, for metrics.</summary>
internal sealed class GateJournal
{
    private readonly Counter<long> signals;
    private readonly Counter<long> failures;
    private IReadOnlyList<GateCount> counts = [];
    private volatile bool isAnyOpen = true;

    public GateJournal(IMeterFactory meters)
    {
        Meter meter = meters.Create(ControlMeter.Name);
        signals = meter.CreateCounter<long>("osev.gate.signals", description: "Signals that Heat has taken, by status.");
        failures = meter.CreateCounter<long>("osev.gate.failures", description: "Looks at a gate that failed, by code.");
        meter.CreateObservableGauge("osev.gates", () => Counts.Select(one => new Measurement<int>(one.Count, new KeyValuePair<string, object?>("standing", GateViews.Word(one.Standing)))),
            description: "Gates that servers named, by how they stand.");
    }

    /// <summary>As the last look counted them.</summary>
    public IReadOnlyList<GateCount> Counts
    {
        get => Volatile.Read(ref counts);
        set => Volatile.Write(ref counts, value);
    }

    /// <summary>A gate waits, as far as is known here; true until somebody has looked.</summary>
    public bool IsAnyOpen
    {
        get => isAnyOpen;
        set => isAnyOpen = value;
    }

    public void Signalled(bool isSuccess) => signals.Add(1, new KeyValuePair<string, object?>("status", GateAnswer.Word(isSuccess)));

    public void Failed(string code) => failures.Add(1, new KeyValuePair<string, object?>("code", code));
}
