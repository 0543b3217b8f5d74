using OpenStackSev.Validation.Auditing;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Auditing;

public sealed class CloudAuditTests
{
    private const string NotUefi = "request.firmware.not_uefi";
    private static readonly FlavorSpec s_plain = Flavor("plain", ("hw:mem_encryption", "false"));
    private static readonly FlavorSpec s_sev = Flavor("sev", ("hw:mem_encryption", "true"));
    private static readonly ImageSpec s_bios = Image("bios");
    private static readonly ImageSpec s_uefi = Image("uefi", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));

    [Fact]
    public void An_encrypted_flavor_that_refuses_images_of_plain_ones_is_no_fault()
    {
        CloudAudit audit = Audit([s_plain, s_sev], [s_bios, s_uefi]);
        Assert.DoesNotContain(audit.Findings, finding => finding.Code == NotUefi);
        Assert.Equal((4, 1), (audit.Pairs, audit.LeftOut));
    }

    [Fact]
    public void A_flavor_that_no_image_fits_is_reported_with_the_images_that_come_closest()
    {
        AuditFinding finding = Finding(Audit([s_plain, s_sev], [s_bios]), NotUefi);
        Assert.Equal(1, finding.Pairs);
        Assert.Equal(("sev", "bios"), (finding.Example.Flavor, finding.Example.Image));
        AuditedThing thing = Assert.Single(finding.Things);
        Assert.Equal(("image", "bios", "image hw_firmware_type"), (thing.Kind, thing.Name, thing.Subject));
        Assert.Equal("openstack image set --property hw_firmware_type=uefi bios-id", thing.Fix);
    }

    [Fact]
    public void An_image_that_no_flavor_fits_is_reported()
    {
        ImageSpec lost = Image("lost", ("hw_mem_encryption", "true"));
        AuditFinding finding = Finding(Audit([s_sev], [s_uefi, lost]), NotUefi);
        Assert.Equal(["lost"], finding.Things.Select(thing => thing.Name));
    }

    [Fact]
    public void What_boots_unencrypted_although_encryption_was_meant_is_never_left_out()
    {
        FlavorSpec modelOnly = Flavor("model", ("hw:mem_encryption_model", "amd-sev"));
        ImageSpec asking = Image("asking", ("hw_mem_encryption", "true"), ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        CloudAudit audit = CloudAudit.Of([s_plain, modelOnly, s_sev], [s_bios, s_uefi, asking], ComputeRelease.Newest, ct: TestContext.Current.CancellationToken);
        Assert.Equal(2, Finding(audit, "request.model.without_encryption").Pairs);
    }

    [Fact]
    public void A_flavor_that_says_no_to_an_image_that_asks_does_what_it_should()
    {
        ImageSpec asking = Image("asking", ("hw_mem_encryption", "true"), ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        CloudAudit audit = Audit([s_plain, s_sev], [s_uefi, asking]);
        Assert.DoesNotContain(audit.Findings, finding => finding.Code == "request.encryption.conflict");
        Assert.Equal(["asking"], Finding(Audit([s_plain], [s_uefi, asking]), "request.encryption.conflict").Things.Select(thing => thing.Name));
    }

    [Fact]
    public void Only_the_images_that_come_closest_to_a_flavor_without_any_are_reported()
    {
        FlavorSpec snp = Flavor("snp", ("hw:mem_encryption", "true"), ("hw:mem_encryption_model", "amd-sev-snp"));
        CloudAudit audit = CloudAudit.Of([s_plain, snp], [s_bios, s_uefi], ComputeRelease.Newest, ct: TestContext.Current.CancellationToken);
        Assert.Equal(["uefi"], Finding(audit, "request.firmware.not_stateless").Things.Select(thing => thing.Name));
        Assert.DoesNotContain(audit.Findings, finding => finding.Code == NotUefi);
    }

    [Fact]
    public void A_flavor_is_not_to_be_changed_for_an_image_that_fits_another()
    {
        FlavorSpec guarded = Flavor("guarded", ("hw:mem_encryption", "true"), ("resources:CUSTOM_SEV_ASID", "1"));
        ImageSpec choosy = Image("choosy", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("trait:CUSTOM_SEV", "required"));
        Assert.DoesNotContain(Audit([s_plain, s_sev, guarded], [s_bios, s_uefi, choosy]).Findings, finding => finding.Code == "request.trait.alone");
        Assert.Contains(Audit([s_plain, s_sev], [s_bios, s_uefi, choosy]).Findings, finding => finding.Code == "request.trait.alone");
    }

    [Fact]
    public void What_is_the_matter_with_hosts_is_neither_a_flavors_nor_an_images()
    {
        ProviderFacts provider = new(Guid.Empty, "compute1", null,
            new Dictionary<string, InventoryFacts>
            {
                ["MEMORY_MB"] = new(1000, 0, 0, 1, 1000, 1, 1.5),
                ["MEM_ENCRYPTION_CONTEXT"] = new(5, 0, 0, 1, 1, 1, 1),
            },
            new HashSet<string>(), new HashSet<Guid>());
        CloudFacts cloud = new(Nodes: [new("compute1", [provider], null)]);
        CloudAudit audit = CloudAudit.Of([s_sev], [s_uefi], ComputeRelease.Zed, cloud, ct: TestContext.Current.CancellationToken);
        AuditedThing thing = Assert.Single(Finding(audit, "request.memory.overcommit").Things);
        Assert.Equal(("hosts", "hosts", null), (thing.Kind, thing.Name, thing.Id));
    }

    [Fact]
    public void Every_finding_is_of_a_kind_that_is_known()
    {
        string[] known = ["flavor", "image", "hosts"];
        CloudAudit audit = CloudAudit.Of([s_plain, s_sev, Flavor("odd", ("hw:mem_encryption", "required"), ("resources:CUSTOM_SEV_ASID", "2"))],
            [s_bios, s_uefi, Image("odd", ("hw_disk_bus", "ide"), ("hw_qemu_guest_agent", "yes"), ("hw_mem_encryption", "yes please"))], ComputeRelease.Newest,
            everything: true, ct: TestContext.Current.CancellationToken);
        Assert.All(audit.Findings.SelectMany(finding => finding.Things), thing => Assert.Contains(thing.Kind, known));
    }

    [Fact]
    public void What_is_called_a_refusal_is_an_error_of_the_catalogue() =>
        Assert.Subset(RequestRules.All.Where(rule => rule.Level == FindingLevel.Error).Select(rule => rule.Code).ToHashSet(), Combinations.Refusals.ToHashSet());

    [Fact]
    public void All_combinations_are_judged_on_demand()
    {
        CloudAudit audit = Audit([s_plain, s_sev], [s_bios, s_uefi], everything: true);
        Assert.Equal(1, Finding(audit, NotUefi).Pairs);
        Assert.Equal(0, audit.LeftOut);
    }

    [Fact]
    public void A_thing_that_is_wrong_in_many_combinations_stands_there_once()
    {
        FlavorSpec[] flavors = [.. Enumerable.Range(0, 5).Select(i => Flavor("sev" + i, ("hw:mem_encryption", "true")))];
        AuditFinding finding = Finding(Audit(flavors, [s_bios]), NotUefi);
        Assert.Equal(5, finding.Pairs);
        Assert.Equal(5, Assert.Single(finding.Things).Pairs);
    }

    [Fact]
    public void The_order_of_the_lists_does_not_matter()
    {
        FlavorSpec[] flavors = [.. Enumerable.Range(0, 7).Select(i => Flavor("sev" + i, ("hw:mem_encryption", i % 2 == 0 ? "true" : "required")))];
        ImageSpec[] images = [.. Enumerable.Range(0, 7).Select(i => Image("image" + i, ("hw_machine_type", i % 3 == 0 ? "q35" : "pc")))];
        Assert.Equal(Text(Audit(flavors, images)), Text(Audit([.. flavors.Reverse()], [.. images.Reverse()])));
        static string Text(CloudAudit audit) => string.Join('\n', audit.Findings.SelectMany(finding =>
            new object[] { finding.Code, finding.Pairs, finding.Example }.Concat(finding.Things)));
    }

    [Fact]
    public void Things_of_one_name_are_told_apart_by_id()
    {
        ImageSpec[] twins = [s_bios with { Id = "a" }, s_bios with { Id = "b" }];
        Assert.Equal(["a", "b"], Finding(Audit([s_sev], twins), NotUefi).Things.Select(thing => thing.Id));
    }

    [Fact]
    public void An_empty_cloud_has_no_findings()
    {
        Assert.Empty(Audit([], [s_uefi]).Findings);
        Assert.Empty(Audit([s_sev], []).Findings);
    }

    [Fact]
    public void Progress_goes_from_nothing_to_one_and_one_can_stop()
    {
        List<double> told = [];
        _ = CloudAudit.Of([s_plain, s_sev], [s_bios], ComputeRelease.Zed, progress: told.Add, ct: TestContext.Current.CancellationToken);
        Assert.Equal([0.25, 0.5, 0.75, 1], told);
        using CancellationTokenSource stop = new();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => CloudAudit.Of([s_plain], [s_bios], ComputeRelease.Zed, ct: stop.Token));
    }

    [Fact]
    public void Every_rule_has_a_bit_of_its_own()
    {
        Assert.InRange(RequestRules.All.Count, 1, 128);
        Assert.All(RequestRules.All, rule => Assert.Equal(1, default(CodeSet).With(rule.Code).Count));
        Assert.Equal(RequestRules.All.Count, RequestRules.All.Aggregate(default(CodeSet), (set, rule) => set.With(rule.Code)).Count);
    }

    private static CloudAudit Audit(FlavorSpec[] flavors, ImageSpec[] images, bool everything = false) =>
        CloudAudit.Of(flavors, images, ComputeRelease.Zed, everything: everything, ct: TestContext.Current.CancellationToken);

    private static AuditFinding Finding(CloudAudit audit, string code) => Assert.Single(audit.Findings, finding => finding.Code == code);

    private static FlavorSpec Flavor(string name, params (string Key, string Value)[] specs) =>
        new(name, name + "-id", specs.ToDictionary(spec => spec.Key, spec => spec.Value), RamMebibytes: 64, Vcpus: 1, DiskGibibytes: 1);

    private static ImageSpec Image(string name, params (string Key, string Value)[] properties) =>
        new(name, name + "-id", properties.ToDictionary(property => property.Key, property => property.Value));
}
