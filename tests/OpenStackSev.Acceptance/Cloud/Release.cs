namespace OpenStackSev.Acceptance.Cloud;

/// <summary>An OpenStack release that the suite runs on, and all that differs to the tests.</summary>
/// <param name="ComputeVersion">Highest compute microversion of that Nova.</param>
/// <param name="ContextsOnChildren">MEM_ENCRYPTION_CONTEXT stands on a child a model (since 2025.2), else on the compute node.</param>
public sealed record Release(string Name, string DefaultStateDir, string ComputeVersion, bool ContextsOnChildren)
{
    private static readonly Release[] All =
    [
        new("zed", "/var/lib/osev-stack", "2.93", ContextsOnChildren: false),
        new("2026.2", "/var/lib/osev-stack-2026.2", "2.104", ContextsOnChildren: true),
    ];

    /// <summary>Why a test of what no release of OpenStack changes runs on one only: that whose suite is the shorter.</summary>
    public const string SameOnAll = "no release of OpenStack changes this; shown on zed";

    /// <summary>The release of this run is the one for tests that are the same on all.</summary>
    public static bool IsForAll => OfThisRun.Name == "zed";

    /// <summary>The release of this run: <c>OSEV_RELEASE</c>, else Zed.</summary>
    public static Release OfThisRun { get; } = Named(Environment.GetEnvironmentVariable("OSEV_RELEASE") is { Length: > 0 } name ? name : "zed");

    public string StateDir { get; } = Environment.GetEnvironmentVariable("STATE_DIR") is { Length: > 0 } set ? set : DefaultStateDir;

    /// <summary>Provider that holds Nova's MEM_ENCRYPTION_CONTEXT of a model.</summary>
    /// <param name="model"><c>sev</c>, <c>sev_es</c> or <c>sev_snp</c>.</param>
    public string NovaProvider(string node, string model) => ContextsOnChildren ? $"{node}_amd_{model}" : node;

    /// <summary>For what an older Nova does not have; the reason is shown.</summary>
    public void NeedsSnp() => Assert.SkipUnless(ContextsOnChildren, $"Nova of {Name} knows no SEV-SNP; shown on 2026.2");

    private static Release Named(string name) =>
        All.SingleOrDefault(release => release.Name == name) ?? throw new InvalidOperationException($"OSEV_RELEASE={name}: known are {string.Join(", ", All.Select(release => release.Name))}");
}
