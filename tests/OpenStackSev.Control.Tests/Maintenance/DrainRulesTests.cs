using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Maintenance;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Maintenance;

/// <summary>In which order a host's instances are moved, and which find no room.</summary>
public sealed class DrainRulesTests
{
    private static readonly HostState s_host = new()
    {
        Node = Hosts.Given.Node,
        Name = "compute1",
        FirstSeenAt = Hosts.Given.Now,
        LastSeenAt = Hosts.Given.Now,
        FactsChangedAt = Hosts.Given.Now,
        Facts = [],
    };

    private static InstanceState Instance(string name, string status = "ACTIVE", int age = 0, string model = "amd-sev-snp") =>
        Reattestation.Sweep.Given.Known with { Instance = Guid.NewGuid(), Name = name, Status = status, Model = model, FirstSeenAt = Hosts.Given.Now.AddHours(-age) };

    private static DrainTarget Target(string name, int free, string trust = "trusted", string? excluded = null, string model = "amd-sev-snp") =>
        new(Guid.NewGuid(), name, trust, [new DrainRoom(model, free, 0, 0, free)], excluded);

    [Fact]
    public void What_is_shut_off_goes_first_then_the_oldest()
    {
        DrainPlan plan = DrainRules.Plan(s_host, [Instance("young"), Instance("old", age: 9), Instance("off", "SHUTOFF"), Instance("older", age: 10)], [Target("compute2", 9)], []);
        Assert.Equal(["off", "older", "old", "young"], plan.Steps.Select(step => step.Name));
        Assert.Equal([1, 2, 3, 4], plan.Steps.Select(step => step.Number));
        Assert.Equal([$"openstack server migrate --wait {plan.Steps[0].Instance}", $"openstack server migration confirm {plan.Steps[0].Instance}"], plan.Steps[0].Commands);
        Assert.Equal(new DrainModel("amd-sev-snp", 4, 9, 0), Assert.Single(plan.Models));
    }

    [Fact]
    public void What_finds_no_room_is_counted_by_model()
    {
        DrainPlan plan = DrainRules.Plan(s_host, [Instance("a", age: 3), Instance("b", age: 2), Instance("c", age: 1), Instance("es", model: "amd-sev-es")],
            [Target("compute2", 1), Target("compute3", 1, "unknown"), Target("bad", 50, "untrusted", "drain.target.untrusted"), Target("set aside", 50, "quarantined", "drain.target.quarantined")], []);
        Assert.Equal(["a", "b"], plan.Steps.Select(step => step.Name));
        Assert.Equal([("c", "drain.no_headroom"), ("es", "drain.no_headroom")], plan.Blocked.Select(one => (one.Name, one.Code)));
        Assert.Equal([new DrainModel("amd-sev-es", 1, 0, 1), new DrainModel("amd-sev-snp", 3, 2, 1)], plan.Models);
        Assert.Equal(["compute2", "compute3", "bad", "set aside"], plan.Targets.Select(target => target.Name));
    }

    [Theory]
    [InlineData("VERIFY_RESIZE", "openstack server migration confirm")]
    [InlineData("ERROR", "openstack server show")]
    [InlineData("PAUSED", "ACTIVE or SHUTOFF")]
    [InlineData("SUSPENDED", "ACTIVE or SHUTOFF")]
    public void What_Nova_does_not_move_takes_no_room_and_says_why(string status, string why)
    {
        DrainPlan plan = DrainRules.Plan(s_host, [Instance("stuck", status, age: 9), Instance("fine")], [Target("compute2", 1)], ["a note"]);
        Assert.Equal("fine", Assert.Single(plan.Steps).Name);
        DrainBlocked blocked = Assert.Single(plan.Blocked);
        Assert.Equal("drain.status", blocked.Code);
        Assert.Contains(why, blocked.Detail, StringComparison.Ordinal);
        Assert.Equal(0, Assert.Single(plan.Models).Short);
        Assert.Equal(["a note"], plan.Notes);
    }
}
