using System.Text;

namespace OpenStackSev.Control.Enforcement;

/// <summary>etc/enforcement.yaml.sample, which are also the rules that hold where no file is named: they try, and do nothing.</summary>
public static class RulesetSample
{
    public const string Text = """
        # What follows from verdicts: [enforcement] rules_file names this file. It is read again when it changes; a wrong one changes nothing and is told.
        # Nothing is ever done about an instance that was found affirming.

        # off: nothing. dry-run: shows what would be done (osev enforcement list). enforce: does it.
        mode: dry-run

        # A rule is about instances of a verdict (contraindicated, warning, none). With codes, one of their findings must fit one of these globs.
        # after: for so long it must have been found so without a pause (s, m, h, d). rounds: so often.
        # measures, the mildest first: record, event, tag, lock, stop, shelve. All rules that fit count together.
        rules:
          - verdict: contraindicated
            after: 0s
            measures: [record, event, tag]
          - verdict: contraindicated
            after: 15m
            measures: [lock]
          - verdict: contraindicated
            after: 30m
            measures: [stop]
          # - verdict: warning
          #   codes: [instance.silent]
          #   after: 2h
          #   measures: [event]

        # The most severe measure by project id; * is for all others. A project whose tenants did not agree should not have its instances stopped.
        projects:
          "*": event
          # 8f3c1f0f5d5f4c0e9a7d2f6f5b1f0c11: stop

        # About these nothing is done, and what was done is undone.
        exempt:
          projects: []
          instances: []
          flavors: []

        # Instances that are acted on, at most. The others wait for the next look, or the next hour.
        limits:
          most_a_run: 10
          most_an_hour: 60

        # When so many turned bad within the window, nothing more is done until an administrator says: osev enforcement resume.
        # share: of the judged instances (one project counts for a tenth of that at most), or of their hosts. Fewer than minimum never count.
        breaker:
          share: 0.2
          minimum: 3
          window: 1h

        # A host is asked to be quarantined when so many instances of so many projects speak against its firmware, its settings or its chip.
        # quarantine: request only asks an administrator. enforce does it (mode: enforce, breaker closed, and no more hosts than the breaker's share), if the
        # host's own appraisal or a report that its chip signed speaks against it too; and lets it go when nothing does any more. What a person set aside stays.
        # disable_service: whether Nova's compute service is disabled with it. quarantine_untrusted_after: also hosts that were untrusted for so long.
        quarantine_request:
          instances: 2
          projects: 2
          quarantine: request
          disable_service: false
          # quarantine_untrusted_after: 2h

        """;

    internal static Ruleset Default { get; } = RulesetFile.Parse(Encoding.UTF8.GetBytes(Text), "built-in rules");
}
