using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.Platform;

namespace OpenStackSev.Cli;

/// <summary><c>osev facts</c>: what a machine says about its memory encryption, and what is wrong with that.</summary>
internal static class Facts
{
    public static Command Create(CommandConsole console)
    {
        Option<string> root = new("--root")
        {
            Description = "Folder laid out like a machine; / is this one.",
            HelpName = "DIR",
            DefaultValueFactory = _ => "/",
        };
        OsevCommand command = new("facts", "Show what this machine says about AMD SEV: processor, ASID pools, kernel, firmware, findings.",
            "osev facts",
            "osev facts --format json",
            "osev facts --root /tmp/turin")
        {
            root,
        };
        command.SetAction(parsed =>
        {
            string folder = parsed.GetValue(root) ?? "";
            if (string.IsNullOrWhiteSpace(folder))
                throw CommandException.BadUsage("--root is empty", "leave it out for this machine");
            PlatformFacts facts = PlatformProbe.Read(folder);
            if (facts.Findings.FirstOrDefault(f => f.Code == PlatformCodes.RootMissing) is { } missing)
                throw new CommandException($"{missing.Subject}: {missing.Detail}", "osev simulate host makes such a folder");

            AsidPools pools = AsidPools.From(facts);
            IReadOnlyList<PlatformFinding> findings =
                [.. facts.Findings.Concat(PlatformConsistency.Check(facts)).Concat(pools.Findings).Distinct()];
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(FactsDocument.Of(facts, pools, findings), FactsJson.Default.FactsDocument);
            else
                WriteTable(console, facts, pools, findings);
            return ExitCode.Ok;
        });
        return command;
    }

    private static void WriteTable(CommandConsole console, PlatformFacts facts, AsidPools pools, IReadOnlyList<PlatformFinding> findings)
    {
        if (facts.Simulated)
        {
            console.WriteLine($"SIMULATED: {facts.Root} is not a real machine.", "bold yellow");
            console.WriteLine();
        }

        const string Unknown = "unknown";
        ProcessorFacts? processor = facts.Processor;
        KvmAmdParameters? kvm = facts.KvmAmd;
        SnpPlatformStatus? status = facts.SnpPlatformStatus;
        List<string[]> rows =
        [
            ["processor", processor is null ? Unknown : processor.Brand],
            ["product", processor is null ? Unknown : $"{processor.Product?.ToString() ?? Unknown}, "
                + $"{processor.Vendor} family 0x{processor.Family:X2} model 0x{processor.Model:X2} stepping {processor.Stepping}"],
            ["announces", Announces(processor)],
            ["ASIDs", processor?.Encryption is { } leaf
                ? $"highest {leaf.MaximumAsid}, lowest of plain SEV {leaf.MinimumSevAsid}" : Unknown],
            ["kvm_amd", kvm is null ? Unknown : $"sev {OnOff(kvm.Sev)}, sev_es {OnOff(kvm.SevEs)}, sev_snp {OnOff(kvm.SevSnp)}"
                + (kvm.CiphertextHidingAsids is { } hidden ? $", ciphertext_hiding_asids {hidden}" : "")],
            ["misc.capacity", facts.AsidCapacity is { } capacity ? $"sev {capacity.Sev}, sev_es {capacity.SevEs}" : Unknown],
            ["kernel", facts.Kernel?.Release ?? Unknown],
            ["SMT", facts.SmtActive is { } smt ? OnOff(smt) : Unknown],
            ["IOMMU", facts.IommuPresent is { } iommu ? (iommu ? "present" : "none") : Unknown],
            ["SEV firmware", facts.SevPlatformStatus is { } sev
                ? $"API {sev.ApiMajor}.{sev.ApiMinor} build {sev.Build}, {State(sev.State)}, {(sev.Owned ? "owned" : "self-owned")}"
                    + (facts.SevCertificates is null ? "" : ", exports its certificates (-f json)") : "no answer"],
            ["SNP firmware", status is null ? "no answer" : $"API {status.ApiMajor}.{status.ApiMinor} build {status.Build}, "
                + $"CURRENT_TCB {Tcb(status.CurrentTcb)}, REPORTED_TCB {Tcb(status.ReportedTcb)}"],
            ["part", facts.SecurityAttributes is { } part
                ? $"TSME {OnOff(part.Tsme)}, debug lock {OnOff(part.DebugLocked)}, fused {OnOff(part.Fused)}" : Unknown],
            ["chips", facts.ChipIds is { } chips ? $"{chips.Count} (their ids: -f json)" : Unknown],
        ];
        rows.Add(["libvirt", facts.Virtualization is { } libvirt ? Libvirt(libvirt) : Unknown]);
        if (facts.SnpFirmware.Count == 0)
            rows.Add(["guest firmware", "none for SEV-SNP"]);
        rows.AddRange(facts.SnpFirmware.Select(f => new[]
        {
            "guest firmware", f.ImagePath + (f.LoadedAsMemory ? "" : " (not loaded as memory: cannot start SEV-SNP)"),
        }));
        console.WriteTable(["FACT", "VALUE"], rows);

        console.WriteLine();
        console.WriteTable(["POOL", "GUESTS", "IN USE"], Pools(pools).Select(p => new[]
        {
            string.Join(" + ", p.Models), p.Guests.ToString(), p.InUse?.ToString() ?? Unknown,
        }));

        console.WriteLine();
        if (findings.Count == 0)
            console.WriteLine("No findings.", "green");
        else
            console.WriteTable(["FINDING", "SUBJECT", "DETAIL"], findings.Select(f => new[] { f.Code, f.Subject, f.Detail }));
    }

    /// <summary>Pools whose guests do not take each other's ASIDs.</summary>
    internal static IReadOnlyList<PoolDocument> Pools(AsidPools pools) => pools.SevEsAndSnpShare
        ?
        [
            new(["SEV"], pools.Sev, pools.SevInUse),
            new(["SEV-ES", "SEV-SNP"], pools.SevEsAndSnp, pools.SevEsAndSnpInUse),
        ]
        :
        [
            new(["SEV"], pools.Sev, pools.SevInUse),
            new(["SEV-ES"], pools.SevEs, InUse(pools, other: pools.SevSnp)),
            new(["SEV-SNP"], pools.SevSnp, InUse(pools, other: pools.SevEs)),
        ];

    // The kernel counts the two together: of none there is none of each, and of some it does not say which.
    private static uint? InUse(AsidPools pools, uint other) => other == 0 || pools.SevEsAndSnpInUse == 0 ? pools.SevEsAndSnpInUse : null;

    private static string Announces(ProcessorFacts? processor)
    {
        if (processor is null)
            return "unknown";
        if (processor.Encryption is not { } leaf)
            return "no memory encryption";
        string[] all = [.. new[] { (leaf.Sme, "SME"), (leaf.Sev, "SEV"), (leaf.SevEs, "SEV-ES"), (leaf.SevSnp, "SEV-SNP") }
            .Where(feature => feature.Item1).Select(feature => feature.Item2)];
        return all.Length == 0 ? "no memory encryption" : string.Join(", ", all);
    }

    private static string OnOff(bool? value) => value switch { true => "on", false => "off", null => "absent" };

    private static string Libvirt(VirtualizationFacts libvirt) =>
        $"{libvirt.Libvirt ?? "version unknown"}, QEMU {libvirt.Qemu ?? "unknown"}, host name {libvirt.HostName ?? "unknown"}"
        + (libvirt.Capabilities is not { } can ? "" : can.Sev == true
            ? $", SEV guests {can.MaximumGuests?.ToString() ?? "uncounted"}, SEV-ES {can.MaximumSevEsGuests?.ToString() ?? "uncounted"}" : ", no SEV");

    internal static string State(byte state) => state switch { 0 => "uninitialized", 1 => "initialized", 2 => "working", _ => state.ToString() };

    internal static string Tcb(ulong tcb) => $"0x{tcb:x16}";
}

/// <summary>JSON of <c>osev facts</c>. A part whose source could not be used is null, and a finding says why.</summary>
internal sealed record FactsDocument(
    string Root,
    bool Simulated,
    ProcessorDocument? Processor,
    KvmAmdParameters? KvmAmd,
    AsidCounts? AsidCapacity,
    AsidCounts? AsidCurrent,
    KernelFacts? Kernel,
    bool? SmtActive,
    bool? IommuPresent,
    SevStatusDocument? SevPlatformStatus,
    SnpStatusDocument? SnpPlatformStatus,
    SecurityAttributes? SecurityAttributes,
    byte[]? SevCertificates,
    VirtualizationDocument? Virtualization,
    IReadOnlyList<string>? ChipIds,
    IReadOnlyList<FirmwareDescriptor> SnpFirmware,
    IReadOnlyList<PoolDocument> Pools,
    IReadOnlyList<PlatformFinding> Findings)
{
    public static FactsDocument Of(PlatformFacts facts, AsidPools pools, IReadOnlyList<PlatformFinding> findings) => new(
        facts.Root, facts.Simulated,
        facts.Processor is { } p
            ? new(p.Vendor, p.Brand, p.Product?.ToString(), p.Family, p.Model, p.Stepping, p.PackageType,
                p.Encryption is { } e
                    ? new(e.Sme, e.Sev, e.SevEs, e.SevSnp, e.CBitPosition, e.ReducedPhysicalBits, e.MaximumAsid, e.MinimumSevAsid)
                    : null)
            : null,
        facts.KvmAmd, facts.AsidCapacity, facts.AsidCurrent, facts.Kernel, facts.SmtActive, facts.IommuPresent,
        facts.SevPlatformStatus is { } sev
            ? new($"{sev.ApiMajor}.{sev.ApiMinor}", sev.Build, Facts.State(sev.State), sev.Owned, sev.SevEs, sev.GuestCount)
            : null,
        facts.SnpPlatformStatus is { } s
            ? new($"{s.ApiMajor}.{s.ApiMinor}", s.Build, s.RmpInitialized, s.AliasCheckComplete, s.CiphertextHidingCapable,
                s.CiphertextHidingEnabled, s.MaskedChipId, s.MaskedChipKey, s.VlekLoaded, s.TrustedIoEnabled, s.GuestCount, Facts.Tcb(s.CurrentTcb), Facts.Tcb(s.ReportedTcb))
            : null,
        facts.SecurityAttributes, facts.SevCertificates,
        facts.Virtualization is { } v
            ? new(v.HostName, v.Libvirt, v.Qemu, v.Capabilities?.Sev, v.Capabilities?.MaximumGuests, v.Capabilities?.MaximumSevEsGuests, v.Capabilities?.LaunchSecurity ?? [])
            : null,
        facts.ChipIds, facts.SnpFirmware, Facts.Pools(pools), findings);
}

internal sealed record ProcessorDocument(
    string Vendor, string Brand, string? Product, int Family, int Model, int Stepping, int PackageType, EncryptionDocument? Encryption);

internal sealed record EncryptionDocument(
    bool Sme, bool Sev, bool SevEs, bool SevSnp, int CBitPosition, int ReducedPhysicalBits, uint MaximumAsid, uint MinimumSevAsid);

internal sealed record VirtualizationDocument(
    string? HostName, string? Libvirt, string? Qemu, bool? Sev, uint? MaximumGuests, uint? MaximumSevEsGuests, IReadOnlyList<string> LaunchSecurity);

internal sealed record SevStatusDocument(string Api, uint Build, string State, bool Owned, bool SevEs, uint GuestCount);

/// <param name="CurrentTcb">The 8 bytes as one little-endian number, in hexadecimal: a JSON number would lose bits.</param>
/// <param name="ReportedTcb">As <paramref name="CurrentTcb"/>.</param>
internal sealed record SnpStatusDocument(
    string Api, uint Build, bool RmpInitialized, bool AliasCheckComplete, bool CiphertextHidingCapable, bool CiphertextHidingEnabled,
    bool MaskedChipId, bool MaskedChipKey, bool VlekLoaded, bool TrustedIoEnabled, uint GuestCount, string CurrentTcb, string ReportedTcb);

/// <param name="Models">Which guests draw on it: <c>SEV</c>, <c>SEV-ES</c>, <c>SEV-SNP</c>. Each ASID is in one pool.</param>
/// <param name="Guests">How many run at one time.</param>
/// <param name="InUse">How many run now; null when the kernel does not tell.</param>
internal sealed record PoolDocument(IReadOnlyList<string> Models, uint Guests, uint? InUse);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(FactsDocument))]
internal sealed partial class FactsJson : JsonSerializerContext;
