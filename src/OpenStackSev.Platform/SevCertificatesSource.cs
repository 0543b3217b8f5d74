namespace OpenStackSev.Platform;

/// <summary>PDH_CERT_EXPORT: the platform's certificates, as they are. Nothing here says whether they are good.</summary>
/// <remarks>Source: AMD 55766 "PDH_CERT_EXPORT" and "Certificate Format": four certificates of 2084 bytes: PDH, PEK, OCA, CEK.</remarks>
internal static class SevCertificatesSource
{
    public const int Size = 4 * 2084;

    private static readonly SourceCodes Codes =
        new(PlatformCodes.SevCertificatesMissing, PlatformCodes.SevCertificatesUnreadable, PlatformCodes.SevCertificatesMalformed);

    /// <param name="status">Of a platform that is not initialized no certificates are asked for: it has none to give to a reader.</param>
    public static byte[]? Read(ISecurityProcessor processor, bool sevIsOn, SevPlatformStatus? status, List<PlatformFinding> findings)
    {
        if (processor.IsDevice && (!sevIsOn || status is null or { IsInitialized: false }))
            return null;
        Source<byte[]> export = processor.Ask(SevCommand.PdhCertExport).Then(Parse);
        if (export.IsFound)
            return export.Value;
        if (export.State != SourceState.Missing || (sevIsOn && status is { IsInitialized: true }))
            findings.Add(Codes.Finding(export, processor.Subject(SevCommand.PdhCertExport)));
        return null;
    }

    internal static Source<byte[]> Parse(byte[] bytes) => bytes.Length == Size
        ? Source<byte[]>.Found(bytes)
        : Source<byte[]>.Malformed($"expected {Size} bytes, found {bytes.Length}");
}
