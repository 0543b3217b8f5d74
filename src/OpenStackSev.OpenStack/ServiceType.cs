using System.Runtime.InteropServices;

namespace OpenStackSev.OpenStack;

/// <summary>A kind of service in Keystone's catalogue, and the microversions of it that this library speaks.</summary>
/// <param name="Name">Service type, e.g. <c>compute</c>.</param>
/// <param name="Aliases">Older names that clouds still register.</param>
/// <param name="Minimum">Lowest microversion that the calls here work with; null for a service without microversions.</param>
/// <param name="Maximum">Highest microversion whose bodies are known here.</param>
public sealed record ServiceType(string Name, IReadOnlyList<string> Aliases, Microversion? Minimum, Microversion? Maximum)
{
    public static ServiceType Placement { get; } = new("placement", [], new(1, 37), new(1, 39));
    public static ServiceType Compute { get; } = new("compute", ["nova"], new(2, 53), new(2, 104));
    public static ServiceType Image { get; } = new("image", ["glance"], null, null);

    /// <summary>What a tenant put into a stack comes back in its answers: a small limit of their own.</summary>
    public static ServiceType Orchestration { get; } = new("orchestration", ["heat"], null, null) { MaximumResponseBytes = 1024 * 1024 };

    /// <summary>An answer that is larger is refused; null where only the connection's own limit holds.</summary>
    public long? MaximumResponseBytes { get; init; }

    /// <summary>The control plane of OpenStackSev.</summary>
    public static ServiceType Attestation { get; } = new("attestation", [], null, null);
}

/// <summary>A microversion; newer ones compare greater.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct Microversion(int Major, int Minor) : IComparable<Microversion>
{
    public static bool operator <(Microversion left, Microversion right) => left.CompareTo(right) < 0;
    public static bool operator >(Microversion left, Microversion right) => left.CompareTo(right) > 0;
    public static bool operator <=(Microversion left, Microversion right) => left.CompareTo(right) <= 0;
    public static bool operator >=(Microversion left, Microversion right) => left.CompareTo(right) >= 0;

    public int CompareTo(Microversion other) => (Major, Minor).CompareTo((other.Major, other.Minor));

    public override string ToString() => $"{Major}.{Minor}";

    public static bool TryParse(string? text, out Microversion version)
    {
        version = default;
        string[] parts = text?.Split('.') ?? [];
        if (parts.Length != 2 || !int.TryParse(parts[0], out int major) || !int.TryParse(parts[1], out int minor) || major < 0 || minor < 0)
            return false;
        version = new Microversion(major, minor);
        return true;
    }
}
