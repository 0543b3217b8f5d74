using OpenStackSev.Attestation.Appraisal;
using static OpenStackSev.Attestation.Results.TrustworthinessClaim;

namespace OpenStackSev.Attestation.Results;

/// <summary>What each finding, and the lack of any, makes of a trustworthiness vector. README.md of this project has the same table.</summary>
public static class TrustworthinessTable
{
    /// <summary>The Evidence is insufficient to make a conclusion.</summary>
    public const sbyte NoClaim = 0;

    /// <summary>The Evidence contains elements that this verifier cannot evaluate.</summary>
    public const sbyte Unknown = 1;

    /// <summary>The standard's first reason to affirm, in each aspect.</summary>
    public const sbyte Affirmed = 2;

    /// <summary>Executables: only approved ones were loaded while booting. What came later, a launch digest does not see.</summary>
    public const sbyte BootedApproved = 3;

    /// <summary>Runtime opaque: shut from other guests, but not from the host, which may debug or migrate the guest as policy allows.</summary>
    public const sbyte VisibleToHost = 32;

    /// <summary>Hardware: genuine, with vulnerabilities that are known.</summary>
    public const sbyte KnownVulnerabilities = 32;

    /// <summary>Recognised, and not to be trusted: the standard's first contraindication of each aspect.</summary>
    public const sbyte Contraindicated = 96;

    /// <summary>Not recognised, though it should be.</summary>
    public const sbyte Unrecognised = 97;

    /// <summary>Cryptographic validation of the Evidence failed.</summary>
    public const sbyte CryptographyFailed = 99;

    /// <summary>Instance identity, a reason of our own: nothing binds the report to a chip.</summary>
    public const sbyte NoChip = -33;

    /// <summary>Instance identity, a reason of our own: nothing binds the report to a key of the guest.</summary>
    public const sbyte NoKey = -34;

    /// <summary>Hardware, a reason of our own: it is simulated, and proves nothing about any hardware.</summary>
    public const sbyte Simulated = -35;

    /// <summary>Hardware, a reason of our own: the policy ignores the dates of certificates.</summary>
    public const sbyte DatesIgnored = -36;

    /// <summary>What a finding says of which aspects, by its code.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<(TrustworthinessClaim Claim, sbyte Value)>> ByCode { get; } = Table(
        (SnpCodes.ReportSize, [(Hardware, Unknown)]),
        (SnpCodes.ReportVersion, [(Hardware, Unknown)]),
        (SnpCodes.ReportReserved, [(Hardware, Unrecognised)]),
        (SnpCodes.ReportValue, [(Hardware, Unrecognised)]),
        (SnpCodes.ProductUnknown, [(Hardware, Unknown)]),
        (SnpCodes.TcbOrder, [(Hardware, Contraindicated)]),

        (SnpCodes.CertificateMalformed, [(Hardware, Unknown)]),
        (SnpCodes.VekMissing, [(Hardware, NoClaim)]),
        (SnpCodes.VekExtension, [(Hardware, Unrecognised)]),
        (SnpCodes.VekRole, [(Hardware, CryptographyFailed)]),
        (SnpCodes.VekSignature, [(Hardware, CryptographyFailed)]),
        (SnpCodes.IssuerMissing, [(Hardware, NoClaim)]),
        (SnpCodes.IssuerRole, [(Hardware, CryptographyFailed)]),
        (SnpCodes.IssuerSignature, [(Hardware, CryptographyFailed)]),
        (SnpCodes.IssuerRevoked, [(Hardware, Contraindicated)]),
        (SnpCodes.RootMissing, [(Hardware, NoClaim)]),
        (SnpCodes.RootUntrusted, [(Hardware, Unrecognised)]),
        (SnpCodes.RootRole, [(Hardware, CryptographyFailed)]),
        (SnpCodes.CertificateExpired, [(Hardware, CryptographyFailed)]),
        (SnpCodes.CertificateNotYetValid, [(Hardware, CryptographyFailed)]),
        (SnpCodes.ProductMismatch, [(Hardware, Unrecognised)]),
        (SnpCodes.CrlMissing, [(Hardware, NoClaim)]),
        (SnpCodes.CrlSignature, [(Hardware, NoClaim)]),
        (SnpCodes.CrlStale, [(Hardware, NoClaim)]),
        (SnpCodes.CrlNotYetValid, [(Hardware, NoClaim)]),

        (SnpCodes.SignatureAbsent, [(InstanceIdentity, CryptographyFailed), (Hardware, CryptographyFailed)]),
        (SnpCodes.SignatureAlgorithm, [(InstanceIdentity, CryptographyFailed), (Hardware, CryptographyFailed)]),
        (SnpCodes.SignaturePadding, [(InstanceIdentity, CryptographyFailed), (Hardware, CryptographyFailed)]),
        (SnpCodes.SignatureRange, [(InstanceIdentity, CryptographyFailed), (Hardware, CryptographyFailed)]),
        (SnpCodes.SignatureMismatch, [(InstanceIdentity, CryptographyFailed), (Hardware, CryptographyFailed)]),
        (SnpCodes.ChipIdMismatch, [(InstanceIdentity, CryptographyFailed)]),
        (SnpCodes.ReportedTcbMismatch, [(Hardware, CryptographyFailed)]),
        (SnpCodes.ReportDataMismatch, [(InstanceIdentity, CryptographyFailed)]),

        (SnpCodes.ChipIdMasked, [(InstanceIdentity, Unrecognised)]),
        (SnpCodes.BindingNone, [(InstanceIdentity, NoChip)]),
        (SnpCodes.ChipDenied, [(InstanceIdentity, Contraindicated)]),
        (SnpCodes.ChipNotAllowed, [(InstanceIdentity, Unrecognised)]),
        (SnpCodes.ProviderNotAllowed, [(InstanceIdentity, Unrecognised)]),
        (SnpCodes.SigningKeyNotAllowed, [(InstanceIdentity, Unrecognised)]),
        (SnpCodes.ProductNotTrusted, [(Hardware, Contraindicated)]),
        (SnpCodes.Vmpl, [(Configuration, Contraindicated)]),
        (SnpCodes.HostRequested, [(InstanceIdentity, Unrecognised)]),
        (SnpCodes.GuestPolicyBit, [(Configuration, Contraindicated)]),
        (SnpCodes.Debug, [(Configuration, Contraindicated), (RuntimeOpaque, Contraindicated)]),
        (SnpCodes.MigrationAgent, [(Configuration, Contraindicated), (RuntimeOpaque, Contraindicated)]),
        (SnpCodes.GuestPolicyRequired, [(Configuration, Contraindicated)]),
        (SnpCodes.GuestPolicyUnknown, [(Configuration, Contraindicated)]),
        (SnpCodes.GuestPolicyAbi, [(Configuration, Contraindicated)]),
        (SnpCodes.TcbBelowMinimum, [(Hardware, Contraindicated)]),
        (SnpCodes.LaunchTcbBelowMinimum, [(Hardware, Contraindicated)]),
        (SnpCodes.ProvisionalFirmware, [(Hardware, Contraindicated)]),
        (SnpCodes.FirmwareBelowMinimum, [(Hardware, Contraindicated)]),
        (SnpCodes.MitigationMissing, [(Hardware, Contraindicated)]),
        (SnpCodes.PlatformRefused, [(Configuration, Contraindicated)]),
        (SnpCodes.PlatformRequired, [(Configuration, Contraindicated)]),
        (SnpCodes.GuestSvn, [(Executables, Contraindicated)]),
        (SnpCodes.Measurement, [(Executables, Contraindicated)]),
        (SnpCodes.HostData, [(Configuration, Contraindicated)]),
        (SnpCodes.IdKey, [(Executables, Contraindicated)]),
        (SnpCodes.AuthorKey, [(Executables, Contraindicated)]),
        (SnpCodes.FamilyId, [(Executables, Contraindicated)]),
        (SnpCodes.ImageId, [(Executables, Contraindicated)]));

    /// <summary>The vector of a result.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="keyBound">A key of the guest is known that REPORT_DATA was compared with.</param>
    public static TrustworthinessVector Of(AttestationResult result, bool keyBound)
    {
        TrustworthinessVector vector = result.Genuine ? Affirming(result, keyBound) : new();
        foreach (Finding finding in result.Findings)
        {
            // A code that this release does not know is as bad as its tier, in the aspect that all else stands on.
            IReadOnlyList<(TrustworthinessClaim Claim, sbyte Value)> says = ByCode.TryGetValue(finding.Code, out var known) ? known : [(Hardware, Worst(finding.Tier))];
            foreach ((TrustworthinessClaim claim, sbyte value) in says)
                vector = vector.With(claim, Worse(vector[claim], value));
        }
        // Of a simulated processor nothing may look affirmed by hardware, whatever else is wrong with it.
        return result.Simulated ? vector.With(Hardware, Worse(vector.Hardware, Simulated)) : vector;
    }

    // What holds when no finding says otherwise; only for a report that is genuine.
    private static TrustworthinessVector Affirming(AttestationResult result, bool keyBound) => new()
    {
        InstanceIdentity = !result.BoundToChip ? NoChip : keyBound ? Affirmed : NoKey,
        Configuration = Affirmed,
        Executables = result.LaunchDigest is { CoversExecutables: true } ? BootedApproved : NoClaim,
        Hardware = result.NotChecked.Contains(Unchecked.Dates) ? DatesIgnored : Affirmed,
        RuntimeOpaque = result.Report is { Policy: { DebugAllowed: false, MigrationAgentAllowed: false } } ? Affirmed : VisibleToHost,
    };

    private static sbyte Worst(Verdict tier) => tier switch
    {
        Verdict.Contraindicated => Contraindicated,
        Verdict.Warning => KnownVulnerabilities,
        Verdict.None => Unknown,
        _ => NoClaim,
    };

    // What could not be judged takes back what was affirmed, and nothing worse: the first of two that are as bad stays.
    private static sbyte Worse(sbyte one, sbyte other) => Severity(other) > Severity(one) ? other : one;

    private static int Severity(sbyte value) => TrustworthinessVector.TierOf(value) switch
    {
        Verdict.Affirming => 0,
        Verdict.None => value == NoClaim ? 1 : 2,
        Verdict.Warning => 3,
        _ => value == CryptographyFailed ? 5 : 4,
    };

    private static Dictionary<string, IReadOnlyList<(TrustworthinessClaim Claim, sbyte Value)>> Table(
        params ReadOnlySpan<(Check Check, (TrustworthinessClaim Claim, sbyte Value)[] Says)> rows)
    {
        Dictionary<string, IReadOnlyList<(TrustworthinessClaim Claim, sbyte Value)>> table = new(StringComparer.Ordinal);
        foreach ((Check check, (TrustworthinessClaim, sbyte)[] says) in rows)
            table.Add(check.Code, says);
        return table;
    }
}
