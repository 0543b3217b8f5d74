using OpenStackSev.Attestation;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>What an administrator writes, and what is said to it.</summary>
public sealed class RulesetFileTests
{
    [Fact]
    public void The_sample_tries_and_does_nothing()
    {
        Ruleset sample = RulesetSample.Default;
        Assert.Equal((EnforcementMode.DryRun, 3), (sample.Mode, sample.Rules.Count));
        Assert.Equal(Measures.Record | Measures.Event, sample.AllowedFor("any"));
        Assert.StartsWith("sha256:", sample.Digest, StringComparison.Ordinal);
        Assert.Equal(new BreakerSettings(), sample.Breaker);
        Assert.Equal(new EnforcementLimits(), sample.Limits);
        Assert.Equal(new QuarantineSettings(), sample.Quarantine);
    }

    [Fact]
    public void All_that_a_file_can_say_is_read()
    {
        Ruleset rules = Given.Parse("""
            mode: enforce
            rules:
              - verdict: warning
                codes: [instance.silent, "snp.tcb.*"]
                after: 90s
                rounds: 3
                measures: [event, shelve]
            projects: {"*": record, p1: shelve}
            exempt:
              projects: [p2]
              instances: [aaaaaaaa-2222-4333-8444-555555555555]
              flavors: [snp.huge]
            limits: {most_a_run: 1, most_an_hour: 2}
            breaker: {share: 0.5, minimum: 7, window: 2h}
            quarantine_request: {instances: 5, projects: 3, quarantine: enforce, disable_service: true, quarantine_untrusted_after: 2h}
            """);
        Assert.Equal((EnforcementMode.Enforce, new EnforcementLimits(1, 2), new QuarantineSettings(5, 3) { Enforces = true, DisablesService = true, UntrustedAfter = TimeSpan.FromHours(2) }), (rules.Mode, rules.Limits, rules.Quarantine));
        Assert.Equal(new BreakerSettings(0.5, 7) { Window = TimeSpan.FromHours(2) }, rules.Breaker);
        EnforcementRule rule = Assert.Single(rules.Rules);
        Assert.Equal((Verdict.Warning, TimeSpan.FromSeconds(90), 3, Measures.Event | Measures.Shelve), (rule.Verdict, rule.After, rule.Rounds, rule.Measures));
        Assert.Equal(["instance.silent", "snp.tcb.*"], rule.Codes);
        Assert.Equal(Measures.Record, rules.AllowedFor("other"));
        Assert.Equal((Measures)63, rules.AllowedFor("p1"));
        Assert.True(rules.Exempts(Given.Bad) && rules.Exempts(Given.Bad with { Instance = Guid.Empty, Project = "p2" }) && rules.Exempts(Given.Bad with { Instance = Guid.Empty, Flavor = "snp.huge" }));
        Assert.False(rules.Exempts(Given.Bad with { Instance = Guid.Empty }));
    }

    [Fact]
    public void All_problems_are_told_at_once_with_their_lines()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => Given.Parse("""
            mode: enfoce
            rules:
              - verdict: affirming
                after: 1h
                measures: [stop]
              - verdict: contraindicated
                measures: [stop]
              - {verdict: contraindicated, after: soon, measures: [delete]}
              - {verdict: none, after: 1h, measures: [stop]}
            breaker: {share: 20}
            exempt: {instances: [vm1]}
            limit: {}
            quarantine_request: {quarantine: always, disable_service: yes, quarantine_untrusted_after: 5s}
            """));
        Assert.Equal(
        [
            "rules.yaml: line 1: mode: unknown 'enfoce'; did you mean 'enforce'?",
            "rules.yaml: line 3: verdict: unknown 'affirming'; known are contraindicated, warning, none",
            "rules.yaml: line 6: a rule needs after or rounds: how long, or how often, it must have been found",
            "rules.yaml: line 8: after: must be a time such as 90s, 15m, 2h or 1d, from 0s to 30d",
            "rules.yaml: line 8: measures: unknown 'delete'; known are record, event, tag, lock, stop, shelve",
            "rules.yaml: line 9: a rule for verdict none needs codes",
            "rules.yaml: line 10: share: must be from 0.01 to 1",
            "rules.yaml: line 11: instances: 'vm1' is no UUID",
            "rules.yaml: line 12: unknown 'limit'; did you mean 'limits'?",
            "rules.yaml: line 13: quarantine: unknown 'always'; known are request, enforce",
            "rules.yaml: line 13: disable_service: unknown 'yes'; known are true, false",
            "rules.yaml: line 13: quarantine_untrusted_after: must be a time such as 90s, 15m, 2h or 1d, from 60s to 30d",
        ], e.Problems);
    }

    [Theory]
    [InlineData("- a"), InlineData("text"), InlineData(""), InlineData("mode: [enforce"), InlineData("rules: stop"), InlineData("rules: [stop]"), InlineData("projects: [p1]")]
    [InlineData("mode: {a: b}"), InlineData("limits: {most_a_run: -1}"), InlineData("limits: {most_a_run: 1e9}"), InlineData("breaker: {window: 99999999999999d}"), InlineData("? [a, b] : c")]
    public void What_is_no_rules_file_is_refused(string text) => Assert.NotEmpty(Assert.Throws<ConfigurationException>(() => Given.Parse(text)).Problems);
}
