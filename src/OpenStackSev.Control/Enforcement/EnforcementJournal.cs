using System.Diagnostics.Metrics;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Enforcement;

/// <summary>What the last look did, for those who ask, and for metrics.</summary>
internal sealed class EnforcementJournal
{
    private readonly Counter<long> actions;
    private EnforcementLook? last;
    private IReadOnlyList<StandingCount> standings = [];
    private volatile bool isBreakerOpen;

    public EnforcementJournal(IMeterFactory meters)
    {
        Meter meter = meters.Create(ControlMeter.Name);
        actions = meter.CreateCounter<long>("osev.enforcement.actions", description: "Measures by what came of them.");
        meter.CreateObservableGauge("osev.enforcement.breaker.open", () => isBreakerOpen ? 1 : 0, description: "1 while enforcement stands still because too many turned bad at once.");
        meter.CreateObservableGauge("osev.enforcement.withheld", () => Standings.Where(one => one.Reason is not null).GroupBy(one => one.Reason)
            .Select(reason => new Measurement<int>(reason.Sum(one => one.Count), new KeyValuePair<string, object?>("reason", reason.Key))), description: "Instances about which something is not done, or not yet, by reason.");
    }

    public EnforcementLook? Last => Volatile.Read(ref last);

    /// <summary>As the last look counted them.</summary>
    public IReadOnlyList<StandingCount> Standings
    {
        get => Volatile.Read(ref standings);
        set => Volatile.Write(ref standings, value);
    }

    /// <summary>As the last look found it.</summary>
    public bool IsBreakerOpen
    {
        get => isBreakerOpen;
        set => isBreakerOpen = value;
    }

    public void Add(EnforcementTally tally)
    {
        Volatile.Write(ref last, tally.Finished());
        foreach ((string measure, string outcome, int count) in tally.Actions)
            actions.Add(count, new KeyValuePair<string, object?>("measure", measure), new KeyValuePair<string, object?>("outcome", outcome));
    }
}
