using System.Diagnostics.Metrics;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary><c>osev_hosts{trust}</c>: how many hosts are of each level. Read at intervals, so that a scrape waits for nothing.</summary>
internal sealed class TrustMetrics : RefreshedMetrics
{
    private readonly HostTrustStates states;
    private IReadOnlyDictionary<TrustLevel, int> counts = new Dictionary<TrustLevel, int>();

    public TrustMetrics(HostTrustStates states, TimeProvider time, IMeterFactory meters, ILogger<TrustMetrics> logger)
        : base(time, logger)
    {
        this.states = states;
        meters.Create(ControlMeter.Name).CreateObservableGauge(
            "osev.hosts",
            () => Enum.GetValues<TrustLevel>().Select(level => new Measurement<int>(
                Volatile.Read(ref counts).GetValueOrDefault(level), new KeyValuePair<string, object?>("trust", TrustRules.Word(level)))),
            description: "Hosts by level of trust.");
    }

    protected override string Of => "hosts by trust";

    public override async Task RefreshAsync(CancellationToken ct) => Volatile.Write(ref counts, await states.CountAsync(ct));
}
