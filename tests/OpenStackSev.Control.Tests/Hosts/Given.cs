using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>Values that the tests start from; each test changes only what it is about.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Node = new("11111111-2222-4333-8444-555555555555");
    public static readonly Guid OtherNode = new("99999999-2222-4333-8444-555555555555");
    public static readonly string ChipA = new('a', 128), ChipB = new('b', 128), ChipC = new('c', 128);

    public static HostReport Report(params string[] chips) => new()
    {
        Name = "compute1",
        AgentVersion = "0.1.0",
        Facts = new HostFacts
        {
            Processor = "AMD EPYC 9755",
            Product = "turin",
            Kernel = "6.18.6-amd64",
            SevSnp = true,
            Iommu = true,
            Firmware = new HostFirmware { Api = "1.58", Build = 58, CurrentTcb = "4800000003010101", ReportedTcb = "4800000003010101", AliasChecked = true },
        },
        Chips = chips,
        Capacity = [new HostCapacity("amd-sev-snp", 99, 0)],
        Findings = [],
        AsidsInUseSev = 0,
        AsidsInUseSevEs = 0,
    };
}
