using System.Security.Cryptography;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Results;

/// <summary>A sound answer to a challenge, and what is said of it.</summary>
internal static class Sound
{
    private static readonly byte[] s_reportData = [.. Enumerable.Repeat((byte)7, 64)];
    private static readonly Lazy<AttestationResult> s_simulated = new(() => Answered());

    public static OpenStackSubject Subject { get; } = new(new("11111111-2222-3333-4444-555555555555"), "0123456789abcdef0123456789abcdef",
        new("66666666-7777-8888-9999-aaaaaaaaaaaa"), "cloud", "RegionOne", "c1.sev", new Guid("bbbbbbbb-cccc-dddd-eeee-ffffffffffff"));

    public static ConfirmationKey GuestKey { get; } = Key();
    public static EarSigningKey Issuer { get; } = EarSigningKey.Create();

    public static AttestationResult Simulated => s_simulated.Value;

    /// <summary>As one of hardware would be: no test can make a real one.</summary>
    public static AttestationResult Real => s_simulated.Value with { Simulated = false };

    public static AttestationResult Answered(Func<ReportFields, ReportFields>? change = null, AppraisalPolicy? policy = null)
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        ReportFields fields = chip.Fields with { ReportData = s_reportData };
        return Given.Judged(chip, chip.Report(change?.Invoke(fields) ?? fields), policy, s_reportData);
    }

    public static ConfirmationKey Key()
    {
        using ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return ConfirmationKey.Of(key);
    }
}
