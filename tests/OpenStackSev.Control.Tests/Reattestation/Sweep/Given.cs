using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>Values that the tests start from; each test changes only what it is about.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Instance = new("aaaaaaaa-2222-4333-8444-555555555555");
    public static readonly Guid Node = new("11111111-2222-4333-8444-555555555555");
    public static readonly Guid OtherNode = new("99999999-2222-4333-8444-555555555555");
    public static readonly Guid Image = new("33333333-3333-4333-8333-333333333333");

    public static SweepOptions Options { get; } = new();

    public static ListedServer Listed { get; } = new(Instance, "vm", "p1", "ACTIVE", "compute1", Node, "snp.small", Image, "amd-sev-snp", CreatedAt: Now);

    /// <summary>Runs, was judged half an hour ago, and is due in half an hour.</summary>
    public static InstanceState Known { get; } = new()
    {
        Instance = Instance,
        Project = "p1",
        Name = "vm",
        Model = "amd-sev-snp",
        Status = "ACTIVE",
        Node = Node,
        HostName = "compute1",
        Flavor = "snp.small",
        Image = Image,
        FirstSeenAt = Now.AddDays(-1),
        SeenAt = Now.AddDays(-1),
        Verdict = OpenStackSev.Attestation.Verdict.Affirming,
        JudgedAt = Now.AddMinutes(-30),
        NextRoundAt = Now.AddMinutes(30),
        Version = 7,
    };

    /// <summary>The same, whose round was opened so long ago.</summary>
    public static InstanceState Open(TimeSpan ago) => Known with { RoundOpenedAt = Now - ago, NextRoundAt = Now - ago };

    /// <summary>Everything is known, everything may be done, and the service has listened for a day.</summary>
    public static SweepMoment Moment { get; } = new(Now, Options, Now.AddDays(-1), KnowsStatus: true, MayNudge: true);
}
