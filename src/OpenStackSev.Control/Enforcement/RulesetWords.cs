using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Enforcement;

/// <summary>The words of the rules file.</summary>
internal static class RulesetWords
{
    public static IReadOnlyDictionary<string, EnforcementMode> Modes { get; } = new Dictionary<string, EnforcementMode>(StringComparer.Ordinal)
    {
        ["off"] = EnforcementMode.Off,
        ["dry-run"] = EnforcementMode.DryRun,
        ["enforce"] = EnforcementMode.Enforce,
    };

    /// <summary>Not affirming: nothing is ever done about what was proven good.</summary>
    public static IReadOnlyDictionary<string, Verdict> Verdicts { get; } = new Dictionary<string, Verdict>(StringComparer.Ordinal)
    {
        ["contraindicated"] = Verdict.Contraindicated,
        ["warning"] = Verdict.Warning,
        ["none"] = Verdict.None,
    };

    public static IReadOnlyDictionary<string, Measures> Measures { get; } = Enum.GetValues<Measures>().Where(one => one != Persistence.CurrentState.Measures.None)
        .ToDictionary(EnforcementSteps.Word, one => one, StringComparer.Ordinal);

    /// <summary>Whether a quarantine is done, or only asked for.</summary>
    public static IReadOnlyDictionary<string, bool> Quarantines { get; } = new Dictionary<string, bool>(StringComparer.Ordinal) { ["request"] = false, ["enforce"] = true };

    public static IReadOnlyDictionary<string, bool> Flags { get; } = new Dictionary<string, bool>(StringComparer.Ordinal) { ["true"] = true, ["false"] = false };

    public static string Word(EnforcementMode mode) => Modes.First(pair => pair.Value == mode).Key;
}
