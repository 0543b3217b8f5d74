using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Control.Hosts;

/// <summary>What a report may hold. Pure; the first field that is out of its bounds is told.</summary>
internal static class HostReportBounds
{
    public const int MaximumBytes = 32 * 1024;

    private const int LongestName = 255;
    private const int LongestText = 200;
    private const int LongestVersion = 64;
    private const int MostChips = 16;
    private const int MostFindings = 100;
    private const int MostAsids = 1_000_000;
    private const int ChipDigits = 128;
    private const int TcbDigits = 16;
    private const int MostWords = 16;

    /// <summary>PDH, PEK, OCA and CEK.</summary>
    private const int SevCertificateBytes = 4 * 2084;

    /// <returns>Null for a report that can be kept.</returns>
    public static string? Problem(HostReport report) => Problems(report).FirstOrDefault();

    private static IEnumerable<string> Problems(HostReport report)
    {
        if (!IsText(report.Name, LongestName))
            yield return $"name: must be 1 to {LongestName} printable characters";
        if (!IsText(report.AgentVersion, LongestVersion))
            yield return $"agent_version: must be 1 to {LongestVersion} printable characters";
        foreach ((string field, string? text) in new[]
        {
            ("processor", report.Facts.Processor), ("product", report.Facts.Product), ("kernel", report.Facts.Kernel), ("firmware.api", report.Facts.Firmware?.Api),
            ("sev_firmware.api", report.Facts.SevFirmware?.Api), ("sev_firmware.state", report.Facts.SevFirmware?.State),
            ("virtualization.host_name", report.Facts.Virtualization?.HostName), ("virtualization.libvirt", report.Facts.Virtualization?.Libvirt),
            ("virtualization.qemu", report.Facts.Virtualization?.Qemu),
        })
        {
            if (text is not null && !IsText(text, LongestText))
                yield return $"facts.{field}: must be 1 to {LongestText} printable characters";
        }

        if (report.Facts.Firmware is { } firmware && !(IsHex(firmware.CurrentTcb, TcbDigits) && IsHex(firmware.ReportedTcb, TcbDigits)))
            yield return $"facts.firmware: current_tcb and reported_tcb must be {TcbDigits} lower-case hex digits";
        if (report.Facts.SevCertificates is { } certificates && certificates.Length != SevCertificateBytes)
            yield return $"facts.sev_certificates: must be {SevCertificateBytes} bytes";
        if (report.Facts.Virtualization is { } virtualization && !IsBounded(virtualization))
            yield return $"facts.virtualization: guests must be 0 to {MostAsids}, launch_security at most {MostWords} words of 1 to {LongestText} printable characters";
        if (report.Chips.Count > MostChips || !report.Chips.All(IsChip) || report.Chips.Distinct(StringComparer.Ordinal).Count() != report.Chips.Count)
            yield return $"chips: must be at most {MostChips} different ids of {ChipDigits} lower-case hex digits, none of them zero";
        if (report.Findings.Count > MostFindings || !report.Findings.All(code => IsText(code, LongestText)))
            yield return $"findings: must be at most {MostFindings} codes of 1 to {LongestText} printable characters";
        foreach (string problem in Problems(report.Capacity))
            yield return problem;
    }

    private static IEnumerable<string> Problems(IReadOnlyList<HostCapacity> capacity)
    {
        if (capacity.Any(one => one is null || !EncryptionModels.TryParse(one.Model ?? "", out _)))
            yield return $"capacity: model must be one of {string.Join(", ", EncryptionModels.All.Select(model => model.NovaName))}";
        else if (capacity.DistinctBy(one => one.Model, StringComparer.Ordinal).Count() != capacity.Count)
            yield return "capacity: must name each model once";
        else if (capacity.Any(one => one.Total is < 0 or > MostAsids || one.Reserved < 0 || one.Reserved > one.Total))
            yield return $"capacity: total must be 0 to {MostAsids}, and reserved 0 to total";
    }

    private static bool IsBounded(HostVirtualization virtualization) =>
        virtualization is { MaximumGuests: null or (>= 0 and <= MostAsids), MaximumSevEsGuests: null or (>= 0 and <= MostAsids), LaunchSecurity.Count: <= MostWords }
        && virtualization.LaunchSecurity.All(word => IsText(word, LongestText));

    public static bool IsChip(string? id) => IsHex(id, ChipDigits) && id.AsSpan().ContainsAnyExcept('0');

    private static bool IsHex(string? text, int digits) => text?.Length == digits && text.All(char.IsAsciiHexDigitLower);

    private static bool IsText(string? text, int longest) =>
        text is { Length: > 0 } && text.Length <= longest && !text.Any(c => char.IsControl(c) || char.IsSurrogate(c));
}
