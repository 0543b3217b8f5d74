using System.Diagnostics.Metrics;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>What the last sweep did, for those who ask, and for metrics.</summary>
internal sealed class SweepJournal
{
    private readonly TimeProvider time;
    private readonly DateTimeOffset startedAt;
    private readonly Counter<long> failures;
    private readonly Counter<long> steps;
    private SweepTick? last;
    private InstanceNumbers? numbers;
    private long completeAtTicks;

    public SweepJournal(IMeterFactory meters, TimeProvider time)
    {
        this.time = time;
        startedAt = time.GetUtcNow();
        Meter meter = meters.Create(ControlMeter.Name);
        failures = meter.CreateCounter<long>("osev.sweep.failures", description: "What went wrong in sweeps, by code.");
        steps = meter.CreateCounter<long>("osev.sweep.steps", description: "What sweeps did with instances, by kind.");
        meter.CreateObservableGauge("osev.sweep.instances", Instances, description: "Instances that ask for memory encryption, as the last sweep counted them: all, and those due, open, overdue, silent.");
        meter.CreateObservableGauge("osev.sweep.age.seconds", Age, description: "Time since the last listing that was complete; since the start before the first one.");
    }

    public SweepTick? Last => Volatile.Read(ref last);

    /// <summary>As the last sweep counted them; null before the first one.</summary>
    public InstanceNumbers? Numbers
    {
        get => Volatile.Read(ref numbers);
        set => Volatile.Write(ref numbers, value);
    }

    public void Add(SweepTick tick)
    {
        Volatile.Write(ref last, tick);
        if (tick.IsComplete)
            Volatile.Write(ref completeAtTicks, tick.StartedAt.UtcTicks);
        foreach (SweepFailure failure in tick.Failures)
            failures.Add(failure.Count, new KeyValuePair<string, object?>("code", failure.Code));
        foreach ((string kind, int count) in new[]
        {
            ("new", tick.New), ("changed", tick.Changed), ("moved", tick.Moved), ("gone", tick.Gone), ("opened", tick.Opened), ("silent", tick.Silent), ("nudged", tick.Nudged),
        })
        {
            if (count > 0)
                steps.Add(count, new KeyValuePair<string, object?>("kind", kind));
        }
    }

    private IEnumerable<Measurement<int>> Instances()
    {
        if (Numbers is not { } known)
            return [];
        return new[] { ("all", known.Present), ("due", known.Due), ("open", known.Open), ("overdue", known.Overdue), ("silent", known.Silent) }
            .Select(pair => new Measurement<int>(pair.Item2, new KeyValuePair<string, object?>("state", pair.Item1)));
    }

    private double Age()
    {
        long complete = Volatile.Read(ref completeAtTicks);
        return Math.Max(0, (time.GetUtcNow() - (complete == 0 ? startedAt : new DateTimeOffset(complete, TimeSpan.Zero))).TotalSeconds);
    }
}
