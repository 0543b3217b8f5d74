using System.Globalization;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Control;

/// <summary>What a round saw, as the control plane takes it. Pure.</summary>
public sealed record NodeReport(Guid Node, HostReport Body)
{
    private const int LongestText = 200;
    private const int MostFindings = 100;
    private const uint MostGuests = 1_000_000;

    public static string AgentVersion { get; } = typeof(NodeReport).Assembly.GetName().Version?.ToString(3) ?? "0";

    /// <param name="findings">Codes of what is wrong beside the node's capacity.</param>
    public static NodeReport Of(PublishOutcome outcome, params IEnumerable<string> findings) =>
        new(outcome.Desired.RootUuid, BodyOf(outcome.Facts, outcome, findings));

    private static HostReport BodyOf(PlatformFacts facts, PublishOutcome outcome, IEnumerable<string> findings) => new()
    {
        Name = outcome.Desired.RootName,
        AgentVersion = AgentVersion,
        Facts = new HostFacts
        {
            Simulated = facts.Simulated,
            Processor = Text(facts.Processor?.Brand),
            Product = facts.Processor?.Product?.ToString().ToLowerInvariant(),
            Kernel = Text(facts.Kernel?.Release),
            Smt = facts.SmtActive,
            Iommu = facts.IommuPresent,
            Sev = facts.KvmAmd?.Sev,
            SevEs = facts.KvmAmd?.SevEs,
            SevSnp = facts.KvmAmd?.SevSnp,
            Firmware = facts.SnpPlatformStatus is { } status ? Firmware(status) : null,
            SevFirmware = facts.SevPlatformStatus is { } sev ? SevFirmware(sev) : null,
            Tsme = facts.SecurityAttributes?.Tsme,
            DebugLocked = facts.SecurityAttributes?.DebugLocked,
            Fused = facts.SecurityAttributes?.Fused,
            Virtualization = facts.Virtualization is { } virtualization ? Virtualization(virtualization) : null,
            SevCertificates = facts.SevCertificates,
        },
        Chips = facts.ChipIds ?? [],
        Capacity = [.. outcome.Desired.Guards.SelectMany(guard => guard.Value.Inventories.Values
            .Select(inventory => new HostCapacity(guard.Key.NovaName, inventory.Total, Math.Clamp(inventory.Reserved, 0, inventory.Total))))],
        Findings = [.. findings.Concat(outcome.Findings.Select(finding => finding.Code)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).Take(MostFindings)],
        AsidsInUseSev = facts.AsidCurrent?.Sev,
        AsidsInUseSevEs = facts.AsidCurrent?.SevEs,
    };

    private static HostFirmware Firmware(SnpPlatformStatus status) => new()
    {
        Api = $"{status.ApiMajor}.{status.ApiMinor}",
        Build = status.Build,
        CurrentTcb = status.CurrentTcb.ToString("x16"),
        ReportedTcb = status.ReportedTcb.ToString("x16"),
        MaskedChipId = status.MaskedChipId,
        CiphertextHiding = status.CiphertextHidingEnabled,
        AliasChecked = status.AliasCheckComplete,
        RmpInitialized = status.RmpInitialized,
        CiphertextHidingCapable = status.CiphertextHidingCapable,
        MaskedChipKey = status.MaskedChipKey,
    };

    private static HostSevFirmware SevFirmware(SevPlatformStatus status) => new()
    {
        Api = $"{status.ApiMajor}.{status.ApiMinor}",
        Build = status.Build,
        State = status.State switch { 0 => "uninitialized", 1 => "initialized", 2 => "working", byte other => other.ToString(CultureInfo.InvariantCulture) },
        Owned = status.Owned,
        SevEs = status.SevEs,
        Guests = status.GuestCount,
    };

    private static HostVirtualization Virtualization(VirtualizationFacts facts) => new()
    {
        HostName = Text(facts.HostName),
        Libvirt = Text(facts.Libvirt),
        Qemu = Text(facts.Qemu),
        Sev = facts.Capabilities?.Sev,
        MaximumGuests = Guests(facts.Capabilities?.MaximumGuests),
        MaximumSevEsGuests = Guests(facts.Capabilities?.MaximumSevEsGuests),
        LaunchSecurity = facts.Capabilities?.LaunchSecurity ?? [],
    };

    /// <summary>libvirt comes round at 2³² where the BIOS left no ASID to plain SEV: no number of guests.</summary>
    private static int? Guests(uint? counted) => counted <= MostGuests ? (int)counted : null;

    /// <summary>Of a machine that says something odd, what can be said of it.</summary>
    private static string? Text(string? text)
    {
        string kept = string.Concat((text ?? "").Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(LongestText)).Trim();
        return kept.Length > 0 ? kept : null;
    }
}
