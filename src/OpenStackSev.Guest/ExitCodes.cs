using OpenStackSev.Guest.Handover;

namespace OpenStackSev.Guest;

/// <summary>Exit codes. Those of <c>run --once</c> and <c>status</c> are the verdict: a script trusts this instance at 0, and never otherwise.</summary>
internal static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;

    /// <summary>After sysexits.h: EX_USAGE, EX_UNAVAILABLE, EX_TEMPFAIL, EX_NOPERM.</summary>
    public const int Usage = 64, NotRunning = 69, TryLater = 75, Forbidden = 77;

    public const int Affirming = 0, Warning = 1, Contraindicated = 2, NotJudged = 3;

    public static int OfVerdict(string verdict) => verdict switch
    {
        "affirming" => Affirming,
        "warning" => Warning,
        "contraindicated" => Contraindicated,
        _ => NotJudged,
    };

    public static int Of(WorkloadException e) => e.IsForbidden ? Forbidden : NotRunning;
}
