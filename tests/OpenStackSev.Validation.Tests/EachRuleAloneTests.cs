using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests;

/// <summary>Every rule has a flavor and an image that fail by it alone, and a code without one is listed.</summary>
public sealed class EachRuleAloneTests
{
    private static readonly Dictionary<string, Func<Pair>> s_cases = new(StringComparer.Ordinal)
    {
        ["request.encryption.conflict"] = () => Pair.Sound.Image("hw_mem_encryption", "false"),
        ["request.encryption.flavor_unparsable"] = () => Pair.Plain.Flavor("hw:mem_encryption", "yes please"),
        ["request.encryption.image_unparsable"] = () => Pair.Plain.Image("hw_mem_encryption", "of course"),
        ["request.dialect.word"] = () => Pair.Plain.Flavor("hw:mem_encryption", "required"),
        ["request.dialect.key"] = () => Pair.Plain.Flavor("hw:confidential_compute", "amd-sev-snp"),
        ["request.dialect.misplaced_key"] = () => Pair.Plain.Flavor("hw_mem_encryption", "true"),
        ["request.encryption.image_only"] = () => Pair.OfZed.Flavor("hw:mem_encryption", null),
        ["request.encryption.resize"] = () => Pair.Sound.Image("hw_mem_encryption", null),
        ["request.flavor.open"] = () => Pair.Plain.Flavor("hw:mem_encryption", null),

        ["request.model.without_encryption"] = () => Pair.Plain.Flavor("hw:mem_encryption", null).Model("amd-sev-snp"),
        ["request.model.conflict"] = () => Pair.Sound.Flavor("hw:mem_encryption_model", "amd-sev").Image("hw_mem_encryption_model", "amd-sev-es"),
        ["request.model.unknown"] = () => Pair.Sound.Model("amd-sev-xyz"),
        ["request.model.not_in_release"] = () => Pair.Sound.On(Release("2025.2")),
        ["request.model.unstated"] = () => Pair.Sound.Flavor("hw:mem_encryption_model", null),
        ["request.model.image_only"] = () => Pair.Sound.Flavor("hw:mem_encryption_model", null).Image("hw_mem_encryption_model", "amd-sev-snp"),
        ["request.model.tdx"] = () => Pair.Sound.Model("intel-tdx").Image("hw_video_model", "none"),
        ["request.model.not_launchable"] = () => Pair.Sound.In(Cloud(Pair.Host("cn1", 1, false, "amd-sev"))),

        ["request.firmware.not_uefi"] = () => Pair.Sound.Image("hw_firmware_type", "bios"),
        ["request.firmware.not_stateless"] = () => Pair.Sound.Image("hw_firmware_stateless", "no"),
        ["request.machine.not_q35"] = () => Pair.Sound.Image("hw_machine_type", "pc"),
        ["request.machine.unset"] = () => Pair.Sound.Image("hw_machine_type", null),
        ["request.secure_boot.conflict"] = () => Pair.Plain.Flavor("os:secure_boot", "required").Image("os_secure_boot", "disabled"),
        ["request.secure_boot.not_with_model"] = () => Pair.Sound.Flavor("os:secure_boot", "required"),
        ["request.image.architecture"] = () => Pair.Sound.Image("hw_architecture", "aarch64"),

        ["request.disk.ide"] = () => Pair.Sound.Image("hw_disk_bus", "ide"),
        ["request.disk.not_virtio"] = () => Pair.Sound.Image("hw_disk_bus", "sata"),
        ["request.vif.not_virtio"] = () => Pair.Sound.Image("hw_vif_model", "e1000"),
        ["request.video.not_virtio"] = () => Pair.Sound.Image("hw_video_model", "qxl"),
        ["request.pci.passthrough"] = () => Pair.Sound.Flavor("pci_passthrough:alias", "gpu:1"),
        ["request.vgpu"] = () => Pair.Sound.Flavor("resources:VGPU", "1"),
        ["request.pmem"] = () => Pair.Sound.Flavor("hw:pmem", "6GB"),
        ["request.device_profile"] = () => Pair.Sound.Flavor("accel:device_profile", "fpga"),
        ["request.guest_agent"] = () => Pair.Sound.Image("hw_qemu_guest_agent", "yes"),
        ["request.tpm"] = () => Pair.Sound.Flavor("hw:tpm_version", "2.0"),
        ["request.volume.copies"] = () => Pair.Sound with { Disk = 0 },

        ["request.pages.image_only"] = () => Pair.Plain.Image("hw_mem_page_size", "large"),
        ["request.pages.conflict"] = () => Pair.Plain.Flavor("hw:mem_page_size", "2MB").Image("hw_mem_page_size", "1GB"),
        ["request.pages.invalid"] = () => Pair.Plain.Flavor("hw:mem_page_size", "2M"),
        ["request.pages.not_with_snp"] = () => Pair.Sound.Flavor("hw:mem_page_size", "1GB"),
        ["request.locked_memory.conflict"] = () => Pair.Plain.Flavor("hw:locked_memory", "false").Image("hw_locked_memory", "true"),
        ["request.locked_memory.without_pages"] = () => Pair.Plain.Image("hw_locked_memory", "true"),
        ["request.memory.uncounted"] = () => Pair.Sound.Flavor("resources:MEMORY_MB", "0"),
        ["request.memory.overcommit"] = () => Pair.Sound.In(Cloud(Pair.Host("cn1", 1.5, false, "amd-sev-snp"))),
        ["request.cpu_policy.conflict"] = () => Pair.Plain.Flavor("hw:cpu_policy", "shared").Image("hw_cpu_policy", "dedicated"),
        ["request.cpu_policy.mixed_without_mask"] = () => Pair.Plain.Flavor("hw:cpu_policy", "mixed"),
        ["request.cpu_policy.mask_without_mixed"] = () => Pair.Plain.Flavor("hw:cpu_dedicated_mask", "0"),
        ["request.cpu_thread_policy.conflict"] = () => Pair.Sound.Image("hw_cpu_thread_policy", "require"),
        ["request.cpu_thread_policy.without_dedicated"] = () => Pair.Plain.Flavor("hw:cpu_thread_policy", "isolate"),
        ["request.cpu_policy.shared"] = () => Pair.Sound.Flavor("hw:cpu_thread_policy", null),

        ["request.guard.without_encryption"] = () => Guarded(Pair.Plain),
        ["request.context.without_encryption"] = () => Pair.Plain.Flavor("resources:MEM_ENCRYPTION_CONTEXT", "1"),
        ["request.guard.model_mismatch"] = () => Guarded(Pair.Sound.Model("amd-sev")),
        ["request.trait.alone"] = () => Pair.Sound.Flavor("trait:CUSTOM_SEV_SNP", "required"),
        ["request.trait.other_group"] = () => Pair.Sound.Flavor("resources1:CUSTOM_SEV_SNP_ASID", "1").Flavor("trait:CUSTOM_SEV_SNP", "required"),
        ["request.trait.root_in_group"] = () => Pair.Sound.Flavor("resources1:CUSTOM_SEV_SNP_ASID", "1").Flavor("trait1:CUSTOM_SEV_TRUSTED", "required"),
        ["request.class.amount"] = () => Guarded(Pair.Sound).Flavor("resources:CUSTOM_SEV_SNP_ASID", "2"),
        ["request.trust.value"] = () => Pair.Sound.Flavor("trait:CUSTOM_SEV_TRUSTED", "required").Flavor("sev:max_proof_age", "soon"),
        ["request.trust.forced_host"] = () => Pair.Sound.Flavor("sev:trust", "required"),
        ["request.class.nonexistent"] = () => Pair.Sound.Flavor("resources:CUSTOM_NOWHERE", "1").In(Exists(["CUSTOM_ELSEWHERE"], [])),
        ["request.trait.nonexistent"] = () => Pair.Sound.Flavor("trait:CUSTOM_NOWHERE", "forbidden").In(Exists([], ["CUSTOM_ELSEWHERE"])),
        ["request.class.unprovided"] = () => Pair.Sound.Flavor("resources:CUSTOM_NOWHERE", "1").In(Cloud(Pair.Host("cn1", 1, false, "amd-sev-snp"))),
        ["request.trait.unprovided"] = () => Pair.Sound.Image("trait:CUSTOM_NOWHERE", "required").In(Cloud(Pair.Host("cn1", 1, false, "amd-sev-snp"))),
        ["request.group.unsatisfiable"] = () => Pair.Sound.Flavor("resources1:CUSTOM_FPGA", "1").Flavor("trait1:CUSTOM_FAST", "required").In(Cloud(Torn())),
        ["request.guard.absent"] = () => Pair.Sound.In(Cloud(Pair.Host("cn1", 1, true, "amd-sev-snp"))),

        ["request.extra_spec.unknown"] = () => Pair.Plain.Flavor("hw:memory_encryption", "true"),
        ["request.extra_spec.value"] = () => Pair.Plain.Flavor("hw:pmu", "perhaps"),
        ["request.extra_spec.length"] = () => Pair.Plain.Flavor("mine", new string('x', 256)),
        ["request.image.conflict"] = () => Pair.Plain.Flavor("hw:pmu", "true").Image("hw_pmu", "false"),
        ["request.serial_ports.exceeded"] = () => Pair.Plain.Flavor("hw:serial_port_count", "1").Image("hw_serial_port_count", "2"),
        ["request.image.value"] = () => Pair.Plain.Image("hw_vif_model", "virtio-net"),
    };

    // Cannot be alone: every request for TDX has its hint, and so has every flavor without a disk; the trait of another model is also the guard of
    // another model.
    private static readonly Dictionary<string, (Func<Pair> Case, string With)> s_accompanied = new(StringComparer.Ordinal)
    {
        ["request.volume.image_asks"] = (() => Pair.OfZed with { Disk = 0 }, "request.volume.copies"),
        ["request.video.not_none"] = (() => Pair.Sound.Model("intel-tdx"), "request.model.tdx"),
        ["request.trait.other_pool"] = (() => Guarded(Pair.Sound).Flavor("trait:CUSTOM_SEV_SNP", null).Flavor("trait:CUSTOM_SEV", "required"), "request.guard.model_mismatch"),
    };

    // No command of a user mends these: the message says what to do.
    private static readonly HashSet<string> s_unmendable = ["request.model.not_in_release", "request.model.tdx", "request.model.not_launchable", "request.volume.copies"];

    public static TheoryData<string> Alone => [.. s_cases.Keys];
    public static TheoryData<string> All => [.. s_cases.Keys, .. s_accompanied.Keys];

    [Theory, MemberData(nameof(Alone))]
    public void A_request_fails_by_this_rule_alone(string code)
    {
        Finding finding = Assert.Single(s_cases[code]().Check());
        Assert.Equal(code, finding.Code);
    }

    [Fact]
    public void A_rule_that_cannot_be_alone_comes_with_one_other()
    {
        foreach ((string code, (Func<Pair> given, string with)) in s_accompanied)
            Assert.Equal(new[] { with, code }.Order(), given().Check().Select(finding => finding.Code).Order());
    }

    [Fact]
    public void No_code_is_without_a_request_that_fails_by_it() =>
        Assert.Empty(RequestRules.All.Select(rule => rule.Code).Except(s_cases.Keys).Except(s_accompanied.Keys));

    [Fact]
    public void No_request_is_for_a_code_that_is_not_there() => Assert.Empty(s_cases.Keys.Concat(s_accompanied.Keys).Except(RequestRules.All.Select(rule => rule.Code)));

    [Fact]
    public void Sound_requests_have_no_finding()
    {
        Assert.Empty(Pair.Sound.Check());
        Assert.Empty(Pair.Plain.Check());
        Assert.Empty(Pair.OfZed.Check());
        Assert.Empty(Guarded(Pair.Sound).In(Cloud(Pair.Host("cn1", 1, true, "amd-sev-snp"))).Check());
    }

    [Theory, MemberData(nameof(All))]
    public void A_finding_says_what_why_and_where_in_one_form(string code)
    {
        Finding finding = Case(code).Check().Single(finding => finding.Code == code);
        Assert.Matches(@"^(flavor|image|hosts) \S+$", finding.Subject);
        Assert.False(finding.Message.EndsWith('.'), finding.Message);
        Assert.EndsWith(".", finding.Why, StringComparison.Ordinal);
        Assert.InRange(finding.Why.Length, 60, 500);
        Assert.NotEqual("", finding.Source);
        Assert.Equal(s_unmendable.Contains(code), finding.Fix is null);
    }

    [Theory, MemberData(nameof(All))]
    public void The_command_of_a_finding_mends_it(string code)
    {
        Pair broken = Case(code);
        Finding finding = broken.Check().Single(finding => finding.Code == code);
        if (finding.Fix is not { } fix || fix.StartsWith("openstack resource provider inventory set ", StringComparison.Ordinal))
            return;
        Assert.DoesNotContain(code, Commands.Run(fix, broken).Check().Select(left => left.Code));
    }

    private static Pair Case(string code) => s_cases.TryGetValue(code, out Func<Pair>? alone) ? alone() : s_accompanied[code].Case();

    private static Pair Guarded(Pair pair) => pair.Flavor("resources:CUSTOM_SEV_SNP_ASID", "1").Flavor("trait:CUSTOM_SEV_SNP", "required");

    private static ComputeRelease Release(string name) => ComputeRelease.TryParse(name, out ComputeRelease? release) ? release : throw new ArgumentException("no such release", nameof(name));

    private static CloudFacts Cloud(params NodeFacts[] nodes) => new(Nodes: nodes);

    private static CloudFacts Exists(string[] classes, string[] traits) => new(traits.ToHashSet(StringComparer.Ordinal), classes.ToHashSet(StringComparer.Ordinal));

    // The class on one child, the trait on another.
    private static NodeFacts Torn()
    {
        NodeFacts host = Pair.Host("cn1", 1, false, "amd-sev-snp");
        return host with
        {
            Providers = [.. host.Providers, Pair.Child(host.Root.Uuid, "a", "CUSTOM_FPGA", "CUSTOM_SLOW"), Pair.Child(host.Root.Uuid, "b", "CUSTOM_GPU", "CUSTOM_FAST")],
        };
    }
}
