using System.Globalization;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Attestation.Hosts;

/// <summary>What stands behind what is known of a host, the least first.</summary>
public enum HostEvidenceKind
{
    None,

    /// <summary>Its own word: its kernel's, its firmware's, its security processor's, as its agent tells them.</summary>
    Platform,

    /// <summary>A report that its chip signed for a guest.</summary>
    GuestReport,
}

/// <summary>What an operator asks of hosts beyond what <see cref="AppraisalPolicy"/> asks of the platform below a guest.</summary>
public sealed record HostRules
{
    /// <summary>The least evidence that a host is trusted for. Never <see cref="HostEvidenceKind.None"/>.</summary>
    public HostEvidenceKind EarnedBy { get; init; } = HostEvidenceKind.GuestReport;

    /// <summary>An IOMMU keeps devices from guests' memory.</summary>
    public Stance Iommu { get; init; } = Stance.Required;

    /// <summary>The debug port of the security processor is open. Never <see cref="Stance.Required"/>.</summary>
    public Stance UnlockedDebug { get; init; } = Stance.Refused;

    /// <summary>A processor that is not one for production. Never <see cref="Stance.Required"/>.</summary>
    public Stance UnfusedPart { get; init; } = Stance.Refused;

    /// <summary>The oldest kernel; null for any.</summary>
    public KernelVersion? MinimumKernel { get; init; }
}

/// <summary>The part of a kernel's release that can be compared: distributions write the rest each in its own way.</summary>
public readonly record struct KernelVersion(int Major, int Minor) : IComparable<KernelVersion>
{
    public int CompareTo(KernelVersion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public static bool operator <(KernelVersion left, KernelVersion right) => left.CompareTo(right) < 0;
    public static bool operator <=(KernelVersion left, KernelVersion right) => left.CompareTo(right) <= 0;
    public static bool operator >(KernelVersion left, KernelVersion right) => left.CompareTo(right) > 0;
    public static bool operator >=(KernelVersion left, KernelVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Reads <c>6.11</c>.</summary>
    public static bool TryParse(string text, out KernelVersion version) => TryRead(text, out version, out int length) && length == text.Length;

    /// <summary>Reads the beginning of a release as <c>uname -r</c> prints it, e.g. <c>6.11.0-9-generic</c>.</summary>
    public static bool TryReadRelease(string release, out KernelVersion version) =>
        TryRead(release, out version, out int length) && (length == release.Length || !char.IsAsciiLetterOrDigit(release[length]));

    public override string ToString() => $"{Major}.{Minor}";

    private static bool TryRead(string text, out KernelVersion version, out int length)
    {
        version = default;
        length = 0;
        int point = text.IndexOf('.', StringComparison.Ordinal);
        if (point is < 1 or > 3)
            return false;
        length = point + 1;
        while (length < text.Length && length - point <= 4 && char.IsAsciiDigit(text[length]))
            length++;
        if (!int.TryParse(text.AsSpan(0, point), NumberStyles.None, CultureInfo.InvariantCulture, out int major)
            || !int.TryParse(text.AsSpan(point + 1, length - point - 1), NumberStyles.None, CultureInfo.InvariantCulture, out int minor))
        {
            return false;
        }

        version = new(major, minor);
        return true;
    }
}
