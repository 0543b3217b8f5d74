using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Whether rules act.</summary>
public enum EnforcementMode
{
    Off,

    /// <summary>Shows what would be done.</summary>
    DryRun,
    Enforce,
}

/// <summary>What follows from a verdict. Read from a file, checked whole, then never changed.</summary>
public sealed record Ruleset
{
    /// <summary>Names every project that has no line of its own.</summary>
    public const string EveryProject = "*";

    public EnforcementMode Mode { get; init; } = EnforcementMode.DryRun;
    public IReadOnlyList<EnforcementRule> Rules { get; init; } = [];

    /// <summary>The most severe measure by project id.</summary>
    public IReadOnlyDictionary<string, Measures> Projects { get; init; } = new Dictionary<string, Measures>();

    public IReadOnlySet<string> ExemptProjects { get; init; } = new HashSet<string>();
    public IReadOnlySet<Guid> ExemptInstances { get; init; } = new HashSet<Guid>();

    /// <summary>By name.</summary>
    public IReadOnlySet<string> ExemptFlavors { get; init; } = new HashSet<string>();

    public EnforcementLimits Limits { get; init; } = new();
    public BreakerSettings Breaker { get; init; } = new();
    public QuarantineSettings Quarantine { get; init; } = new();

    /// <summary><c>sha256:</c> and 64 hex digits of the file.</summary>
    public string Digest { get; init; } = "";

    /// <summary>Verdicts that a rule is about.</summary>
    public IReadOnlyList<Verdict> Verdicts => [.. Rules.Select(rule => rule.Verdict).Distinct()];

    /// <summary>All that a project's instances may suffer.</summary>
    public Measures AllowedFor(string project)
    {
        Measures most = Projects.TryGetValue(project, out Measures own) ? own : Projects.GetValueOrDefault(EveryProject, Measures.Event);
        // All bits up to the most severe one.
        return (Measures)(((int)most << 1) - 1);
    }

    public bool Exempts(InstanceState instance) => ExemptInstances.Contains(instance.Instance) || ExemptProjects.Contains(instance.Project)
        || (instance.Flavor is { } flavor && ExemptFlavors.Contains(flavor));
}

/// <summary>What is done about instances of a verdict after some time.</summary>
/// <param name="Codes">Globs; one of them must fit one of the findings. Empty: whatever the findings are.</param>
/// <param name="After">Time for which it must have been bad without a pause.</param>
/// <param name="Rounds">Judgements that must have found it bad; null asks for none.</param>
public sealed record EnforcementRule(Verdict Verdict, IReadOnlyList<string> Codes, TimeSpan After, int? Rounds, Measures Measures);

/// <summary>How many instances may be acted on.</summary>
public sealed record EnforcementLimits(int MostARun = 10, int MostAnHour = 60);

/// <summary>When too many turned bad at once.</summary>
/// <param name="Share">Of the judged instances, or of their hosts. 0 to 1.</param>
/// <param name="Minimum">Fewer never open it.</param>
public sealed record BreakerSettings(double Share = 0.2, int Minimum = 3)
{
    public TimeSpan Window { get; init; } = TimeSpan.FromHours(1);
}

/// <summary>When a host is asked to be quarantined: so many instances of so many projects speak against it. And when a rule does it.</summary>
public sealed record QuarantineSettings(int Instances = 2, int Projects = 2)
{
    /// <summary>It is not only asked for: it is done, where the host's own facts or a report that its chip signed speak against it too.</summary>
    public bool Enforces { get; init; }

    /// <summary>A rule's quarantine disables the compute service in Nova as well.</summary>
    public bool DisablesService { get; init; }

    /// <summary>A host whose appraisal is contraindicated for so long is quarantined; null for never.</summary>
    public TimeSpan? UntrustedAfter { get; init; }
}
