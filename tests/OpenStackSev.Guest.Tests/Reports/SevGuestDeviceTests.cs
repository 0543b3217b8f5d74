using System.Runtime.InteropServices;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests.Reports;

public sealed class SevGuestDeviceTests
{
    private const int Page = 4096;
    private readonly AwaitedTime time = new();
    private readonly FakeSevGuest kernel = new();
    private readonly SevGuestDevice device;

    public SevGuestDeviceTests() => device = new SevGuestDevice("/dev/sev-guest", time, kernel.Issue);

    [Fact]
    public async Task A_report_comes_with_the_hosts_certificates()
    {
        GuestReport report = await AskAsync();
        Assert.Equal(Given.ReportData(), report.Report[0x50..0x90]);
        Assert.Equal(kernel.Certificates, report.Certificates![..kernel.Certificates.Length]);
        Assert.Equal(("/dev/sev-guest", false), (report.Source, report.IsSimulated));
        Assert.Equal([4 * Page], kernel.Rooms);
    }

    [Fact]
    public async Task A_host_with_more_certificates_gets_a_larger_buffer()
    {
        kernel.Certificates = [.. Enumerable.Repeat((byte)7, 6 * Page)];
        Assert.Equal(kernel.Certificates, (await AskAsync()).Certificates);
        Assert.Equal([4 * Page, 6 * Page], kernel.Rooms);
    }

    [Fact]
    public async Task A_kernel_that_takes_no_buffer_so_large_gives_the_report_without_certificates()
    {
        kernel.Certificates = [.. Enumerable.Repeat((byte)7, 6 * Page)];
        kernel.LargestRoom = 4 * Page;
        Assert.Null((await AskAsync()).Certificates);
        Assert.Equal([4 * Page, 6 * Page, 0], kernel.Rooms);
    }

    [Theory, InlineData(17L * Page), InlineData((long)uint.MaxValue), InlineData((5L * Page) + 1), InlineData(0L), InlineData((long)Page)]
    public async Task A_host_that_wants_an_impossible_buffer_gets_none(long wanted)
    {
        kernel.Certificates = [.. Enumerable.Repeat((byte)7, 6 * Page)];
        kernel.Wanted = (uint)wanted;
        Assert.Null((await AskAsync()).Certificates);
        Assert.Equal([4 * Page, 0], kernel.Rooms);
    }

    [Fact]
    public async Task No_certificates_are_none()
    {
        kernel.Certificates = [];
        Assert.Null((await AskAsync()).Certificates);
    }

    [Fact]
    public async Task A_busy_host_is_asked_again_and_not_for_ever()
    {
        kernel.Busy = 3;
        Assert.Equal(Given.ReportData(), (await AskAsync()).Report[0x50..0x90]);
        Assert.Equal(4, kernel.Rooms.Count);
        kernel.Busy = int.MaxValue;
        Assert.Equal(ReportCodes.Busy, (await Assert.ThrowsAsync<ReportException>(AskAsync)).Code);
    }

    [Fact]
    public async Task What_firmware_or_kernel_refuse_is_told_with_their_numbers()
    {
        kernel.FirmwareError = 0x16;
        Assert.Contains("firmware error 0x16, host error 0", (await Assert.ThrowsAsync<ReportException>(AskAsync)).Message, StringComparison.Ordinal);
        kernel.FirmwareError = 0;
        kernel.Status = 0x27;
        Assert.Contains("status 0x27", (await Assert.ThrowsAsync<ReportException>(AskAsync)).Message, StringComparison.Ordinal);
        kernel.Status = 0;
        kernel.Size = 1000;
        Assert.Equal(ReportCodes.Malformed, (await Assert.ThrowsAsync<ReportException>(AskAsync)).Code);
    }

    [Fact]
    public async Task Without_any_source_this_is_no_confidential_machine()
    {
        var none = new ReportSources(new ConfigfsTsm(new FakeConfigfs { IsThere = false }, time), new SevGuestDevice("/dev/no-such-device", time));
        Assert.False(none.IsThere);
        Assert.Equal(ReportCodes.Unavailable, (await Assert.ThrowsAsync<ReportException>(() => none.AskAsync(Given.ReportData(), TestContext.Current.CancellationToken))).Code);
    }

    private Task<GuestReport> AskAsync() => time.DoneAsync(device.AskAsync(Given.ReportData(), TestContext.Current.CancellationToken));

    /// <summary>SNP_GET_EXT_REPORT as the kernel answers it, on the caller's memory.</summary>
    private sealed class FakeSevGuest
    {
        private readonly SimulatedSecurityProcessor processor = new(Given.Authority);

        public byte[] Certificates { get; set; } = [9, 8, 7];
        public int LargestRoom { get; set; } = 16 * Page;
        public uint? Wanted { get; set; }
        public int Busy { get; set; }
        public int FirmwareError { get; set; }
        public int Status { get; set; }
        public int Size { get; set; } = 0x4A0;
        public List<int> Rooms { get; } = [];

        public int Issue(nint argument)
        {
            Assert.Equal(1, Marshal.ReadByte(argument));
            nint request = Marshal.ReadIntPtr(argument, 8), response = Marshal.ReadIntPtr(argument, 16);
            byte[] reportData = new byte[64];
            Marshal.Copy(request, reportData, 0, 64);
            Assert.Equal(0, Marshal.ReadInt32(request, 64));
            nint certificates = Marshal.ReadIntPtr(request, 0x60);
            int room = Marshal.ReadInt32(request, 0x68);
            Rooms.Add(room);
            Assert.Equal(0, certificates % Page);
            if (room % Page != 0 || room > LargestRoom)
                return Errno.Invalid;
            if (Busy-- > 0)
                return Fail(argument, 0, 2);
            if (FirmwareError != 0)
                return Fail(argument, FirmwareError, 0);
            if (room > 0 && Certificates.Length > room)
            {
                Marshal.WriteInt32(request, 0x68, (int)(Wanted ?? (uint)Certificates.Length));
                return Fail(argument, 0, 1);
            }

            if (room > 0)
                Marshal.Copy(Certificates, 0, certificates, Certificates.Length);
            Marshal.WriteInt32(response, Status);
            Marshal.WriteInt32(response, 4, Size);
            Marshal.Copy(processor.Report(processor.Fields with { ReportData = reportData }), 0, response + 0x20, 0x4A0);
            return 0;
        }

        private static int Fail(nint argument, int firmware, int host)
        {
            Marshal.WriteInt32(argument, 24, firmware);
            Marshal.WriteInt32(argument, 28, host);
            return Errno.InputOutput;
        }
    }
}
