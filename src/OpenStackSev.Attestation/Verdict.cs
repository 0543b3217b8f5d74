namespace OpenStackSev.Attestation;

/// <summary>The tier of a result or of one finding, as AR4SI names them.</summary>
/// <remarks>Source: draft-ietf-rats-ar4si, "Trustworthiness Tiers".</remarks>
public enum Verdict
{
    /// <summary>Could not be judged: evidence or endorsements are missing, unreadable or out of date.</summary>
    None,

    /// <summary>All that was asked for is there.</summary>
    Affirming,

    /// <summary>Nothing contradicts, but less is proven than was asked for.</summary>
    Warning,

    /// <summary>The evidence contradicts what was asked for, or does not authenticate.</summary>
    Contraindicated,
}

/// <summary>Verdicts of several findings taken together.</summary>
public static class Verdicts
{
    /// <summary>
    /// Contraindicated before None before Warning before Affirming: what is known to be bad stays bad when something else could not be judged,
    /// and what could not be judged is never a yes.
    /// </summary>
    public static Verdict Of(IEnumerable<Finding> findings)
    {
        Verdict worst = Verdict.Affirming;
        foreach (Finding finding in findings)
        {
            if (Severity(finding.Tier) > Severity(worst))
                worst = finding.Tier;
        }
        return worst;
    }

    private static int Severity(Verdict verdict) => verdict switch
    {
        Verdict.Affirming => 0,
        Verdict.Warning => 1,
        Verdict.None => 2,
        _ => 3,
    };
}
