namespace OpenStackSev.Attestation.Appraisal;

/// <summary>The bulletins that are built in.</summary>
public static class KnownBulletins
{
    public static IReadOnlyList<Bulletin> All { get; } =
    [
        new("AMD-SB-3019", "EntrySign: microcode that AMD did not sign could be loaded", ["CVE-2024-56161"],
            "https://github.com/microsoft/CCF/issues/6812, quoting AMD-SB-3019",
            [
                new(Snp.ProductLine.Milan, MinimumTcb: new(Snp: 0x18)),
                new(Snp.ProductLine.Genoa, MinimumTcb: new(Snp: 0x17)),
            ]),
        new("AMD-SB-3015", "BadRAM: memory modules that lie about their size give two addresses to one cell", ["CVE-2024-21944"],
            "AMD-SB-3015; https://github.com/virtee/sev/pull/265",
            [
                new(Snp.ProductLine.Milan, MinimumFirmware: new(1, 55, 22), PlatformBits: 1 << 5),
                new(Snp.ProductLine.Genoa, MinimumFirmware: new(1, 55, 38), PlatformBits: 1 << 5),
            ]),
    ];
}
