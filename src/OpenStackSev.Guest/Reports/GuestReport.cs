namespace OpenStackSev.Guest.Reports;

/// <summary>What the security processor signed, and what the host gave along.</summary>
/// <param name="Report">ATTESTATION_REPORT, 1184 bytes. Not looked into: to judge is the verifier's work.</param>
/// <param name="Certificates">Certificate table; null where the host gives none.</param>
/// <param name="Source">For people: <c>configfs-tsm</c> or the device.</param>
/// <param name="IsSimulated">It proves nothing about any hardware.</param>
internal sealed record GuestReport(byte[] Report, byte[]? Certificates, string Source, bool IsSimulated)
{
    /// <summary>In bytes.</summary>
    public const int Length = 0x4A0;

    /// <summary>In bytes.</summary>
    public const int MaximumCertificates = Api.Attestation.Evidence.MaximumCertificatesBytes;

    /// <summary>A table without an entry is none.</summary>
    public static byte[]? TableOf(ReadOnlySpan<byte> table) => table.ContainsAnyExcept((byte)0) ? table.ToArray() : null;
}

/// <summary>Asks the security processor.</summary>
internal interface IReportSource
{
    /// <summary>False when this kernel has not got it; it may come later, with a module.</summary>
    bool IsThere { get; }

    /// <param name="reportData">64 bytes.</param>
    /// <exception cref="ReportException">No report was to be had.</exception>
    Task<GuestReport> AskAsync(ReadOnlyMemory<byte> reportData, CancellationToken ct);
}

/// <summary>The first source that is there.</summary>
internal sealed class ReportSources(params IReportSource[] sources) : IReportSource
{
    public bool IsThere => sources.Any(source => source.IsThere);

    public Task<GuestReport> AskAsync(ReadOnlyMemory<byte> reportData, CancellationToken ct) =>
        (Array.Find(sources, source => source.IsThere) ?? throw new ReportException(ReportCodes.Unavailable,
            "neither configfs-tsm nor /dev/sev-guest is there: this is no SEV-SNP guest, or the module sev-guest is not loaded")).AskAsync(reportData, ct);
}

/// <summary>The security processor gave no report.</summary>
/// <param name="code">One of <see cref="ReportCodes"/>.</param>
internal sealed class ReportException(string code, string message) : Exception(message)
{
    /// <summary>Branch on this, never on the message.</summary>
    public string Code { get; } = code;
}

/// <summary>Stable: once shipped, never changed. Each has a line in README.md.</summary>
internal static class ReportCodes
{
    public const string Busy = "guest.report.busy";
    public const string Malformed = "guest.report.malformed";
    public const string Raced = "guest.report.raced";
    public const string Refused = "guest.report.refused";
    public const string Unavailable = "guest.report.unavailable";
}
