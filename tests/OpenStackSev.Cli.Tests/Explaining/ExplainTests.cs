using OpenStackSev.Cli.Explaining;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Cli.Tests.Explaining;

/// <summary>What <c>osev explain</c> takes and how it prints; what it says of a cloud is shown on a real one.</summary>
public sealed class ExplainTests
{
    [Theory]
    [InlineData("--server, or --flavor and --image, is missing", "explain")]
    [InlineData("--image is missing", "explain", "--flavor", "f")]
    [InlineData("--flavor is missing", "explain", "--image", "i")]
    [InlineData("--flavor beside --server is the new one of a resize", "explain", "--server", "s", "--flavor", "f")]
    [InlineData("--flavor beside --server is the new one of a resize", "explain", "--server", "s", "--flavor", "f", "--operation", "rebuild")]
    [InlineData("--image beside --server is the new one of a rebuild", "explain", "--server", "s", "--image", "i", "--operation", "resize")]
    [InlineData("Argument 'reboot' not recognized. Must be one of: 'live-migrate' 'suspend' 'rebuild' 'resize' 'evacuate'", "explain", "--operation", "reboot")]
    [InlineData("--release icehouse: is not known", "explain", "--flavor", "f", "--image", "i", "--release", "icehouse")]
    public async Task Bad_usage_is_one_error_one_hint_and_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(args)).AssertError(ExitCode.BadUsage, error);

    [Fact]
    public async Task Help_ends_with_examples() =>
        Assert.Contains("osev explain --server web-1 --operation resize --flavor plain.large", (await CommandLine.RunAsync("explain", "--help")).Succeeded().Out, StringComparison.Ordinal);

    [Theory, InlineData("--operation ", "live-migrate\nsuspend\nrebuild\nresize\nevacuate\n"), InlineData("--operation re", "rebuild\nresize\n"), InlineData("--serv", "--server\n")]
    public async Task Words_are_completed(string typed, string suggested)
    {
        string line = "osev explain " + typed;
        CommandLine run = await CommandLine.RunAsync($"[suggest:{line.Length}]", line);
        Assert.Equal(suggested.Split('\n').Order(StringComparer.Ordinal), run.Out.Split('\n').Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_table_says_the_cause_the_command_and_that_Placement_agrees()
    {
        string text = Table(Full(), new([], [], []));
        Assert.Contains("none of 1 host fits: CUSTOM_SEV_ASID of compute1:sev is used up: 1 asked for, 0 free (total 2, reserved 0, used 2, ratio 1)", text, StringComparison.Ordinal);
        Assert.Contains("explain.inventory.used_up CUSTOM_SEV_ASID on compute1, asked for by flavor resources:CUSTOM_SEV_ASID=1", text, StringComparison.Ordinal);
        Assert.Contains("  $ osev capacity show compute1", text, StringComparison.Ordinal);
        Assert.Contains("Placement, asked the same, offers no host.", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disagreement_with_Placement_is_not_hidden()
    {
        Assert.Contains("DISAGREEMENT: Placement offers compute1 all the same.", Table(Full(), new(["compute1"], [], [])), StringComparison.Ordinal);
        Assert.Contains("DISAGREEMENT: Placement refuses the query: no such trait.", Table(Full(), new([], [], []) { Refusal = "no such trait" }), StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_list_of_candidates_proves_nothing_about_hosts_that_are_not_in_it()
    {
        Explanation fitting = Explain(new InventoryFacts(2, 0, 0, 1, 1, 1, 1));
        Assert.Null(new PlacementAnswer(null, [], IsCut: true).Disagreement(fitting));
        Assert.Equal("Placement does not offer compute1", new PlacementAnswer(null, [], IsCut: false).Disagreement(fitting));
    }

    [Fact]
    public void Names_that_others_chose_cannot_speak_to_a_terminal()
    {
        Explanation explanation = Explain(new InventoryFacts(2, 0, 2, 1, 1, 1, 1), node: "compute\x1b[2J1");
        Assert.DoesNotContain('\x1b', Table(explanation, new([], [], [])));
    }

    [Fact]
    public void What_the_filter_refuses_stands_beside_what_it_was_asked_for()
    {
        DateTimeOffset now = Scheduling.Snapshots.Now;
        Guid node = Guid.NewGuid();
        byte[] text = Scheduling.Snapshots.Signed(new(1, now, now.AddMinutes(10), [new(node, "compute1", "quarantined") { Reasons = ["host.quarantined"] }]));
        TrustReading reading = FilterView.Of(text, Scheduling.Snapshots.Keys(Scheduling.Snapshots.Key), now);
        Explanation explanation = Explain(new InventoryFacts(2, 0, 0, 1, 1, 1, 1), trust: reading.Hosts, uuid: node);
        string table = Table(explanation, new(["compute1"], [], []));
        Assert.Contains("asked of SevTrustFilter: a host that is neither untrusted nor quarantined", table, StringComparison.Ordinal);
        Assert.Contains("none of 1 host fits: compute1 is quarantined (host.quarantined)", table, StringComparison.Ordinal);
        Assert.Contains("compute1 scheduler     host.quarantined", table, StringComparison.Ordinal);
        Assert.Contains("  $ osev host show compute1", table, StringComparison.Ordinal);
        Assert.Contains("Placement, asked the same, offers compute1.", table, StringComparison.Ordinal);
        // By its name another machine is refused as well, and none is trusted.
        Assert.False(Explain(new InventoryFacts(2, 0, 0, 1, 1, 1, 1), trust: reading.Hosts).Fits);
    }

    [Fact]
    public void A_snapshot_that_does_not_hold_is_said_and_judges_nobody()
    {
        TrustReading reading = FilterView.Of("garbage"u8.ToArray(), Scheduling.Snapshots.Keys(Scheduling.Snapshots.Key), Scheduling.Snapshots.Now);
        Assert.Null(reading.Hosts);
        string table = Table(Explain(new InventoryFacts(2, 0, 0, 1, 1, 1, 1)), new(["compute1"], [], []), reading.Unread);
        Assert.Contains("not looked at: a host that is neither untrusted nor quarantined: judged by SevTrustFilter; the control plane's snapshot does not hold: snapshot.malformed", table, StringComparison.Ordinal);
    }

    private static Explanation Full() => Explain(new InventoryFacts(2, 0, 2, 1, 1, 1, 1));

    private static Explanation Explain(InventoryFacts asids, string node = "compute1", TrustedHosts? trust = null, Guid? uuid = null)
    {
        var flavor = new FlavorSpec("sev.small", "1", new Dictionary<string, string> { ["resources:CUSTOM_SEV_ASID"] = "1" });
        var image = new ImageSpec("debian", null, new Dictionary<string, string>());
        ProviderFacts Provider(string name, Guid? parent, Dictionary<string, InventoryFacts> inventories) =>
            new(parent is null && uuid is { } known ? known : Guid.NewGuid(), name, parent, inventories, new HashSet<string>(), new HashSet<Guid>());
        ProviderFacts root = Provider(node, null, []);
        NodeFacts facts = new(node, [root, Provider(node + ":sev", root.Uuid, new() { ["CUSTOM_SEV_ASID"] = asids })], new(node, true, true, null));
        return Explanation.Of(SchedulingRequest.From(flavor, image, ComputeRelease.Zed), [facts with { Trust = trust?.Of(facts) }]);
    }

    private static string Table(Explanation explanation, Answer answer, string? trustUnread = null)
    {
        using StringWriter output = new(), error = new();
        var explained = new Explained(explanation, new(answer.Refusal, answer.Offers, false), answer.Findings, null, answer.Sharing, trustUnread);
        ExplainTable.Write(new CommandConsole(output, error, terminal: false, colours: false), ExplainDocument.Of(null, explained, null));
        return output.ToString();
    }

    private sealed record Answer(IReadOnlyList<string> Offers, IReadOnlyList<Finding> Findings, IReadOnlyList<string> Sharing)
    {
        public string? Refusal { get; init; }
    }
}
