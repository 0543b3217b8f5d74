using System.Diagnostics.Metrics;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Events;

/// <summary>Current state of hosts as gauges. Read from the database at intervals, so that a scrape waits for nothing.</summary>
internal sealed class HostMetrics : RefreshedMetrics
{
    private const int Page = 500;

    private readonly HostStates states;
    private readonly TimeProvider time;
    private IReadOnlyList<HostGauges> hosts = [];

    public HostMetrics(HostStates states, TimeProvider time, IMeterFactory meters, ILogger<HostMetrics> logger)
        : base(time, logger)
    {
        (this.states, this.time) = (states, time);
        Meter meter = meters.Create(ControlMeter.Name);
        meter.CreateObservableGauge("osev.asids.total", () => Each(host => host.Totals), description: "ASIDs of a host, by model; SEV-ES and SEV-SNP draw on one pool.");
        meter.CreateObservableGauge("osev.asids.reserved", () => Each(host => host.Reserved), description: "ASIDs of a host that are not offered, by model.");
        meter.CreateObservableGauge("osev.asids.used", () => Each(host => host.Used), description: "ASIDs in use on a host, by the models that share the pool.");
        meter.CreateObservableGauge("osev.host.heartbeat.age.seconds", () => Each(Age), description: "Time since a host's last report.");
        meter.CreateObservableGauge("osev.host.certificate.remaining.seconds", () => Each(Remaining), description: "Time until the certificate ends that a host last reported with.");
        meter.CreateObservableGauge("osev.host.silent", () => Each(host => [host.Of(host.Silent ? 1 : 0)]), description: "1 for a host that has missed its reports.");
    }

    protected override string Of => "hosts";

    /// <summary>Reads all hosts once.</summary>
    public override async Task RefreshAsync(CancellationToken ct)
    {
        var read = new List<HostGauges>();
        Guid? after = null;
        do
        {
            IReadOnlyList<HostState> page = await states.ListAsync(Page, after, ct);
            read.AddRange(page.Select(HostGauges.From));
            after = page.Count == Page ? page[^1].Node : null;
        }
        while (after is not null);
        hosts = read;
    }

    private IEnumerable<Measurement<double>> Each(Func<HostGauges, IEnumerable<Measurement<double>>> of) => hosts.SelectMany(of);

    private IEnumerable<Measurement<double>> Age(HostGauges host) => [host.Of(Math.Max(0, (time.GetUtcNow() - host.LastSeenAt).TotalSeconds))];

    private IEnumerable<Measurement<double>> Remaining(HostGauges host) =>
        host.CertificateEnds is { } ends ? [host.Of((ends - time.GetUtcNow()).TotalSeconds)] : [];

    /// <summary>The numbers of one host.</summary>
    private sealed record HostGauges(string Name, DateTimeOffset LastSeenAt, bool Silent, HostReport Report, DateTimeOffset? CertificateEnds)
    {
        public static HostGauges From(HostState host)
        {
            StoredReport stored = StoredReport.Of(host);
            return new(host.Name, host.LastSeenAt, host.SilentSince is not null, stored.Report, stored.CertificateEnds);
        }

        public IEnumerable<Measurement<double>> Totals => Report.Capacity.Select(capacity => Of(capacity.Total, capacity.Model));

        public IEnumerable<Measurement<double>> Reserved => Report.Capacity.Select(capacity => Of(capacity.Reserved, capacity.Model));

        /// <summary>The kernel counts plain SEV, and SEV-ES with SEV-SNP: whose of the two an ASID is, it does not tell.</summary>
        public IEnumerable<Measurement<double>> Used
        {
            get
            {
                if (Report.AsidsInUseSev is { } sev)
                    yield return Of(sev, "amd-sev");
                if (Report.AsidsInUseSevEs is { } shared)
                    yield return Of(shared, "amd-sev-es,amd-sev-snp");
            }
        }

        public Measurement<double> Of(double value, string? model = null) => model is null
            ? new Measurement<double>(value, new KeyValuePair<string, object?>("host", Name))
            : new Measurement<double>(value, new KeyValuePair<string, object?>("host", Name), new KeyValuePair<string, object?>("model", model));
    }
}
