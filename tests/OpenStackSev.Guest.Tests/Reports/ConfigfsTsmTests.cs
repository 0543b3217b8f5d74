using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Reports;

public sealed class ConfigfsTsmTests
{
    private readonly FakeConfigfs configfs = new();
    private readonly AwaitedTime time = new();
    private readonly ConfigfsTsm tsm;

    public ConfigfsTsmTests() => tsm = new ConfigfsTsm(configfs, time, process => process == 4711);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_report_is_of_what_was_asked_and_its_entry_is_taken_away()
    {
        GuestReport report = await tsm.AskAsync(Given.ReportData(), Ct);
        Assert.Equal(Given.ReportData(), report.Report[0x50..0x90]);
        Assert.Equal([1, 2, 3], report.Certificates);
        Assert.Equal(("configfs-tsm", false), (report.Source, report.IsSimulated));
        Assert.Empty(configfs.Entries());
    }

    [Theory, InlineData(Errno.Busy), InlineData(Errno.TryAgain), InlineData(Errno.Interrupted), InlineData(Errno.TimedOut)]
    public async Task A_host_that_limits_how_often_one_may_ask_is_asked_again(int error)
    {
        configfs.Refuse("outblob", error, times: 4);
        GuestReport report = await time.DoneAsync(tsm.AskAsync(Given.ReportData(), Ct));
        Assert.Equal(Given.ReportData(), report.Report[0x50..0x90]);
        Assert.Equal(1, configfs.Made);
    }

    [Fact]
    public async Task A_storm_of_EBUSY_ends_after_half_a_minute_and_leaves_nothing()
    {
        configfs.Refuse("outblob", Errno.Busy, times: 100_000);
        DateTimeOffset began = time.GetUtcNow();
        await FailsAsync(ReportCodes.Busy);
        Assert.InRange(time.GetUtcNow() - began, TimeSpan.FromSeconds(30), TimeSpan.FromSeconds(45));
        Assert.Empty(configfs.Entries());
    }

    [Fact]
    public async Task The_clock_of_the_day_may_be_set_during_a_storm()
    {
        var jumping = new JumpingTime();
        configfs.Refuse("outblob", Errno.Busy, times: 3);
        configfs.BeforeRead = (_, _) => jumping.Jump(TimeSpan.FromDays(-3650));
        GuestReport report = await jumping.Inner.DoneAsync(new ConfigfsTsm(configfs, jumping).AskAsync(Given.ReportData(), Ct));
        Assert.Equal(Given.ReportData(), report.Report[0x50..0x90]);
    }

    [Fact]
    public async Task A_write_that_the_kernel_put_off_is_counted_so_the_request_begins_anew()
    {
        configfs.Refuse("inblob", Errno.Busy);
        Assert.Equal(Given.ReportData(), (await time.DoneAsync(tsm.AskAsync(Given.ReportData(), Ct))).Report[0x50..0x90]);
        Assert.Equal(2, configfs.Made);
        Assert.Empty(configfs.Entries());
    }

    [Theory, InlineData("privlevel_floor"), InlineData("generation"), InlineData("outblob"), InlineData("auxblob")]
    public async Task Another_process_that_writes_to_our_entry_at_any_step_makes_it_begin_anew(string step)
    {
        int intrusions = 0;
        configfs.BeforeRead = (entry, attribute) =>
        {
            if (attribute == step && intrusions++ == 0)
                configfs.Write(entry, "inblob", Given.ReportData(0xEE));
        };
        GuestReport report = await time.DoneAsync(tsm.AskAsync(Given.ReportData(), Ct));
        Assert.Equal(Given.ReportData(), report.Report[0x50..0x90]);
        Assert.Equal(2, configfs.Made);
    }

    [Fact]
    public async Task One_that_always_writes_is_told_and_gets_no_answer_out_of_us()
    {
        configfs.BeforeRead = (entry, attribute) => _ = attribute == "outblob" ? configfs.Write(entry, "inblob", Given.ReportData(0xEE)) : 0;
        await FailsAsync(ReportCodes.Raced);
        Assert.Equal(5, configfs.Made);
    }

    [Fact]
    public async Task Below_an_SVSM_the_kernels_own_level_is_asked_for()
    {
        configfs.Floor = "2\n";
        Assert.Equal(2, (await tsm.AskAsync(Given.ReportData(), Ct)).Report[0x30]);
    }

    [Theory, InlineData("tdx_guest\n"), InlineData("arm_cca_guest\n"), InlineData("")]
    public async Task Another_provider_is_no_SEV_SNP(string provider)
    {
        configfs.Provider = provider;
        await FailsAsync(ReportCodes.Unavailable);
    }

    [Fact]
    public async Task A_kernel_without_a_security_processor_is_told()
    {
        configfs.HasProvider = false;
        await FailsAsync(ReportCodes.Unavailable);
    }

    [Theory, InlineData(0), InlineData(1183), InlineData(1185), InlineData(4096)]
    public async Task A_report_of_another_length_is_none(int length)
    {
        configfs.Report = new byte[length];
        await FailsAsync(ReportCodes.Malformed);
    }

    [Theory, InlineData("4\n"), InlineData("-1\n"), InlineData("99999999999999999999\n"), InlineData("two\n")]
    public async Task A_floor_that_is_no_level_is_told(string floor)
    {
        configfs.Floor = floor;
        await FailsAsync(ReportCodes.Malformed);
    }

    [Fact]
    public async Task What_the_kernel_refuses_is_told_with_its_reason()
    {
        configfs.Refuse("inblob", 13);
        Assert.Contains("inblob: Permission denied", (await FailsAsync(ReportCodes.Refused)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Certificates_that_are_too_many_to_send_are_left_out_and_none_are_none()
    {
        configfs.Certificates = [.. Enumerable.Repeat((byte)1, (64 * 1024) + 1)];
        Assert.Null((await tsm.AskAsync(Given.ReportData(), Ct)).Certificates);
        configfs.Certificates = new byte[4096];
        Assert.Null((await tsm.AskAsync(Given.ReportData(), Ct)).Certificates);
    }

    [Fact]
    public void What_killed_processes_left_is_taken_away_and_nothing_else()
    {
        int own = Environment.ProcessId;
        foreach (string entry in new[] { "openstack-sev-guest.1234.7", $"openstack-sev-guest.{own}.1", "openstack-sev-guest.4711.1", "openstack-sev-guest.x.1", "somebody", "1234" })
            configfs.MakeEntry(entry);
        tsm.RemoveLeftovers();
        Assert.Equal(["openstack-sev-guest.4711.1", "openstack-sev-guest.x.1", "somebody", "1234"], configfs.Entries());
    }

    [Fact]
    public async Task Being_stopped_takes_the_entry_away()
    {
        configfs.Refuse("outblob", Errno.Busy, times: 100_000);
        using var stop = new CancellationTokenSource();
        Task<GuestReport> asked = tsm.AskAsync(Given.ReportData(), stop.Token);
        Assert.Single(configfs.Entries());
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asked);
        Assert.Empty(configfs.Entries());
    }

    private async Task<ReportException> FailsAsync(string code)
    {
        ReportException failure = await Assert.ThrowsAsync<ReportException>(() => time.DoneAsync(tsm.AskAsync(Given.ReportData(), Ct)));
        Assert.Equal(code, failure.Code);
        return failure;
    }
}
