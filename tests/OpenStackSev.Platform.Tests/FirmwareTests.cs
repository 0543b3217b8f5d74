using System.Text;

namespace OpenStackSev.Platform.Tests;

public class FirmwareTests
{
    private const string Flash = """
        {"features":["amd-sev-snp"],"mapping":{"device":"flash","executable":{"filename":"/usr/share/OVMF/OVMF.amdsev.fd","format":"raw"}}}
        """;

    [Fact]
    public void A_descriptor_for_SEV_SNP_names_its_image_and_features()
    {
        FirmwareDescriptor? firmware = Parse(HostFolder.Snp).Value;

        Assert.Equal(("/d.json", "/usr/share/OVMF/OVMF.amdsev.fd", true), (firmware?.DescriptorPath, firmware?.ImagePath, firmware?.LoadedAsMemory));
        Assert.Equal(["amd-sev-snp", "verbose-dynamic"], firmware?.Features ?? []);
    }

    [Fact]
    public void Flash_cannot_start_an_SNP_guest_and_is_told_apart()
    {
        FirmwareDescriptor? firmware = Parse(Flash).Value;
        Assert.Equal(("/usr/share/OVMF/OVMF.amdsev.fd", false), (firmware?.ImagePath, firmware?.LoadedAsMemory));
    }

    [Theory]
    [InlineData("""{"features":[],"mapping":"odd"}""")]
    [InlineData("""{"features":["amd-sev","amd-sev-es","secure-boot"]}""")]
    public void Firmware_for_something_else_is_passed_over(string json) => Assert.Null(Parse(json).Value);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("""{"features":"amd-sev-snp"}""")]
    [InlineData("""{"features":["amd-sev-snp",1]}""")]
    [InlineData("""{"features":["\ud800"]}""")]
    [InlineData("""{"features":["amd-sev-snp"]}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":[]}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":1,"filename":"/a"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"memory"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"memory","filename":"relative.fd"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"memory","filename":"/"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"memory","filename":"/a\u0000b"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"memory","filename":"/a\udfff"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"flash","filename":"/a"}}""")]
    [InlineData("""{"features":["amd-sev-snp"],"mapping":{"device":"flash","executable":{}}}""")]
    public void A_descriptor_of_another_form_is_malformed(string json) => Assert.Equal(SourceState.Malformed, Parse(json).State);

    [Fact]
    public void A_deeply_nested_descriptor_is_malformed() =>
        Assert.Equal(SourceState.Malformed, Parse(new string('[', 100_000)).State);

    [Fact]
    public void The_administrators_descriptor_replaces_the_distributions_of_the_same_name()
    {
        using HostFolder host = new();
        host.Write("etc/qemu/firmware/60-snp.json", Flash);

        FirmwareDescriptor firmware = Assert.Single(host.Read().SnpFirmware);
        Assert.Equal(host.Path("etc/qemu/firmware/60-snp.json"), firmware.DescriptorPath);
        Assert.False(firmware.LoadedAsMemory);
    }

    [Fact]
    public void A_broken_descriptor_of_the_administrator_does_not_bring_back_the_distributions()
    {
        using HostFolder host = new();
        host.Write("etc/qemu/firmware/60-snp.json", "broken");
        PlatformFacts facts = host.Read();
        Assert.Empty(facts.SnpFirmware);
        Assert.Equal([PlatformCodes.FirmwareMalformed], facts.Findings.Select(f => f.Code));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void An_empty_file_or_a_link_to_the_null_device_masks_the_name(bool link)
    {
        using HostFolder host = new();
        if (link)
            host.Link("etc/qemu/firmware/60-snp.json", "/dev/null");
        else
            host.Write("etc/qemu/firmware/60-snp.json", "");

        PlatformFacts facts = host.Read();
        Assert.Empty(facts.SnpFirmware);
        Assert.Empty(facts.Findings);
    }

    [Fact]
    public void Names_that_are_hidden_or_no_JSON_are_no_descriptors()
    {
        using HostFolder host = new();
        host.Write("usr/share/qemu/firmware/README", "broken");
        host.Write("usr/share/qemu/firmware/.hidden.json", "broken");
        PlatformFacts facts = host.Read();
        Assert.Single(facts.SnpFirmware);
        Assert.Empty(facts.Findings);
    }

    [Fact]
    public void Descriptors_come_sorted_by_file_name()
    {
        using HostFolder host = new();
        host.Write("etc/qemu/firmware/10-snp.json", HostFolder.Snp);
        host.Write("usr/share/qemu/firmware/90-snp.json", HostFolder.Snp);
        Assert.Equal(["10-snp.json", "60-snp.json", "90-snp.json"], host.Read().SnpFirmware.Select(f => Path.GetFileName(f.DescriptorPath)));
    }

    [Fact]
    public void An_image_is_looked_for_below_the_root()
    {
        using HostFolder host = new();
        host.Write(HostFolder.Descriptor, HostFolder.Snp.Replace("/usr/share/OVMF/OVMF.amdsev.fd", "/proc/version", StringComparison.Ordinal));
        Assert.Equal([PlatformCodes.FirmwareImageMissing], host.Codes());
    }

    [Fact]
    public void A_machine_without_QEMU_has_no_firmware_and_no_finding()
    {
        using HostFolder host = new();
        host.Remove("usr");
        PlatformFacts facts = host.Read();
        Assert.Empty(facts.SnpFirmware);
        Assert.Empty(facts.Findings);
        Assert.Equal(PlatformCodes.NoSnpFirmware, Assert.Single(PlatformConsistency.Check(facts)).Code);
    }

    private static Source<FirmwareDescriptor?> Parse(string json) => FirmwareSource.Parse(Encoding.UTF8.GetBytes(json), "/d.json");
}
