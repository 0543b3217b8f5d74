using System.Diagnostics.Metrics;
using OpenStackSev.Control.Persistence;

namespace OpenStackSev.Control.Events;

/// <summary>Counters of what is written, and of what could not be.</summary>
public sealed class ControlMeter
{
    public const string Name = "OpenStackSev.Control";

    private readonly Counter<long> rows;
    private readonly Counter<long> failures;

    public ControlMeter(IMeterFactory meters, EventLog events)
    {
        Meter meter = meters.Create(Name);
        rows = meter.CreateCounter<long>("osev.history.rows", description: "Rows that were appended to the history.");
        failures = meter.CreateCounter<long>("osev.storage.errors", description: "Batches of writes that were not kept, by code.");
        meter.CreateObservableCounter("osev.events.lost", () => events.Lost, description: "Lines of events and audit that could not be written.");
    }

    public void Committed(int count) => rows.Add(count);

    public void Failed(Exception e) =>
        failures.Add(1, new KeyValuePair<string, object?>("code", e is StorageException storage ? storage.Code : "unexpected"));
}
