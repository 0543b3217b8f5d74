using OpenStackSev.Configuration;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Tests.Identity;

/// <summary>oslo.policy's language, as far as it is spoken here; the rest is an error and never silently "no".</summary>
public sealed class PolicyTests
{
    private static readonly PolicyTarget s_ofP1 = new("p1", "u1");

    [Theory]
    [InlineData("@", true)]
    [InlineData("", true)]
    [InlineData("!", false)]
    [InlineData("role:reader", true)]
    [InlineData("role:READER", true)]
    [InlineData("role:admin", false)]
    [InlineData("not role:admin", true)]
    [InlineData("not not role:admin", false)]
    [InlineData("role:admin or role:reader", true)]
    [InlineData("role:admin and role:reader", false)]
    [InlineData("role:reader or role:reader and role:admin", true)]
    [InlineData("(role:reader or role:reader) and role:admin", false)]
    [InlineData("not role:admin and role:reader", true)]
    [InlineData("project_id:%(project_id)s", true)]
    [InlineData("project_id:p1", true)]
    [InlineData("project_id:p2", false)]
    [InlineData("user_id:%(user_id)s", false)]
    [InlineData("user_domain_id:%(project_id)s", false)]
    [InlineData("(((role:reader)))", true)]
    [InlineData("role:reader AND role:reader", true)]
    public void A_rule_says_what_oslo_policy_says(string rule, bool expected)
    {
        Caller reader = new() { Name = "carol", UserId = "u2", ProjectId = "p1", Roles = new HashSet<string> { "reader" } };
        Assert.Equal(expected, PolicyLanguage.Parse(rule).Allows(reader, s_ofP1, new Dictionary<string, PolicyCheck>()));
    }

    [Fact]
    public void What_is_absent_equals_nothing()
    {
        Caller unscoped = new() { Name = "frank", UserId = "u3" };
        Assert.False(PolicyLanguage.Parse("project_id:%(project_id)s").Allows(unscoped, PolicyTarget.Cloud, new Dictionary<string, PolicyCheck>()));
    }

    [Theory]
    [InlineData("role", "'role' is no check; write role:NAME, rule:NAME or project_id:%(project_id)s")]
    [InlineData("role:", "'role:' is no check; write role:NAME, rule:NAME or project_id:%(project_id)s")]
    [InlineData("role:a and", "it ends where a check is expected")]
    [InlineData("(role:a", "a parenthesis is not closed")]
    [InlineData("role:a)", "')' is not expected there")]
    [InlineData("role:a role:b", "'role:b' is not expected there")]
    [InlineData("projekt_id:p1", "'projekt_id' is nothing that a caller has; did you mean 'project_id'?")]
    [InlineData("project_id:%(projekt_id)s", "'projekt_id' is nothing that a target has; did you mean 'project_id'?")]
    public void What_is_not_understood_is_an_error(string rule, string problem) =>
        Assert.Equal(problem, Assert.Throws<FormatException>(() => PolicyLanguage.Parse(rule)).Message);

    [Fact]
    public void A_rule_nested_without_end_is_refused() =>
        Assert.Throws<FormatException>(() => PolicyLanguage.Parse(new string('(', 2000) + "@" + new string(')', 2000)));

    [Theory]
    [InlineData("openstack-sev:validations:crate", "@", "unknown rule 'openstack-sev:validations:crate'; did you mean 'openstack-sev:validations:create'?")]
    [InlineData("openstack-sev:validations:create", "rule:readr", "rule 'readr' is referred to and not there; did you mean 'reader'?")]
    [InlineData("reader", "rule:member or rule:reader", "rule 'reader' refers to itself")]
    public void A_policy_file_that_means_nothing_stops_the_start(string name, string rule, string problem) =>
        Assert.Contains("policy.yaml: " + problem, Assert.Throws<ConfigurationException>(
            () => Policy.Of(Policies.All, new Dictionary<string, string> { [name] = rule }, "policy.yaml")).Problems);

    [Fact]
    public void A_rule_of_ones_own_may_be_referred_to()
    {
        Policy policy = Policy.Of(Policies.All, new Dictionary<string, string>
        {
            ["auditors"] = "role:auditor",
            ["openstack-sev:audits:create"] = "rule:admin or rule:auditors",
        }, "policy.yaml");
        Caller auditor = new() { Name = "ann", Roles = new HashSet<string> { "auditor" } };
        Assert.True(policy.Allows(auditor, "openstack-sev:audits:create", PolicyTarget.Cloud));
        Assert.False(policy.Allows(auditor, "openstack-sev:validations:create", PolicyTarget.Cloud));
    }

    [Theory]
    [InlineData("admin", "openstack-sev:audits:create", true)]
    [InlineData("service", "openstack-sev:audits:create", true)]
    [InlineData("manager", "openstack-sev:audits:create", false)]
    [InlineData("reader", "openstack-sev:validations:create", true)]
    [InlineData("member", "openstack-sev:validations:create", true)]
    [InlineData("manager", "openstack-sev:validations:create", true)]
    [InlineData("heat_stack_user", "openstack-sev:validations:create", false)]
    public void Each_role_includes_the_weaker_ones(string role, string operation, bool expected)
    {
        Policy policy = Policy.Of(Policies.All, new Dictionary<string, string>(), "built-in");
        Caller caller = new() { Name = "x", ProjectId = "p1", Roles = new HashSet<string> { role } };
        Assert.Equal(expected, policy.Allows(caller, operation, PolicyTarget.Cloud));
    }

    [Fact]
    public void A_node_has_no_role_and_no_project() =>
        Assert.All(Policies.All.Where(rule => rule.Name.Contains(":validations", StringComparison.Ordinal)), rule =>
            Assert.False(Policy.Of(Policies.All, new Dictionary<string, string>(), "built-in").Allows(Caller.OfNode(Guid.Empty, "1", default), rule.Name, PolicyTarget.Cloud)));
}
