namespace OpenStackSev.NodeCertificates;

/// <summary>Why a node's certificate gets no successor.</summary>
public enum RenewalRefusal
{
    None,

    /// <summary>The certificate itself is not believed; the judgement says why.</summary>
    NotBelieved,

    /// <summary>The request is on the key that the certificate has already.</summary>
    SameKey,

    /// <summary>In its first half.</summary>
    TooEarly,

    /// <summary>It has successors enough that were never used.</summary>
    TooMany,

    /// <summary>The CA ends before a successor would.</summary>
    AuthorityEnds,
}

/// <param name="Judged">What the present certificate proves.</param>
/// <param name="Successor">Null where <paramref name="Refusal"/> says why.</param>
public sealed record NodeRenewal(RenewalRefusal Refusal, NodeJudgement Judged, IssuedCertificate? Successor = null);

/// <summary>Which certificates may be renewed by themselves. Pure.</summary>
internal static class RenewalRules
{
    /// <summary>A node that loses its new key each time, or somebody with its old one, fills no folder.</summary>
    public const int MostUnused = 3;

    public static RenewalRefusal Judge(IssuedCertificate present, NodeCertificateRequest request, int unused, DateTimeOffset authorityEnds, DateTimeOffset now) =>
        request.PublicKeyInfo.AsSpan().SequenceEqual(present.PublicKeyInfo) ? RenewalRefusal.SameKey
        : now < present.NotBefore + ((present.NotAfter - present.NotBefore) / 2) ? RenewalRefusal.TooEarly
        : unused >= MostUnused ? RenewalRefusal.TooMany
        : authorityEnds <= present.NotAfter ? RenewalRefusal.AuthorityEnds
        : RenewalRefusal.None;

    /// <summary>As long as the administrator gave the first one, without the minutes that its beginning lies back.</summary>
    public static TimeSpan Lifetime(IssuedCertificate present) => present.NotAfter - present.NotBefore - NodeAuthority.ClockSkew;
}
