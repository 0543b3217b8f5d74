using System.Security.Cryptography;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests.Reports;

/// <summary>The same code that asks the kernel asks a simulated folder.</summary>
public sealed class SimulatedTsmTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly SimulatedTsm simulated;
    private readonly ConfigfsTsm tsm;

    public SimulatedTsmTests()
    {
        simulated = SimulatedTsm.Start(folder.Path, new SimulatedGuest(Given.Authority));
        tsm = new ConfigfsTsm(new TsmFiles(folder.Path), TimeProvider.System);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await simulated.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task Each_report_is_of_what_was_asked_and_says_that_it_is_simulated()
    {
        for (byte i = 1; i <= 20; i++)
        {
            GuestReport report = await tsm.AskAsync(Given.ReportData(i), Ct);
            Assert.Equal(Given.ReportData(i), report.Report[0x50..0x90]);
            Assert.NotNull(report.Certificates);
            Assert.Equal(("simulated configfs-tsm", true), (report.Source, report.IsSimulated));
        }

        Assert.Empty(Directory.GetDirectories(folder.At("report")));
    }

    [Fact]
    public async Task Many_ask_at_once()
    {
        GuestReport[] reports = await Task.WhenAll(Enumerable.Range(1, 20).Select(i => tsm.AskAsync(Given.ReportData((byte)i), Ct)));
        Assert.Equal(Enumerable.Range(1, 20).Select(i => (byte)i), reports.Select(report => report.Report[0x50]));
    }

    [Fact]
    public async Task A_rolled_back_TCB_is_reported_from_the_next_report_on_and_signed_with_its_key()
    {
        byte[] before = (await tsm.AskAsync(Given.ReportData(), Ct)).Report;
        SimulatedTsm.SetTcb(folder.Path, new SimulatedTcb(1, 1, 1, 3, 70));
        GuestReport after = await tsm.AskAsync(Given.ReportData(), Ct);
        Assert.Equal([1, 1, 1, 3, 0, 0, 0, 70], after.Report[0x180..0x188]);
        Assert.Equal(before[0x38..0x40], after.Report[0x38..0x40]);
        Assert.Equal(before[0x1F0..0x1F8], after.Report[0x1F0..0x1F8]);
        using var processor = new SimulatedSecurityProcessor(Given.Authority, tcb: new SimulatedTcb(1, 1, 1, 3, 70));
        Assert.True(after.Certificates.AsSpan().IndexOf(processor.Vcek.Key.ExportSubjectPublicKeyInfo()) > 0);
    }

    [Fact]
    public async Task Each_lie_is_that_lie()
    {
        byte[] chip = (await LieAsync(SimulatedLie.None)).Report[0x1A0..0x1A8];
        Assert.NotEqual(chip, (await LieAsync(SimulatedLie.WrongChip)).Report[0x1A0..0x1A8]);
        Assert.Equal(new byte[8], (await LieAsync(SimulatedLie.OldTcb)).Report[0x180..0x188]);
        Assert.Equal(0x08, (await LieAsync(SimulatedLie.Debug)).Report[0x0A] & 0x08);
        Assert.Equal(SHA512.HashData(Given.ReportData((byte)SimulatedLie.ForeignNonce)), (await LieAsync(SimulatedLie.ForeignNonce)).Report[0x50..0x90]);
        Assert.Equal(Given.ReportData((byte)SimulatedLie.None), (await LieAsync(SimulatedLie.Replay)).Report[0x50..0x90]);
        Assert.Equal(chip, (await LieAsync(SimulatedLie.None)).Report[0x1A0..0x1A8]);
    }

    [Fact]
    public async Task A_silent_one_ends_by_patience_and_leaves_nothing()
    {
        SimulatedTsm.SetLie(folder.Path, SimulatedLie.Silence);
        var hurried = new ConfigfsTsm(new TsmFiles(folder.Path), new HurriedTime());
        Assert.Equal(ReportCodes.Busy, (await Assert.ThrowsAsync<ReportException>(() => hurried.AskAsync(Given.ReportData(), Ct))).Code);
        Assert.Empty(Directory.GetDirectories(folder.At("report")));
    }

    [Fact]
    public async Task What_a_killed_attester_left_is_taken_away()
    {
        Directory.CreateDirectory(folder.At("report/openstack-sev-guest.999999999.1"));
        await tsm.AskAsync(Given.ReportData(), Ct);
        new ConfigfsTsm(new TsmFiles(folder.Path), TimeProvider.System).RemoveLeftovers();
        Assert.Empty(Directory.GetDirectories(folder.At("report")));
    }

    private Task<GuestReport> LieAsync(SimulatedLie lie)
    {
        SimulatedTsm.SetLie(folder.Path, lie);
        return tsm.AskAsync(Given.ReportData((byte)lie), Ct);
    }

    /// <summary>A thousand times as fast.</summary>
    private sealed class HurriedTime : TimeProvider
    {
        private readonly long began = System.GetTimestamp();

        public override long GetTimestamp() => began + ((System.GetTimestamp() - began) * 1000);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime / 1000, period);
    }
}
