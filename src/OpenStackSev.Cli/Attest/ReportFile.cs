using System.Buffers.Binary;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Cli.Attest;

/// <summary>The file that should be a report.</summary>
/// <param name="Hint">Where a report is inside, when the file is something else that is known; else null.</param>
internal sealed record ReportFile(byte[] Content, string? Hint)
{
    // Longer than anything that a report comes in.
    private const int MaximumSize = 1024 * 1024;

    private const int WrappedAt = 0x20, ResponseSize = 4000;

    /// <param name="path"><c>-</c> is standard input.</param>
    /// <exception cref="CommandException">The file is not there, or could not be read.</exception>
    public static ReportFile Read(string path)
    {
        byte[] content = InputFile.Read("--report", path, MaximumSize);
        return new(content, content.Length == AttestationReport.Size ? null : HintFor(content, path == "-" ? "FILE" : path));
    }

    private static string? HintFor(ReadOnlySpan<byte> content, string path)
    {
        string cut = $"tail -c +{WrappedAt + 1} {path} | head -c {AttestationReport.Size}";
        if (content.Length >= WrappedAt + AttestationReport.Size)
        {
            if (content.StartsWith("HCLA"u8))
                return $"this is an Azure HCL report with the report inside, at 0x{WrappedAt:x}: {cut}";
            if (content.Length == ResponseSize && BinaryPrimitives.ReadUInt32LittleEndian(content[4..]) == AttestationReport.Size)
                return $"this is the answer of SNP_GET_REPORT with the report inside, at 0x{WrappedAt:x}: {cut}";
        }
        if (content.Length > AttestationReport.Size && AttestationReport.TryParse(content[..AttestationReport.Size], null, out _, out _))
        {
            return $"the first {AttestationReport.Size} bytes are a report, and what follows may be its certificate table: "
                + $"head -c {AttestationReport.Size} {path} and tail -c +{AttestationReport.Size + 1} {path} part them";
        }
        if (content.Length > 0 && !content.ContainsAnyExceptInRange((byte)'\t', (byte)'~'))
            return $"this is text; a report is {AttestationReport.Size} bytes: decode it, with base64 -d or xxd -r -p";
        return null;
    }
}
