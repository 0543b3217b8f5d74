using System.Text.Json;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Quarantine;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev host quarantine|release|drain|check-upgrade</c> against the real application.</summary>
[Collection(CommandLab.Name)]
public sealed class HostCommandTests : IAsyncLifetime
{
    private QuarantineCloud? cloud;

    private QuarantineCloud Cloud => cloud!;

    public async ValueTask InitializeAsync()
    {
        cloud = await QuarantineCloud.StartAsync(QuarantineCloud.Rules, "compute1", "compute2", "compute3");
        await CommandLab.UseAsync(cloud.Cloud.Control);
    }

    public async ValueTask DisposeAsync()
    {
        CommandLab.Forget();
        await Cloud.DisposeAsync();
    }

    [Fact]
    public async Task A_host_is_set_aside_and_let_go_by_its_name()
    {
        await CommandLab.OkAsync("host", "quarantine", "compute1", "--reason", "stolen disk", "--disable-service");
        Assert.Equal(("stolen disk", true), ((await Cloud.RowAsync())!.Reason, (await Cloud.RowAsync())!.DisablesService));
        await Cloud.LookAsync();
        Assert.Equal("openstack-sev: stolen disk", Cloud.Nova.Services["compute1"].Reason);
        Assert.Contains("libvirt, QEMU", await CommandLab.OkAsync("host", "release", "compute1"), StringComparison.Ordinal);
        await Cloud.LookAsync();
        Assert.False(Cloud.Nova.Services["compute1"].IsDisabled);
        (int code, _, string error) = await CommandLab.RunAsync("host", "release", "compute1");
        Assert.Equal(1, code);
        Assert.Contains("attestation.host.not_quarantined", error, StringComparison.Ordinal);
        await CommandLab.FailsAsync(1, "no host 'compute9' has reported", "osev host list", "host", "quarantine", "compute9", "--reason", "x");
    }

    [Fact]
    public async Task Another_reason_says_nothing_of_the_service_unless_it_is_named()
    {
        await CommandLab.OkAsync("host", "quarantine", "compute1", "--reason", "stolen disk", "--disable-service");
        await CommandLab.OkAsync("host", "quarantine", "compute1", "--reason", "under investigation");
        Assert.Equal(("under investigation", true), ((await Cloud.RowAsync())!.Reason, (await Cloud.RowAsync())!.DisablesService));
        (int code, _, string error) = await CommandLab.RunAsync("host", "quarantine", "compute1", "--reason", "x", "--disable-service", "--enable-service");
        Assert.NotEqual(0, code);
        Assert.Contains("exclude each other", error, StringComparison.Ordinal);
        Assert.Equal("under investigation", (await Cloud.RowAsync())!.Reason);
        await CommandLab.OkAsync("host", "quarantine", "compute1", "--reason", "under investigation", "--enable-service");
        Assert.False((await Cloud.RowAsync())!.DisablesService);
    }

    [Fact]
    public async Task Chips_are_withdrawn_from_a_host_that_is_gone_and_from_no_other()
    {
        Guid node = QuarantineCloud.NodeOf("compute1");
        await CommandLab.FailsAsync(1, "host 'compute1' has no chip that could be withdrawn", "osev host show", "host", "withdraw", "compute1", "--reason", "moved");
        await Cloud.Cloud.Of<HistoryWriter>().ApplyAsync(
            new HostChip { ChipId = Hosts.Given.ChipA, Node = node, Status = ChipStatus.Approved, FirstSeenAt = Cloud.Cloud.Now }, TestContext.Current.CancellationToken);
        await CommandLab.FailsAsync(1, "host 'compute1' has no chip that begins with zz", "osev host show", "host", "withdraw", "compute1", "--reason", "moved", "--chip", "zz");
        (int code, string output, string error) = await CommandLab.RunAsync("host", "withdraw", "compute1", "--reason", "moved");
        Assert.Equal((1, ""), (code, output));
        Assert.Contains("attestation.host.still_reports", error, StringComparison.Ordinal);

        HostState host = (await Cloud.Cloud.Of<HostStates>().FindAsync(node, TestContext.Current.CancellationToken))!;
        await Cloud.Cloud.Of<HistoryWriter>().ApplyAsync(host with { SilentSince = Cloud.Cloud.Now }, TestContext.Current.CancellationToken);
        Assert.Contains("withdrawn", await CommandLab.OkAsync("host", "withdraw", "compute1", "--reason", "moved"), StringComparison.Ordinal);
        Assert.Equal(ChipStatus.Withdrawn, Assert.Single(await Cloud.Cloud.Of<HostStates>().ChipsOfAsync(node, TestContext.Current.CancellationToken)).Status);
    }

    [Fact]
    public async Task The_plan_names_what_moves_where_there_is_room_and_what_does_not()
    {
        Assert.Equal("No encrypted instance is on compute1.\n", await CommandLab.OkAsync("host", "drain", "compute1"));
        Guid first = await Cloud.Cloud.AddAsync(Verdict.Affirming), second = await Cloud.Cloud.AddAsync(Verdict.Affirming);
        (int code, string text, _) = await CommandLab.RunAsync("host", "drain", "compute1");
        Assert.Equal(2, code);
        Assert.Contains("note: Placement does not know CUSTOM_SEV_SNP_ASID", text, StringComparison.Ordinal);

        Cloud.Placement.Add("compute1", QuarantineCloud.NodeOf("compute1"), EncryptionModel.AmdSevSnp, 99, used: 2);
        Cloud.Placement.Add("compute2", QuarantineCloud.NodeOf("compute2"), EncryptionModel.AmdSevSnp, 3, reserved: 1, used: 1);
        Cloud.Placement.Add("compute3", QuarantineCloud.NodeOf("compute3"), EncryptionModel.AmdSevSnp, 10);
        await Cloud.QuarantineAsync(host: "compute3");
        (code, text, _) = await CommandLab.RunAsync("host", "drain", "compute1", "-f", "json");
        JsonElement plan = JsonDocument.Parse(text).RootElement;
        Assert.Equal((2, 1, 1), (code, plan.GetProperty("steps").GetArrayLength(), plan.GetProperty("blocked").GetArrayLength()));
        Assert.Equal(["compute2 trusted? unknown 1 counts", "compute3 trusted? quarantined 10 drain.target.quarantined"], plan.GetProperty("targets").EnumerateArray().Select(target =>
            $"{target.GetProperty("name")} trusted? {target.GetProperty("trust")} {target.GetProperty("room")[0].GetProperty("free")} {(target.GetProperty("excluded").GetString() ?? "counts")}"));

        await Cloud.ReleaseAsync("compute3");
        text = await CommandLab.OkAsync("host", "drain", "compute1");
        Assert.Contains($"openstack server migrate --wait {first}\n", text, StringComparison.Ordinal);
        Assert.Contains($"openstack server migration confirm {second}\n", text, StringComparison.Ordinal);
        Assert.Equal(1, Cloud.Placement.Requests.Count(request => request.Contains($"{ProviderIdentity.Of("compute2:sev_snp")}/usages", StringComparison.Ordinal)) - 1);
    }

    [Fact]
    public async Task An_update_that_strands_nobody_ends_with_0()
    {
        string text = await CommandLab.OkAsync("host", "check-upgrade", "compute1");
        Assert.Contains("upgrade.sev_es.withdrawn (threshold) CURRENT_TCB snp ≥ 4", text, StringComparison.Ordinal);
        JsonElement check = JsonDocument.Parse(await CommandLab.OkAsync("host", "check-upgrade", "compute1", "--tcb", "0x4800000004010101", "-f", "json")).RootElement;
        Assert.Equal(("target", 0), (check.GetProperty("losses")[0].GetProperty("when").GetString(), check.GetProperty("stranded").GetInt32()));
        (int code, _, string error) = await CommandLab.RunAsync("host", "check-upgrade", "compute1", "--tcb", "12");
        Assert.Equal(1, code);
        Assert.Contains("attestation.request.invalid", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_list_has_trust()
    {
        Assert.Equal("NAME,TRUST\ncompute1,unknown\ncompute2,unknown\ncompute3,unknown\n", await CommandLab.OkAsync("host", "list", "-f", "csv", "-c", "name", "-c", "trust"));
        Assert.Contains("not judged yet", await CommandLab.OkAsync("host", "show", "compute1"), StringComparison.Ordinal);
    }
}
