using System.Globalization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Control.Maintenance;

/// <summary>A host's own word about its firmware, typed. Pure.</summary>
/// <param name="Line">Null for a processor without SEV-SNP, or one that is not known.</param>
/// <param name="Current">CURRENT_TCB.</param>
/// <param name="Reported">REPORTED_TCB.</param>
internal sealed record HostFirmwareFacts(ProductLine? Line, TcbVersion? Current, TcbVersion? Reported, FirmwareVersion? Version, bool? Snp, bool? AliasChecked)
{
    public static HostFirmwareFacts Of(HostFacts facts)
    {
        ProductLine? line = facts.Product?.ToLowerInvariant() switch
        {
            "milan" => ProductLine.Milan,
            "genoa" or "bergamo" or "siena" => ProductLine.Genoa,
            "turin" => ProductLine.Turin,
            "venice" => ProductLine.Venice,
            _ => null,
        };
        HostFirmware? firmware = facts.Firmware;
        FirmwareVersion? version = firmware is not null && FirmwareVersion.TryParse($"{firmware.Api}.{firmware.Build.ToString(CultureInfo.InvariantCulture)}", out FirmwareVersion parsed) ? parsed : null;
        return new(line, Tcb(firmware?.CurrentTcb, line), Tcb(firmware?.ReportedTcb, line), version, facts.SevSnp, firmware?.AliasChecked);
    }

    /// <param name="text">One number in hexadecimal, its most significant digits first.</param>
    public static TcbVersion? Tcb(string? text, ProductLine? line)
    {
        if (line is not { } known || !ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number))
            return null;
        Span<byte> wire = stackalloc byte[TcbVersion.Size];
        System.Buffers.Binary.BinaryPrimitives.WriteUInt64LittleEndian(wire, number);
        return TcbVersion.Read(wire, known.Layout(), out _);
    }

    /// <summary>As the appraisal of hosts takes it.</summary>
    public HostEvidence Evidence() => new(new PlatformClaims { Line = Line, CurrentTcb = Current, ReportedTcb = Reported, Firmware = Version, AliasChecked = AliasChecked }, null);
}
