using System.Text.Json;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

/// <summary>The rule of the filter, by the table and the requests that the filter itself is tested with, in Nova's own classes.</summary>
public sealed class FilterRuleTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 26, 3, 0, 0, TimeSpan.Zero);
    private static readonly HostTrustFacts s_trusted = new("trusted", [], new HashSet<string> { "SB_3019", "SB_3015" }, s_now.AddSeconds(-100), s_now.AddSeconds(100));

    private static readonly Dictionary<string, HostTrustFacts?> s_hosts = new()
    {
        ["trusted"] = s_trusted,
        ["expired"] = s_trusted with { ExpiresAt = s_now },
        ["untrusted"] = s_trusted with { Trust = "untrusted" },
        ["quarantined"] = s_trusted with { Trust = "quarantined" },
        ["unknown"] = s_trusted with { Trust = "a word of a later release" },
        ["absent"] = null,
    };

    private static readonly Dictionary<string, SnapshotStanding> s_standings = new()
    {
        ["counts"] = SnapshotStanding.Counts,
        ["stale"] = SnapshotStanding.Stale,
        ["none"] = SnapshotStanding.None,
    };

    private static readonly (string[] Hosts, string[][] Rows) s_table = Table();

    public static TheoryData<string> Kinds => [.. s_table.Rows.Select(row => row[2]).Distinct(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Kinds))]
    public void Every_line_of_the_table_holds_for_every_way_to_ask(string asks)
    {
        (FlavorSpec Flavor, ImageSpec Image)[] requests = [.. Requests().Where(request => request.Asks == asks).Select(request => (request.Flavor, request.Image))];
        Assert.NotEmpty(requests);
        int cells = 0;
        foreach (string[] row in s_table.Rows.Where(row => row[2] == asks))
        {
            for (int i = 0; i < s_table.Hosts.Length; i++, cells++)
            {
                string expected = row[3 + i];
                foreach ((FlavorSpec flavor, ImageSpec image) in requests)
                {
                    string? code = FilterRule.Refusal(TrustRequest.From(flavor, image), row[0] == "none" ? null : s_hosts[s_table.Hosts[i]], s_now,
                        s_standings[row[0]], Enum.Parse<OnStale>(row[1], ignoreCase: true));
                    Assert.True(expected == (code ?? "-"), $"{string.Join(' ', row[..3])} {s_table.Hosts[i]}: {JsonSerializer.Serialize(flavor.ExtraSpecs)}: {code}");
                }
            }
        }

        Assert.Equal(3 * 3 * 6, cells);
    }

    [Fact]
    public void A_proof_of_a_clock_that_is_ahead_does_not_meet_an_age_that_is_none()
    {
        TrustRequest asked = TrustRequest.From(Given.Flavor(("sev:max_proof_age", "soon")), Given.Image());
        Assert.Equal(ExplainCodes.HostProofTooOld, FilterRule.Refusal(asked, s_trusted with { ProvenAt = s_now.AddSeconds(5) }, s_now));
    }

    [Fact]
    public void A_host_that_Placement_offers_and_the_filter_refuses_says_why()
    {
        HostTrustFacts bad = s_trusted with { Trust = "untrusted", Reasons = ["host.tcb.below_minimum", "host.smt.on"] };
        Explanation explanation = Explain(bad, ("sev:trust", "required"));
        NodeExplanation node = Assert.Single(explanation.Nodes);
        Obstacle obstacle = Assert.Single(node.Obstacles);
        Assert.Equal((ExplainCodes.HostUntrusted, ObstacleStage.Scheduler, "flavor sev:trust=required"), (obstacle.Code, obstacle.Stage, obstacle.Origin));
        Assert.Equal("osev host show compute1", obstacle.Command);
        Assert.True(node.FitsPlacement);
        Assert.Equal("none of 1 host fits: compute1 is not trusted: something speaks against it (host.tcb.below_minimum, host.smt.on)", explanation.Summary);
    }

    [Theory]
    [InlineData("quarantined", "sev:trust", "required", ExplainCodes.HostQuarantined)]
    [InlineData("unknown", "sev:trust", "required", ExplainCodes.HostUnknown)]
    [InlineData("absent", "sev:trust", "required", ExplainCodes.HostUnknown)]
    [InlineData("expired", "sev:trust", "required", ExplainCodes.HostProofExpired)]
    [InlineData("trusted", "sev:max_proof_age", "60", ExplainCodes.HostProofTooOld)]
    [InlineData("trusted", "sev:tcb", "SB_3019,SB_9999", ExplainCodes.HostTcb)]
    [InlineData("trusted", "sev:trust", "required", null)]
    [InlineData("quarantined", "hw:cpu_policy", "shared", null)]
    public void Each_reason_is_an_obstacle_of_its_own(string host, string key, string value, string? code)
    {
        NodeExplanation node = Assert.Single(Explain(s_hosts[host], (key, value)).Nodes);
        Assert.Equal(code, node.Obstacles.SingleOrDefault()?.Code);
        Assert.Equal(code is null, node.Fits);
    }

    [Fact]
    public void Where_nobody_looked_nothing_is_said()
    {
        NodeFacts node = Given.Node();
        Assert.True(Explanation.Of(SchedulingRequest.From(Given.Flavor(("sev:trust", "required")), Given.Image(), ComputeRelease.Newest), [node]).Fits);
    }

    private static Explanation Explain(HostTrustFacts? trust, params (string Key, string Value)[] specs) => Explanation.Of(
        SchedulingRequest.From(Given.Flavor(specs), Given.Image(), ComputeRelease.Newest), [Given.Node() with { Trust = new TrustStanding(trust, s_now) }]);

    private static (string[] Hosts, string[][] Rows) Table()
    {
        string[][] lines = [.. File.ReadLines(Path.Join(Repository.Root, "tests/nova-filter/decisions.txt"))
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Where(words => words.Length > 0 && words[0] != "#")];
        return (lines[0][3..], lines[1..]);
    }

    private static IEnumerable<(string Asks, FlavorSpec Flavor, ImageSpec Image)> Requests()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(Path.Join(Repository.Root, "tests/nova-filter/requests.json")));
        foreach (JsonElement request in document.RootElement.EnumerateArray())
        {
            yield return (request.GetProperty("asks").GetString()!, new FlavorSpec("f", null, Texts(request.GetProperty("specs"))),
                new ImageSpec("i", null, Texts(request.GetProperty("properties"))));
        }
    }

    private static Dictionary<string, string> Texts(JsonElement values) =>
        values.EnumerateObject().ToDictionary(value => value.Name, value => value.Value.GetString()!, StringComparer.Ordinal);
}
