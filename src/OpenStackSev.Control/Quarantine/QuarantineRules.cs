using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Quarantine;

/// <summary>All that a rule looks at of one host.</summary>
/// <param name="Instances">That speak against it.</param>
/// <param name="Projects">Of those.</param>
/// <param name="ChipAgrees">One of them by a genuine report that a chip of this host signed.</param>
internal sealed record HostCase(
    Guid Node, string? Name, HostTrustState? Trust, int Instances = 0, int Projects = 0, bool ChipAgrees = false, IReadOnlyList<string>? Codes = null)
{
    public AppraisedHost Appraisal { get; } = AppraisedHost.Of(Trust);
}

/// <summary>When a rule sets a host aside, and when it lets it go. Pure.</summary>
/// <remarks>
/// What guests say is no reason in itself, however many they are: tenants could agree to get a host out of the way. The host's own facts must speak
/// against it too, or a report that its own chip signed. A person's quarantine is a person's to end.
/// </remarks>
internal static class QuarantineRules
{
    private const int MostCodes = 8;

    public const string Requested = "quarantine_request", Untrusted = "quarantine_untrusted_after";

    /// <returns>What is to be written; null for nothing.</returns>
    /// <param name="mayBegin">False in a mode that does nothing, while the breaker is open, or once as many hosts as may are set aside.</param>
    public static HistoryRecord? Decide(HostQuarantineState? known, HostCase one, QuarantineSettings settings, bool mayBegin, DateTimeOffset now)
    {
        if (known is { Since: not null })
            return known.ByRule && Ends(known, one, settings) is { } cause ? QuarantineSteps.Release(known, one.Name, QuarantineAuthor.Rule(RuleOf(known)), cause) : null;
        if (!mayBegin || known is { RuleWaits: true } || Begins(one, settings, now) is not var (rule, reason, codes))
            return null;
        return QuarantineSteps.Set(known, one.Node, one.Name, reason, settings.DisablesService, QuarantineAuthor.Rule(rule), codes, now);
    }

    /// <summary>What a person let go is over by now, so that a rule may begin anew.</summary>
    public static bool IsOver(HostCase one) => one is { Instances: 0, Appraisal.Standing: AppraisalStanding.Good };

    private static (string Rule, string Reason, IReadOnlyList<string> Codes)? Begins(HostCase one, QuarantineSettings settings, DateTimeOffset now)
    {
        bool isBad = one.Appraisal.Standing == AppraisalStanding.Bad;
        string[] codes = [.. one.Appraisal.Codes.Concat(one.Codes ?? []).Distinct(StringComparer.Ordinal).Take(MostCodes)];
        if (settings.Enforces && one.Instances >= settings.Instances && one.Projects >= settings.Projects && (isBad || one.ChipAgrees))
        {
            string also = isBad ? "its appraisal" : "its own chip";
            return (Requested, Line($"{one.Instances} instances of {one.Projects} projects and {also} speak against it: {string.Join(", ", codes)}"), codes);
        }

        return settings.UntrustedAfter is { } after && isBad && one.Trust is { Level: TrustLevel.Untrusted } trust && now - trust.Since >= after
            ? (Untrusted, Line($"untrusted since {trust.Since.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}: {string.Join(", ", codes)}"), codes)
            : null;
    }

    /// <returns>Why it ends; null when it does not.</returns>
    private static string? Ends(HostQuarantineState known, HostCase one, QuarantineSettings settings) =>
        !(RuleOf(known) == Untrusted ? settings.UntrustedAfter is not null : settings.Enforces) ? EnforcementReasons.NotWanted
        : IsOver(one) ? EnforcementReasons.Recovered : null;

    private static string RuleOf(HostQuarantineState known) => known.By == QuarantineAuthor.Rule(Untrusted).Name ? Untrusted : Requested;

    private static string Line(string text) => text.Length <= HostQuarantineState.MaximumReasonLength ? text : text[..HostQuarantineState.MaximumReasonLength];
}
