using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests;

/// <summary>Sound simulated evidence, to make one thing of it wrong.</summary>
internal static class Given
{
    public static DateTimeOffset Now { get; } = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    public static TimeProvider Clock { get; } = new StoppedClock();

    private static readonly Dictionary<SimulatedLine, Lazy<SimulatedAuthority>> s_authorities = Enum.GetValues<SimulatedLine>()
        .ToDictionary(line => line, line => new Lazy<SimulatedAuthority>(() => Authority(line)));

    public static SimulatedAuthority Milan => s_authorities[SimulatedLine.Milan].Value;
    public static SimulatedAuthority Genoa => s_authorities[SimulatedLine.Genoa].Value;
    public static SimulatedAuthority Turin => s_authorities[SimulatedLine.Turin].Value;

    public static SimulatedAuthority Of(SimulatedLine line) => s_authorities[line].Value;

    /// <summary>A chip of the shared authority of its line.</summary>
    public static SimulatedSecurityProcessor Chip(SimulatedLine line = SimulatedLine.Milan) => new(Of(line));

    // 2048 bits: what a longer key changes is only how long the test takes.
    public static SimulatedAuthority Authority(SimulatedLine line, SimulatedAuthorityOptions? options = null) =>
        SimulatedAuthority.Create(line, (options ?? new()) with { KeyBits = 2048, Time = Clock });

    public static AuthorityCertificate Parsed(SimulatedIssuer issuer)
    {
        Assert.True(AuthorityCertificate.TryParse(issuer.Certificate, out AuthorityCertificate? certificate, out Finding? malformed), malformed?.ToString());
        return certificate;
    }

    public static VekCertificate Parsed(SimulatedKey key)
    {
        Assert.True(VekCertificate.TryParse(key.Certificate, out VekCertificate? certificate, out Finding? malformed), malformed?.ToString());
        return certificate;
    }

    public static RevocationList Parsed(byte[] crl, Attestation.Snp.SigningKey? of = null)
    {
        Assert.True(RevocationList.TryParse(crl, of, out RevocationList? list, out Finding? malformed), malformed?.ToString());
        return list;
    }

    /// <summary>Roots and issuers of the authorities, their roots named as simulated ones to trust.</summary>
    public static TrustedIssuers Issuers(IEnumerable<SimulatedAuthority> authorities, params RevocationList[] revocations)
    {
        SimulatedAuthority[] all = [.. authorities];
        return TrustedIssuers.From(all.Select(a => Parsed(a.Ark)), all.SelectMany(a => new[] { Parsed(a.Ask), Parsed(a.Asvk) }), revocations,
            all.Select(a => a.Ark.Fingerprint).ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>Judges a report of <paramref name="chip"/> with its own key, and all else as the arguments say.</summary>
    public static AttestationResult Judged(SimulatedSecurityProcessor chip, byte[] report, AppraisalPolicy? policy = null, byte[]? expected = null,
        DateTimeOffset? now = null, SimulatedKey? key = null, TrustedIssuers? issuers = null, RevocationList[]? revocations = null)
    {
        VekCertificate vek = Parsed(key ?? (report.Length > 0x48 && (report[0x48] >> 2 & 7) == 1 ? chip.Vlek : chip.Vcek));
        EndorsementChain chain = EndorsementChain.Of(vek, issuers ?? Issuers([chip.Authority], revocations ?? []));
        return Verifier.Appraise(report, chain, policy ?? AppraisalPolicy.Default, expected, now ?? Now);
    }

    private sealed class StoppedClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Now;
    }
}
