using System.Globalization;

namespace OpenStackSev.Attestation.Snp;

/// <summary>One field of a report, for people.</summary>
/// <param name="Name">As the specification names it, e.g. <c>REPORTED_TCB</c>.</param>
/// <param name="Offset">Of its first byte.</param>
/// <param name="Length">In bytes.</param>
/// <param name="Value">All of it: another value of the field is another text. Hexadecimal, or a number or version as it is usually written.</param>
/// <param name="Meaning">The value in words; empty where there is nothing to add.</param>
public sealed record ReportField(string Name, int Offset, int Length, string Value, string Meaning);

/// <summary>What a report says, field by field in the order of the bytes, without any judgement.</summary>
/// <remarks>
/// Every byte is in one field or is reserved, and a report whose reserved bytes are not as they must be is not parsed.
/// Source: AMD 56860, "ATTESTATION_REPORT Structure".
/// </remarks>
public static class ReportDescription
{
    /// <summary>Every field that the report has: those of its version.</summary>
    public static IReadOnlyList<ReportField> Describe(this AttestationReport report)
    {
        List<ReportField> fields =
        [
            new("VERSION", 0x000, 4, report.Version.ToString(), OfVersion(report)),
            new("GUEST_SVN", 0x004, 4, report.GuestSvn.ToString(), ""),
            new("POLICY", 0x008, 8, Hex(report.Policy.Value), string.Join("; ", Words(report.Policy))),
            new("FAMILY_ID", 0x010, 16, Hex(report.FamilyId.Span), OfZeros(report.FamilyId.Span)),
            new("IMAGE_ID", 0x020, 16, Hex(report.ImageId.Span), OfZeros(report.ImageId.Span)),
            new("VMPL", 0x030, 4,
                report.HostRequested ? "0xffffffff" : report.Vmpl.ToString(), report.HostRequested ? "the host asked, not the guest" : ""),
            new("SIGNATURE_ALGO", 0x034, 4, report.SignatureAlgorithm.ToString(),
                report.SignatureAlgorithm == 1 ? "ECDSA P-384 with SHA-384" : "unknown"),
            new("CURRENT_TCB", 0x038, 8, Tcb(report, 0x038), report.CurrentTcb.ToString()),
            new("PLATFORM_INFO", 0x040, 8, Hex(report.PlatformInfo.Value), string.Join("; ", Words(report.PlatformInfo))),
            new("KEY_INFO", 0x048, 4, "0x" + KeyInfo(report).ToString("x", CultureInfo.InvariantCulture), OfKeyInfo(report)),
            new("REPORT_DATA", 0x050, 64, Hex(report.ReportData.Span), OfZeros(report.ReportData.Span)),
            new("MEASUREMENT", 0x090, 48, Hex(report.Measurement.Span), "launch digest"),
            new("HOST_DATA", 0x0C0, 32, Hex(report.HostData.Span), OfZeros(report.HostData.Span)),
            new("ID_KEY_DIGEST", 0x0E0, 48, Hex(report.IdKeyDigest.Span), OfZeros(report.IdKeyDigest.Span)),
            new("AUTHOR_KEY_DIGEST", 0x110, 48, Hex(report.AuthorKeyDigest.Span), OfZeros(report.AuthorKeyDigest.Span)),
            new("REPORT_ID", 0x140, 32, Hex(report.ReportId.Span), ""),
            new("REPORT_ID_MA", 0x160, 32, Hex(report.MigrationAgentReportId.Span),
                report.MigrationAgentReportId.Span.ContainsAnyExcept((byte)0xFF) ? "" : "no migration agent"),
            new("REPORTED_TCB", 0x180, 8, Tcb(report, 0x180), report.ReportedTcb.ToString()),
        ];
        if (report.Processor is { } processor)
        {
            fields.Add(new("CPUID_FAM_ID", 0x188, 1, $"0x{processor.Family:x2}", OfProduct(report)));
            fields.Add(new("CPUID_MOD_ID", 0x189, 1, $"0x{processor.Model:x2}", ""));
            fields.Add(new("CPUID_STEP", 0x18A, 1, $"0x{processor.Stepping:x2}", ""));
        }
        fields.Add(new("CHIP_ID", 0x1A0, 64, Hex(report.ChipId.Span), OfChipId(report)));
        fields.Add(new("COMMITTED_TCB", 0x1E0, 8, Tcb(report, 0x1E0), report.CommittedTcb.ToString()));
        fields.Add(new("CURRENT_VERSION", 0x1E8, 3, report.CurrentVersion.ToString(), "firmware that runs"));
        fields.Add(new("COMMITTED_VERSION", 0x1EC, 3, report.CommittedVersion.ToString(), "firmware below which nobody can roll back"));
        fields.Add(new("LAUNCH_TCB", 0x1F0, 8, Tcb(report, 0x1F0), report.LaunchTcb.ToString()));
        if (report.LaunchMitigations is { } launch && report.CurrentMitigations is { } current)
        {
            fields.Add(new("LAUNCH_MIT_VECTOR", 0x1F8, 8, Hex(launch), "mitigations that were on at launch: " + Bits(launch)));
            fields.Add(new("CURRENT_MIT_VECTOR", 0x200, 8, Hex(current), "mitigations that are on: " + Bits(current)));
        }
        fields.Add(new("SIGNATURE r", 0x2A0, 72, Number(report.Signature[..72]), "little-endian in the report"));
        fields.Add(new("SIGNATURE s", 0x2E8, 72, Number(report.Signature[72..144]), "little-endian in the report"));
        ReadOnlySpan<byte> rest = report.Signature[144..];
        fields.Add(new("SIGNATURE padding", 0x330, 368, rest.ContainsAnyExcept((byte)0) ? Hex(rest) : "0", ""));
        return fields;
    }

    /// <summary>What a guest policy says, one phrase a bit that is set.</summary>
    public static IReadOnlyList<string> Words(GuestPolicy policy) =>
    [
        $"ABI {policy.AbiMajor}.{policy.AbiMinor} or later",
        .. policy.SmtAllowed ? (string[])["SMT allowed"] : [],
        .. policy.MigrationAgentAllowed ? (string[])["migration agent allowed"] : [],
        .. policy.DebugAllowed ? (string[])["DEBUG allowed: the host may decrypt the guest"] : [],
        .. policy.SingleSocketRequired ? (string[])["single socket required"] : [],
        .. policy.CxlAllowed ? (string[])["CXL allowed"] : [],
        .. policy.Aes256XtsRequired ? (string[])["AES-256-XTS required"] : [],
        .. policy.RaplOffRequired ? (string[])["RAPL off required"] : [],
        .. policy.CiphertextHidingRequired ? (string[])["ciphertext hiding required"] : [],
        .. policy.PageSwapOffRequired ? (string[])["page swap off required"] : [],
        .. policy.UnknownBits != 0 ? (string[])["unknown: " + Bits(policy.UnknownBits)] : [],
    ];

    /// <summary>What the platform says of itself, one phrase a bit that is set.</summary>
    public static IReadOnlyList<string> Words(PlatformInfo platform) => platform.Value == 0 ? ["nothing is on"] :
    [
        .. platform.SmtEnabled ? (string[])["SMT on"] : [],
        .. platform.TsmeEnabled ? (string[])["TSME on"] : [],
        .. platform.EccEnabled ? (string[])["ECC on"] : [],
        .. platform.RaplDisabled ? (string[])["RAPL off"] : [],
        .. platform.CiphertextHidingEnabled ? (string[])["ciphertext hiding on"] : [],
        .. platform.AliasCheckComplete ? (string[])["alias check complete"] : [],
        .. platform.IommuWriteSafe ? (string[])["IOMMU write safe"] : [],
        .. platform.TioEnabled ? (string[])["TIO on"] : [],
        .. platform.UnknownBits != 0 ? (string[])["unknown: " + Bits(platform.UnknownBits)] : [],
    ];

    private static string OfVersion(AttestationReport report) => report.Version switch
    {
        2 => "without CPUID bytes",
        3 or 4 => "with CPUID bytes",
        _ => "with CPUID bytes and mitigation vectors",
    };

    private static string OfProduct(AttestationReport report) => report.Product switch
    {
        null => "unknown product",
        SnpProduct.BergamoOrSiena => "Bergamo or Siena, of the line Genoa",
        { } product => product.ToString(),
    };

    private static string OfKeyInfo(AttestationReport report) =>
        report.SigningKey switch { SigningKey.Vcek => "signed with the VCEK", SigningKey.Vlek => "signed with a VLEK", _ => "not signed" }
        + (report.AuthorKeyEnabled ? "; author key on" : "") + (report.ChipKeyMasked ? "; chip key masked" : "");

    private static string OfChipId(AttestationReport report) => report.ChipIdMasked ? "masked: the host does not say which chip"
        : report.Layout == TcbLayout.Turin ? "the first 8 bytes name the chip" : "";

    private static string OfZeros(ReadOnlySpan<byte> bytes) => bytes.ContainsAnyExcept((byte)0) ? "" : "zero";

    private static string Bits(ulong value)
    {
        List<string> numbers = [];
        for (int bit = 0; bit < 64; bit++)
        {
            if ((value >> bit & 1) != 0)
                numbers.Add(bit.ToString());
        }
        return numbers.Count switch { 0 => "none", 1 => "bit " + numbers[0], _ => "bits " + string.Join(", ", numbers) };
    }

    private static uint KeyInfo(AttestationReport report) =>
        (report.AuthorKeyEnabled ? 1u : 0) | (report.ChipKeyMasked ? 2u : 0) | (uint)report.SigningKey << 2;

    // The bytes as they are: a number would need to know the processor's generation to be read.
    private static string Tcb(AttestationReport report, int offset) => Hex(report.Bytes.Slice(offset, TcbVersion.Size));

    private static string Hex(ulong value) => $"0x{value:x16}";

    private static string Hex(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(bytes);

    private static string Number(ReadOnlySpan<byte> littleEndian)
    {
        byte[] bigEndian = littleEndian.ToArray();
        Array.Reverse(bigEndian);
        return "0x" + Hex(bigEndian).TrimStart('0').PadLeft(1, '0');
    }
}
