using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Maintenance;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Maintenance;

/// <summary>What an update of a host's firmware takes away, and what it brings.</summary>
public sealed class UpgradeRulesTests
{
    private static readonly InstanceState s_known = Reattestation.Sweep.Given.Known;

    private static readonly HostState s_host = new()
    {
        Node = Hosts.Given.Node,
        Name = "compute1",
        FirstSeenAt = Hosts.Given.Now,
        LastSeenAt = Hosts.Given.Now,
        FactsChangedAt = Hosts.Given.Now,
        Facts = [],
    };

    private static InstanceState Instance(string model, Guid? id = null) => s_known with { Instance = id ?? Guid.NewGuid(), Model = model, Status = "ACTIVE" };

    /// <param name="tcb">CURRENT_TCB and REPORTED_TCB.</param>
    private static HostReport Report(string product, string? tcb, bool? snp = true, string api = "1.55", uint build = 20)
    {
        HostReport report = Hosts.Given.Report();
        return report with
        {
            Facts = report.Facts with
            {
                Product = product,
                SevSnp = snp,
                Firmware = tcb is null ? null : new HostFirmware { Api = api, Build = build, CurrentTcb = tcb, ReportedTcb = tcb, AliasChecked = true },
            },
        };
    }

    private static UpgradeTarget Target(ProductLine line, string tcb) => new(HostTcb.Of(tcb, line), null, tcb);

    /// <summary>The SNP part is byte 6 up to Zen 4, and byte 3 from Turin on.</summary>
    [Theory]
    [InlineData("milan", "db16000000000004", null, "threshold")]
    [InlineData("milan", "db1a000000000004", "db1b000000000004", "target")]
    [InlineData("milan", "db16000000000004", "db1a000000000004", "never")]
    [InlineData("milan", "db1b000000000004", null, "now")]
    [InlineData("genoa", "481a000000000004", "481b000000000004", "target")]
    [InlineData("siena", "481b000000000004", null, "now")]
    [InlineData("turin", "4800000003010101", "4800000004010101", "target")]
    [InlineData("turin", "4800000003010101", "481b000003010101", "never")]
    [InlineData("turin", "4800000004010101", "4800000005010101", "now")]
    [InlineData("turin", null, null, "threshold")]
    [InlineData("venice", "4800000003010101", null, null)]
    [InlineData("naples", null, null, null)]
    [InlineData("granite", null, null, null)]
    public void Sev_es_goes_with_the_threshold_of_its_line(string product, string? current, string? target, string? expected)
    {
        HostReport report = Report(product, current);
        UpgradeTarget? asked = target is null ? null : Target(HostClaims.Of(report).Line!.Value, target);
        UpgradeCheck check = UpgradeRules.Check(s_host, report, [Instance("amd-sev-es"), Instance("amd-sev-snp"), Instance("amd-sev")], asked);
        Assert.Equal(expected, check.Losses.SingleOrDefault()?.When);
        Assert.Equal(expected is null or "never" ? 0 : 1, check.Stranded);
        Assert.Equal(check.Stranded > 0, check.Steps.Count > 0);
    }

    [Fact]
    public void A_host_without_snp_loses_nothing_and_a_version_alone_does_not_tell()
    {
        Assert.Equal("never", Assert.Single(UpgradeRules.Check(s_host, Report("milan", "db16000000000004", snp: false), [Instance("amd-sev-es")], null).Losses).When);
        UpgradeCheck unknown = UpgradeRules.Check(s_host, Report("milan", "db16000000000004"), [Instance("amd-sev-es")], new UpgradeTarget(null, new FirmwareVersion(1, 55, 40), "1.55.40"));
        Assert.Equal(("unknown", 1), (Assert.Single(unknown.Losses).When, unknown.Stranded));
    }

    [Fact]
    public void What_is_to_be_done_begins_with_moving_and_names_what_Nova_does()
    {
        Guid second = new("00000000-0000-0000-0000-000000000002"), first = new("00000000-0000-0000-0000-000000000001");
        UpgradeCheck check = UpgradeRules.Check(s_host, Report("turin", "4800000003010101"), [Instance("amd-sev-es", second), Instance("amd-sev-es", first)], null);
        Assert.Equal([first, second], Assert.Single(check.Losses).Stranded.Select(one => one.Instance));
        Assert.Equal(5, check.Steps.Count);
        Assert.Contains("osev host drain compute1", check.Steps[1], StringComparison.Ordinal);
        Assert.Contains("ERROR", check.Steps[3], StringComparison.Ordinal);
        Assert.Contains("compute1_amd_sev_es", check.Steps[3], StringComparison.Ordinal);
        Assert.Empty(UpgradeRules.Check(s_host, Report("turin", "4800000003010101"), [Instance("amd-sev-snp")], null).Steps);
    }

    [Fact]
    public void An_update_says_which_bulletins_it_closes()
    {
        HostReport report = Report("milan", "db16000000000004");
        UpgradeGain now = Gain(UpgradeRules.Check(s_host, report, [], null), "AMD-SB-3019");
        Assert.Equal((null, "snp ≥ 24, has snp 22"), (now.Closes, now.Missing));
        Assert.True(Gain(UpgradeRules.Check(s_host, report, [], Target(ProductLine.Milan, "db18000000000004")), "AMD-SB-3019").Closes);
        Assert.False(Gain(UpgradeRules.Check(s_host, report, [], Target(ProductLine.Milan, "db17000000000004")), "AMD-SB-3019").Closes);
        Assert.True(Gain(UpgradeRules.Check(s_host, report, [], new UpgradeTarget(null, new FirmwareVersion(1, 55, 22), "1.55.22")), "AMD-SB-3015").Closes);
        Assert.DoesNotContain(UpgradeRules.Check(s_host, Report("milan", "db18000000000004", build: 22), [], null).Gains, gain => gain.Bulletin is "AMD-SB-3019" or "AMD-SB-3015");
    }

    private static UpgradeGain Gain(UpgradeCheck check, string bulletin) => Assert.Single(check.Gains, gain => gain.Bulletin == bulletin);
}
