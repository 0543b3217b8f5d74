using System.Diagnostics.Metrics;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Hosts;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Tests.Events;

/// <summary>etc/prometheus and etc/grafana ask for what the service's /metrics have: names, labels, and the words in them.</summary>
public sealed partial class DashboardTests
{
    /// <summary>Prometheus's own, and the pool that our recording rules name.</summary>
    private static readonly HashSet<string> s_foreign = new(StringComparer.Ordinal) { "job", "instance", "pool", "le" };

    [Fact]
    public async Task Whatever_alerts_and_board_ask_for_is_exported()
    {
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, HashSet<string>>> exported = await ExportedAsync();
        var expressions = new List<(string Where, string Text)>();
        foreach (string line in RuleExpression().Matches(await File.ReadAllTextAsync(Path.Join(Repository.Root, "etc", "prometheus", "openstack-sev.rules.yaml"))).Select(match => match.Groups[1].Value))
            expressions.Add(("rules", line));
        using JsonDocument board = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Join(Repository.Root, "etc", "grafana", "openstack-sev.json")));
        foreach (JsonElement panel in board.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (panel.TryGetProperty("targets", out JsonElement targets))
                expressions.AddRange(targets.EnumerateArray().Select(target => (panel.GetProperty("title").GetString()!, target.GetProperty("expr").GetString()!)));
        }

        Assert.True(expressions.Count > 50, $"only {expressions.Count} expressions were found");
        var problems = new List<string>();
        foreach ((string where, string text) in expressions)
            problems.AddRange(Problems(text, exported).Select(problem => $"{where}: {problem}"));
        Assert.Empty(problems.Distinct());
    }

    [Fact]
    public async Task Each_metric_of_ours_is_on_the_board()
    {
        string board = await File.ReadAllTextAsync(Path.Join(Repository.Root, "etc", "grafana", "openstack-sev.json"));
        string rules = await File.ReadAllTextAsync(Path.Join(Repository.Root, "etc", "prometheus", "openstack-sev.rules.yaml"));
        string[] ours = [.. (await ExportedAsync()).Keys.Where(name => name.StartsWith("osev_", StringComparison.Ordinal) && name != "osev_host_silent")];
        Assert.True(ours.Length >= 21, string.Join(' ', ours));
        Assert.All(ours, name => Assert.Contains(name, board, StringComparison.Ordinal));
        Assert.Contains("osev_host_silent", rules, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_no_broker_is_configured_nobody_is_alerted_that_none_is_connected()
    {
        foreach ((string? url, int expected) in new[] { (null, 0), ("rabbit://u:p@127.0.0.1:1/", 1) })
        {
            using var meters = new Meters();
            var options = new NotificationOptions { TransportUrl = url };
            _ = new NotificationJournal(options, meters, TimeProvider.System);
            int measured = 0;
            using var listener = new MeterListener();
            listener.InstrumentPublished = (instrument, to) =>
            {
                if (meters.Made.Contains(instrument.Meter) && instrument.Name == "osev.notifications.connected")
                    to.EnableMeasurementEvents(instrument);
            };
            listener.SetMeasurementEventCallback<int>((_, _, _, _) => measured++);
            listener.Start();
            listener.RecordObservableInstruments();
            Assert.Equal(expected, measured);
        }
    }

    /// <summary>Everything that /metrics can have: what appears with the first event of its kind is made to happen at the object that counts it.</summary>
    private static async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, HashSet<string>>>> ExportedAsync()
    {
        // The exporter hears the meters of all applications in this process: of one with a node that has a certificate, and of one with a guest.
        await using NodeCloud nodes = await NodeCloud.StartAsync();
        using (X509Certificate2 certificate = nodes.Issue(Given.Node))
            await nodes.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        await RefreshAsync(nodes.Control);
        await using GuestLab lab = await GuestLab.StartAsync();
        await lab.ReportAsync(GuestLab.Node, GuestLab.Host, lab.Chip);
        await (await lab.GuestAsync()).RoundAsync();
        IServiceProvider services = lab.Control.App.Services;
        services.GetRequiredService<ControlMeter>().Failed(new InvalidOperationException());
        SweepJournal sweep = services.GetRequiredService<SweepJournal>();
        sweep.Numbers = new InstanceNumbers(5, 4, 3, 2, 1);
        sweep.Add(new SweepTick(default, default, "full", true, 1, 1, 1, 1, 1, 1, 1, 1, 1, [new SweepFailure("compute.503", 1, "")]));
        EnforcementJournal enforcement = services.GetRequiredService<EnforcementJournal>();
        enforcement.Standings = [new StandingCount(EnforcementStanding.Withheld, "enforcement.waiting", 1)];
        enforcement.Add(Refused());
        NotificationJournal notifications = services.GetRequiredService<NotificationJournal>();
        notifications.Waits(1, false);
        notifications.Became(NotificationOutcome.Handled, "instance.create.end");
        GateJournal gates = services.GetRequiredService<GateJournal>();
        gates.Counts = [new GateCount(GateStanding.Waiting, 1)];
        gates.Signalled(true);
        gates.Failed("orchestration.503");
        // its own options are without a broker: one beside it has one
        _ = new NotificationJournal(new NotificationOptions { TransportUrl = "rabbit://u:p@127.0.0.1:1/" }, services.GetRequiredService<IMeterFactory>(), TimeProvider.System);
        await RefreshAsync(lab.Control);
        using var scraper = new HttpClient { BaseAddress = lab.Control.MetricsUrl };
        string text = await scraper.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
        return Series().Matches(text).GroupBy(match => match.Groups[1].Value, StringComparer.Ordinal).ToDictionary(
            metric => metric.Key,
            metric => (IReadOnlyDictionary<string, HashSet<string>>)metric
                .SelectMany(match => Label().Matches(match.Groups[2].Value).Select(label => (Name: label.Groups[1].Value, Value: label.Groups[3].Value)))
                .GroupBy(label => label.Name, StringComparer.Ordinal)
                .ToDictionary(label => label.Key, label => label.Select(one => one.Value).ToHashSet(StringComparer.Ordinal), StringComparer.Ordinal),
            StringComparer.Ordinal);
    }

    private static async Task RefreshAsync(RunningControl control)
    {
        foreach (RefreshedMetrics metrics in control.App.Services.GetServices<IHostedService>().OfType<RefreshedMetrics>())
            await metrics.RefreshAsync(TestContext.Current.CancellationToken);
    }

    private static EnforcementTally Refused()
    {
        var tally = new EnforcementTally(default);
        tally.Failed(new EnforcementState { Instance = GuestLab.Instance, Project = GuestLab.Project, Pending = Measures.Stop }, new OpenStackApiException("compute", "POST", HttpStatusCode.Conflict, null, null, "refused"));
        return tally;
    }

    private static IEnumerable<string> Problems(string expression, IReadOnlyDictionary<string, IReadOnlyDictionary<string, HashSet<string>>> exported)
    {
        var labels = new HashSet<string>(s_foreign, StringComparer.Ordinal);
        foreach (Match selector in Selector().Matches(expression))
        {
            string name = selector.Groups[1].Value;
            if (!exported.TryGetValue(name, out IReadOnlyDictionary<string, HashSet<string>>? known))
            {
                yield return $"no {name} in /metrics";
                continue;
            }

            labels.UnionWith(known.Keys);
            foreach (Match label in Label().Matches(selector.Groups[2].Value).Where(label => !s_foreign.Contains(label.Groups[1].Value)))
            {
                if (!known.TryGetValue(label.Groups[1].Value, out HashSet<string>? values))
                    yield return $"{name} has no label {label.Groups[1].Value}";
                else if (WordsOf(label.Groups[1].Value, values) is { } words && label.Groups[3].Value.Split('|').FirstOrDefault(word => !words.Contains(word)) is { } unknown)
                    yield return $"{label.Groups[1].Value} of {name} is never '{unknown}'";
            }
        }

        foreach (string label in Grouping().Matches(expression).SelectMany(by => by.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries)).Where(label => !labels.Contains(label)))
            yield return $"nothing in '{expression}' has a label {label}";
    }

    /// <summary>All that a label can be, where it is one of few words; null where it can be anything.</summary>
    private static HashSet<string>? WordsOf(string label, HashSet<string> exported) => label switch
    {
        "verdict" => [.. Enum.GetValues<Verdict>().Select(JudgementRecord.Word), "pending"],
        "trust" or "state" or "outcome" => exported,
        _ => null,
    };

    [GeneratedRegex("""(?m)^        expr: (?:>-\n)?((?:.*)(?:\n          .*)*)""")]
    private static partial Regex RuleExpression();

    [GeneratedRegex("""\b((?:osev|http_server|dotnet|kestrel)_[a-z_]+)\b(?!:)(?:\{([^}]*)\})?""")]
    private static partial Regex Selector();

    [GeneratedRegex("""(?m)^([a-z_]+)\{([^}]*)\} """)]
    private static partial Regex Series();

    [GeneratedRegex("""([a-z_]+)(=~|!=|=)"([^"]*)["]""")]
    private static partial Regex Label();

    [GeneratedRegex("""\bby \(([^)]*)\)""")]
    private static partial Regex Grouping();

    private sealed class Meters : IMeterFactory
    {
        public List<Meter> Made { get; } = [];

        public Meter Create(MeterOptions options)
        {
            var meter = new Meter(options.Name);
            Made.Add(meter);
            return meter;
        }

        public void Dispose() => Made.ForEach(meter => meter.Dispose());
    }
}
