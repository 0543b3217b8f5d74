using System.Globalization;

namespace OpenStackSev.Benchmarks;

/// <summary>Flavors and images as Nova and Glance answer them, most of them good, some with the mistakes that people make.</summary>
internal static class SampleCloud
{
    private static readonly string[] s_extraSpecs =
    [
        """{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-snp","resources:CUSTOM_SEV_SNP_ASID":"1","trait:CUSTOM_SEV_SNP":"required"}""",
        """{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev","hw:cpu_policy":"shared"}""",
        """{"hw:mem_encryption":"false","hw:cpu_policy":"dedicated","hw:mem_page_size":"1GB","quota:disk_read_iops_sec":"2000"}""",
        "{}",
        """{"hw:mem_encryption":"required","hw_rng:allowed":"true"}""",
        """{"resources:CUSTOM_SEV_ASID":"1","trait:CUSTOM_SEV":"required"}""",
        """{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-es","pci_passthrough:alias":"gpu:1"}""",
    ];

    private static readonly string[] s_properties =
    [
        "\"hw_firmware_type\":\"uefi\",\"hw_machine_type\":\"q35\",\"hw_firmware_stateless\":\"true\",\"hw_mem_encryption\":\"true\",\"hw_mem_encryption_model\":\"amd-sev-snp\"",
        "\"hw_firmware_type\":\"uefi\",\"hw_machine_type\":\"q35\",\"hw_mem_encryption\":\"true\"",
        "\"hw_firmware_type\":\"bios\",\"hw_disk_bus\":\"scsi\",\"hw_scsi_model\":\"virtio-scsi\",\"os_distro\":\"debian\",\"os_version\":\"13\"",
        "\"hw_firmware_type\":\"uefi\",\"hw_machine_type\":\"pc\",\"hw_mem_encryption\":\"yes please\",\"hw_qemu_guest_agent\":\"yes\"",
        "\"os_type\":\"windows\",\"hw_disk_bus\":\"ide\",\"hw_vif_model\":\"e1000\"",
    ];

    public static string Flavor(int number) => string.Create(CultureInfo.InvariantCulture, $$"""
        {"id":"{{Id(number)}}","name":"flavor.{{number}}","ram":8192,"disk":40,"swap":0,"OS-FLV-EXT-DATA:ephemeral":0,"OS-FLV-DISABLED:disabled":false,"vcpus":4,"os-flavor-access:is_public":true,"rxtx_factor":1.0,"links":[{"rel":"self","href":"http://192.0.2.1:8774/v2.1/flavors/{{Id(number)}}"}],"description":null,"extra_specs":{{s_extraSpecs[number % s_extraSpecs.Length]}}}
        """);

    public static string Image(int number) => string.Create(CultureInfo.InvariantCulture, $$"""
        {"id":"{{Id(number)}}","name":"image.{{number}}","status":"active","visibility":"public","protected":false,"os_hidden":false,"checksum":"598bf98d5c865461aef3eaa8d95a0fd9","os_hash_algo":"sha512","owner":"f04f91219ac04410ba69d00639b568e6","size":2147483648,"virtual_size":21474836480,"container_format":"bare","disk_format":"qcow2","created_at":"2026-11-22T22:06:08Z","updated_at":"2026-11-22T22:06:08Z","min_ram":0,"min_disk":0,"tags":[],"self":"/v2/images/{{Id(number)}}","file":"/v2/images/{{Id(number)}}/file","schema":"/v2/schemas/image",{{s_properties[number % s_properties.Length]}}}
        """);

    private static string Id(int number) => $"00000000-0000-4000-8000-{number:d12}";
}
