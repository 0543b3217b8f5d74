using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>When too many turn bad at once.</summary>
public sealed class BreakerTests
{
    private static readonly BreakerSettings s_settings = new();

    [Fact]
    public void Forty_percent_of_a_fleet_open_it()
    {
        TurnedBad[] turned = [.. Spread(4_000, projects: 50, hosts: 100)];
        BreakerFinding? finding = Breaker.Opens(new JudgedFleet(10_000, 50, 100), turned, s_settings);
        Assert.Equal((10_000, 4_000, 50), (finding!.Judged, finding.Bad, finding.Projects));
        Assert.Contains("20 %", finding.Reason, StringComparison.Ordinal);
    }

    /// <summary>Nobody can switch enforcement off for the others by spoiling what is his, on however many hosts.</summary>
    [Theory, InlineData(1_000), InlineData(9_000)]
    public void One_project_alone_never_opens_it_for_the_others(int bad) =>
        Assert.Null(Breaker.Opens(new JudgedFleet(10_000, 50, 100), [.. Spread(bad, projects: 1, hosts: 100)], s_settings));

    [Fact]
    public void The_only_project_of_a_cloud_opens_it()
    {
        var fleet = new JudgedFleet(100, 1, 10);
        Assert.NotNull(Breaker.Opens(fleet, [.. Spread(20, projects: 1, hosts: 1)], s_settings));
        Assert.Null(Breaker.Opens(fleet, [.. Spread(19, projects: 1, hosts: 1)], s_settings));
    }

    [Fact]
    public void Instances_of_two_projects_on_a_fifth_of_the_hosts_open_it()
    {
        var fleet = new JudgedFleet(10_000, 50, 100);
        TurnedBad[] On(int hosts) => [.. Enumerable.Range(0, hosts).SelectMany(host => new[] { One("a", host), One("b", host) })];
        Assert.Null(Breaker.Opens(fleet, On(19), s_settings));
        Assert.Contains("20 of 100 hosts", Breaker.Opens(fleet, On(20), s_settings)!.Reason, StringComparison.Ordinal);
    }

    [Theory, InlineData(2, false), InlineData(3, true)]
    public void In_a_small_cloud_the_minimum_counts(int bad, bool opens) =>
        Assert.Equal(opens, Breaker.Opens(new JudgedFleet(10, 10, 10), [.. Enumerable.Range(0, bad).Select(i => One($"p{i}", i))], s_settings) is not null);

    [Fact]
    public void Nothing_bad_opens_nothing_and_an_empty_cloud_divides_by_nothing()
    {
        Assert.Null(Breaker.Opens(new JudgedFleet(0, 0, 0), [], s_settings));
        Assert.Null(Breaker.Opens(new JudgedFleet(0, 0, 0), [One("p", 1)], s_settings));
        Assert.NotNull(Breaker.Opens(new JudgedFleet(0, 0, 0), [One("p", 1) with { Count = 3 }], s_settings));
    }

    [Fact]
    public void More_bad_ones_never_close_it()
    {
        var random = new Random(8);
        for (int i = 0; i < 2_000; i++)
        {
            var fleet = new JudgedFleet(random.Next(1, 200), random.Next(1, 20), random.Next(1, 20));
            TurnedBad[] turned = [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => One($"p{random.Next(fleet.Projects)}", random.Next(fleet.Hosts)) with { Count = random.Next(1, 5) })];
            // Of the same fleet: what is counted as bad is in it.
            fleet = fleet with { Instances = Math.Max(fleet.Instances, turned.Sum(one => one.Count) + 5) };
            if (Breaker.Opens(fleet, turned, s_settings) is not null)
                Assert.NotNull(Breaker.Opens(fleet, [.. turned, One($"p{random.Next(fleet.Projects)}", random.Next(fleet.Hosts))], s_settings));
        }
    }

    private static TurnedBad One(string project, int host) => new(project, Guid.Empty, $"compute{host}", 1, 0);

    private static IEnumerable<TurnedBad> Spread(int count, int projects, int hosts) => Enumerable.Range(0, count).Select(i => (Project: i % projects, Host: i / projects % hosts))
        .GroupBy(place => place).Select(place => One($"p{place.Key.Project}", place.Key.Host) with { Count = place.Count() });
}
