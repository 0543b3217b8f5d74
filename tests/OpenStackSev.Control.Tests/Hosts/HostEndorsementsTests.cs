using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Tests.Reattestation.Policies;
using OpenStackSev.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Hosts;

public sealed class HostEndorsementsTests
{
    private static readonly SimulatedTcb s_tcb = SimulatedLine.Turin.UsualTcb;
    private static readonly string s_chip = Convert.ToHexStringLower(PolicyLab.ChipId).PadRight(128, '0');

    [Fact]
    public async Task A_host_brings_the_key_of_its_chip_with_its_issuers_and_again_changes_nothing()
    {
        await using PolicyLab lab = await ReportingAsync();
        byte[] vcek = Vcek(PolicyLab.Turin, PolicyLab.ChipId, s_tcb);
        HostEndorsement[] first = await BringAsync(lab, vcek, PolicyLab.Turin.Ask.Certificate, PolicyLab.Turin.Ark.Certificate);
        Assert.Equal(["added", "added", "added"], first.Select(one => one.Outcome));
        Assert.Equal(["SEV-VCEK", "SEV-Turin", "ARK-Turin"], first.Select(one => one.Name));
        Assert.Equal(["present", "present", "present"],
            (await BringAsync(lab, vcek, PolicyLab.Turin.Ask.Certificate, PolicyLab.Turin.Ark.Certificate)).Select(one => one.Outcome));
        Assert.Equal(vcek, lab.Folder.Read(EndorsementFile.Vcek(
            ProductLine.Turin, PolicyLab.ChipId, new TcbVersion(s_tcb.Fmc, s_tcb.Bootloader, s_tcb.Tee, s_tcb.Snp, s_tcb.Microcode))));
    }

    [Fact]
    public async Task A_key_of_another_chip_is_refused()
    {
        await using PolicyLab lab = await ReportingAsync();
        lab.Endorse();
        HostEndorsement refused = Assert.Single(await BringAsync(lab, Vcek(PolicyLab.Turin, [9, 9, 9, 9, 9, 9, 9, 9], s_tcb)));
        Assert.Equal(("refused", HostEndorsementCodes.ChipNotApproved.Code), (refused.Outcome, refused.Code));
    }

    [Fact]
    public async Task A_key_of_a_chip_that_waits_for_approval_is_refused()
    {
        await using PolicyLab lab = await ReportingAsync();
        lab.Endorse();
        byte[] second = [2, 2, 2, 2, 2, 2, 2, 2];
        await ReportAsync(lab, s_chip, Convert.ToHexStringLower(second).PadRight(128, '0'));
        Assert.Equal(HostEndorsementCodes.ChipNotApproved.Code, Assert.Single(await BringAsync(lab, Vcek(PolicyLab.Turin, second, s_tcb))).Code);
    }

    [Fact]
    public async Task A_key_of_a_TCB_that_the_host_does_not_report_is_refused()
    {
        await using PolicyLab lab = await ReportingAsync();
        lab.Endorse();
        HostEndorsement refused = Assert.Single(await BringAsync(lab, Vcek(PolicyLab.Turin, PolicyLab.ChipId, s_tcb with { Snp = 200 })));
        Assert.Equal(HostEndorsementCodes.TcbNotReported.Code, refused.Code);
        Assert.Contains("snp 200", refused.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_VLEK_needs_an_approved_chip_and_the_reported_TCB()
    {
        await using PolicyLab lab = await ReportingAsync();
        using SimulatedKey good = PolicyLab.Turin.IssueVlek("cloud", s_tcb), newer = PolicyLab.Turin.IssueVlek("cloud", s_tcb with { Snp = 200 });
        HostEndorsement[] outcomes = await BringAsync(lab, good.Certificate, newer.Certificate, PolicyLab.Turin.Asvk.Certificate, PolicyLab.Turin.Ark.Certificate);
        Assert.Equal(["added", "refused", "added", "added"], outcomes.Select(one => one.Outcome));
    }

    [Fact]
    public async Task Nothing_that_leads_to_another_root_is_kept()
    {
        await using PolicyLab lab = await ReportingAsync();
        HostEndorsement[] outcomes = await BringAsync(lab, Vcek(PolicyLab.Other, PolicyLab.ChipId, s_tcb), PolicyLab.Other.Ask.Certificate, PolicyLab.Other.Ark.Certificate);
        Assert.All(outcomes, one => Assert.Equal("refused", one.Outcome));
        Assert.Contains(outcomes, one => one.Code == "snp.root.untrusted");
        Assert.Empty(lab.Folder.List(out _));
    }

    [Fact]
    public async Task A_key_of_a_foreign_issuer_with_the_right_names_is_refused()
    {
        await using PolicyLab lab = await ReportingAsync();
        lab.Endorse();
        HostEndorsement refused = Assert.Single(await BringAsync(lab, Vcek(PolicyLab.Other, PolicyLab.ChipId, s_tcb)));
        Assert.Equal("snp.vek.signature", refused.Code);
    }

    [Fact]
    public async Task Garbage_a_revocation_list_and_PEM_are_refused_beside_what_is_good()
    {
        await using PolicyLab lab = await ReportingAsync();
        lab.Endorse();
        HostEndorsement[] outcomes = await BringAsync(lab, [1, 2, 3], PolicyLab.Turin.IssueCrl(),
            System.Text.Encoding.ASCII.GetBytes(PolicyLab.Turin.Ask.CertificatePem), Vcek(PolicyLab.Turin, PolicyLab.ChipId, s_tcb));
        Assert.Equal(["refused", "refused", "refused", "added"], outcomes.Select(one => one.Outcome));
        Assert.All(outcomes[..3], one => Assert.NotNull(one.Code));
    }

    private static async Task<PolicyLab> ReportingAsync()
    {
        PolicyLab lab = await PolicyLab.StartAsync();
        await ReportAsync(lab, s_chip);
        return lab;
    }

    private static Task<HostReportAnswer> ReportAsync(PolicyLab lab, params string[] chips)
    {
        string reported = Convert.ToHexStringLower([.. s_tcb.Encode(SimulatedLine.Turin).Reverse()]);
        HostReport report = Given.Report(chips);
        report = report with { Facts = report.Facts with { Firmware = report.Facts.Firmware! with { CurrentTcb = reported, ReportedTcb = reported } } };
        return lab.SendAsync(HttpMethod.Put, $"/v1/hosts/{Given.Node}", JsonSerializer.Serialize(report, AttestationJson.Default.HostReport),
            AttestationJson.Default.HostReportAnswer, "service");
    }

    private static async Task<HostEndorsement[]> BringAsync(PolicyLab lab, params byte[][] certificates) =>
        [.. (await lab.SendAsync(HttpMethod.Put, $"/v1/hosts/{Given.Node}/endorsements",
            JsonSerializer.Serialize(new HostEndorsements(certificates), AttestationJson.Default.HostEndorsements), AttestationJson.Default.HostEndorsementsAnswer, "service")).Certificates];

    private static byte[] Vcek(SimulatedAuthority authority, byte[] chip, SimulatedTcb tcb)
    {
        using SimulatedKey key = authority.IssueVcek(chip, tcb);
        return key.Certificate;
    }
}
