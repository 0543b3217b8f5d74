using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Cli.Attest;

/// <summary>An ATTESTATION_REPORT as JSON: every field, by the specification's names.</summary>
/// <remarks>Numbers of 64 bits are hexadecimal text: JSON's numbers would lose bits of them.</remarks>
internal sealed record ReportDocument(
    uint Version,
    uint GuestSvn,
    GuestPolicyDocument Policy,
    string FamilyId,
    string ImageId,
    uint Vmpl,
    bool HostRequested,
    [property: JsonPropertyName("signature_algo")] uint SignatureAlgorithm,
    TcbDocument CurrentTcb,
    PlatformInfoDocument PlatformInfo,
    KeyInfoDocument KeyInfo,
    string ReportData,
    string Measurement,
    string HostData,
    string IdKeyDigest,
    string AuthorKeyDigest,
    string ReportId,
    [property: JsonPropertyName("report_id_ma")] string MigrationAgentReportId,
    TcbDocument ReportedTcb,
    CpuidDocument? Cpuid,
    string ChipId,
    bool ChipIdMasked,
    TcbDocument CommittedTcb,
    string CurrentVersion,
    string CommittedVersion,
    TcbDocument LaunchTcb,
    [property: JsonPropertyName("launch_mit_vector")] string? LaunchMitigations,
    [property: JsonPropertyName("current_mit_vector")] string? CurrentMitigations,
    string Signature)
{
    public static ReportDocument Of(AttestationReport report) => new(
        report.Version, report.GuestSvn, GuestPolicyDocument.Of(report.Policy), Hex(report.FamilyId), Hex(report.ImageId), report.Vmpl,
        report.HostRequested, report.SignatureAlgorithm, TcbDocument.Of(report.CurrentTcb), PlatformInfoDocument.Of(report.PlatformInfo),
        new(report.AuthorKeyEnabled, report.ChipKeyMasked, NameOf(report.SigningKey)), Hex(report.ReportData), Hex(report.Measurement),
        Hex(report.HostData), Hex(report.IdKeyDigest), Hex(report.AuthorKeyDigest), Hex(report.ReportId), Hex(report.MigrationAgentReportId),
        TcbDocument.Of(report.ReportedTcb),
        report.Processor is { } processor ? new(processor.Family, processor.Model, processor.Stepping, NameOf(report.Product)) : null,
        Hex(report.ChipId), report.ChipIdMasked, TcbDocument.Of(report.CommittedTcb), report.CurrentVersion.ToString(),
        report.CommittedVersion.ToString(), TcbDocument.Of(report.LaunchTcb),
        report.LaunchMitigations is { } launch ? Hex(launch) : null, report.CurrentMitigations is { } current ? Hex(current) : null,
        Convert.ToHexStringLower(report.Signature));

    public static string Hex(ulong value) => $"0x{value:x16}";

    public static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    public static string NameOf(SigningKey key) => key.ToString().ToLowerInvariant();

    public static string? NameOf(SnpProduct? product) => product switch
    {
        null => null,
        SnpProduct.BergamoOrSiena => "bergamo-or-siena",
        { } known => known.ToString().ToLowerInvariant(),
    };
}

/// <summary>POLICY: its number and each bit.</summary>
internal sealed record GuestPolicyDocument(
    string Value, byte AbiMajor, byte AbiMinor, bool SmtAllowed, bool MigrationAgentAllowed, bool DebugAllowed, bool SingleSocketRequired,
    bool CxlAllowed, [property: JsonPropertyName("aes_256_xts_required")] bool Aes256XtsRequired, bool RaplOffRequired,
    bool CiphertextHidingRequired, bool PageSwapOffRequired, string UnknownBits)
{
    public static GuestPolicyDocument Of(GuestPolicy policy) => new(
        ReportDocument.Hex(policy.Value), policy.AbiMajor, policy.AbiMinor, policy.SmtAllowed, policy.MigrationAgentAllowed, policy.DebugAllowed,
        policy.SingleSocketRequired, policy.CxlAllowed, policy.Aes256XtsRequired, policy.RaplOffRequired, policy.CiphertextHidingRequired,
        policy.PageSwapOffRequired, ReportDocument.Hex(policy.UnknownBits));
}

/// <summary>PLATFORM_INFO: its number and each bit.</summary>
internal sealed record PlatformInfoDocument(
    string Value, bool SmtEnabled, bool TsmeEnabled, bool EccEnabled, bool RaplDisabled, bool CiphertextHidingEnabled, bool AliasCheckComplete,
    bool IommuWriteSafe, bool TioEnabled, string UnknownBits)
{
    public static PlatformInfoDocument Of(PlatformInfo platform) => new(
        ReportDocument.Hex(platform.Value), platform.SmtEnabled, platform.TsmeEnabled, platform.EccEnabled, platform.RaplDisabled,
        platform.CiphertextHidingEnabled, platform.AliasCheckComplete, platform.IommuWriteSafe, platform.TioEnabled,
        ReportDocument.Hex(platform.UnknownBits));
}

/// <param name="SigningKey"><c>vcek</c>, <c>vlek</c> or <c>none</c>.</param>
internal sealed record KeyInfoDocument(bool AuthorKeyEnabled, bool ChipKeyMasked, string SigningKey);

/// <param name="Product">As in the result; null when it is none that is known.</param>
internal sealed record CpuidDocument(byte Family, byte Model, byte Stepping, string? Product);

/// <param name="Fmc">Null before Turin.</param>
internal sealed record TcbDocument(byte? Fmc, byte Bootloader, byte Tee, byte Snp, byte Microcode)
{
    public static TcbDocument Of(TcbVersion tcb) => new(tcb.Fmc, tcb.Bootloader, tcb.Tee, tcb.Snp, tcb.Microcode);
}

/// <param name="Tier"><c>none</c>, <c>warning</c> or <c>contraindicated</c>.</param>
internal sealed record FindingDocument(string Code, string Tier, string Subject, string Expected, string Actual)
{
    public static FindingDocument Of(Finding finding) =>
        new(finding.Code, finding.Tier.ToString().ToLowerInvariant(), finding.Subject, finding.Expected, finding.Actual);
}
