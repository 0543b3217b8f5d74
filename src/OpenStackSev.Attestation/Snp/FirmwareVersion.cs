using System.Globalization;

namespace OpenStackSev.Attestation.Snp;

/// <summary>Version of the SNP firmware, e.g. 1.55.29. The build alone says nothing: 1.56.0 is newer than 1.55.22.</summary>
public readonly record struct FirmwareVersion(byte Major, byte Minor, byte Build) : IComparable<FirmwareVersion>
{
    public int CompareTo(FirmwareVersion other) => (Major, Minor, Build).CompareTo((other.Major, other.Minor, other.Build));

    public static bool operator <(FirmwareVersion left, FirmwareVersion right) => left.CompareTo(right) < 0;
    public static bool operator <=(FirmwareVersion left, FirmwareVersion right) => left.CompareTo(right) <= 0;
    public static bool operator >(FirmwareVersion left, FirmwareVersion right) => left.CompareTo(right) > 0;
    public static bool operator >=(FirmwareVersion left, FirmwareVersion right) => left.CompareTo(right) >= 0;

    /// <summary>Reads <c>1.55.29</c>: three numbers from 0 to 255.</summary>
    public static bool TryParse(string text, out FirmwareVersion version)
    {
        version = default;
        string[] parts = text.Split('.');
        if (parts.Length != 3 || !Part(parts[0], out byte major) || !Part(parts[1], out byte minor) || !Part(parts[2], out byte build))
            return false;
        version = new(major, minor, build);
        return true;
    }

    private static bool Part(string text, out byte value) => byte.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);

    public override string ToString() => $"{Major}.{Minor}.{Build}";
}
