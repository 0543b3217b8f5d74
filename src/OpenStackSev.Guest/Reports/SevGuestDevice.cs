using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace OpenStackSev.Guest.Reports;

/// <summary>Reports by ioctl on <c>/dev/sev-guest</c>, with the host's certificates: for kernels before configfs-tsm.</summary>
/// <remarks>Source: Linux include/uapi/linux/sev-guest.h and Documentation/virt/coco/sev-guest.rst. Every structure is written at its offsets.</remarks>
/// <param name="issue">The call, with the address of a <c>snp_guest_request_ioctl</c>; answers 0 or an error number.</param>
internal sealed class SevGuestDevice(string path, TimeProvider time, Func<nint, int>? issue = null) : IReportSource
{
    public const string UsualPath = "/dev/sev-guest";

    /// <summary>SNP_GET_EXT_REPORT.</summary>
    private const uint GetExtendedReport = 0xC020_5302;

    private const int ResponseLength = 4000, PageLength = 4096;
    private const int UsualCertificates = 4 * PageLength;
    private const uint InvalidLength = 1, HostBusy = 2;

    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(4);

    private readonly Func<nint, int> issue = issue ?? (argument => Libc.With(path, Libc.ReadWrite,
        descriptor => Libc.LastError(Libc.IoControl(descriptor, GetExtendedReport, argument))));

    public bool IsThere => File.Exists(path);

    public async Task<GuestReport> AskAsync(ReadOnlyMemory<byte> reportData, CancellationToken ct)
    {
        if (reportData.Length != Api.Attestation.ReportData.Length)
            throw new ArgumentException($"report data has {Api.Attestation.ReportData.Length} bytes, not {reportData.Length}", nameof(reportData));
        var patience = new Patience(time, s_patience, s_firstWait, s_longestWait);
        int room = UsualCertificates;
        while (true)
        {
            Answer answer = Issue(reportData.Span, room);
            if (answer.Error == 0)
                return Read(answer);
            if (answer.HostError == InvalidLength && room > 0)
                room = Larger(answer.Wanted, room);
            // No host error, and the kernel refused the arguments: it takes no buffer as large as the host wants. The report goes without.
            else if (answer.Error == Errno.Invalid && room > UsualCertificates)
                room = 0;
            else if (answer.HostError == HostBusy || Errno.IsTransient(answer.Error))
                await patience.WaitAsync(ReportCodes.Busy, $"{path}: the host is busy", ct);
            else
                throw Refused(answer);
        }
    }

    private static int Larger(uint wanted, int room) =>
        wanted > room && wanted <= GuestReport.MaximumCertificates && wanted % PageLength == 0 ? (int)wanted : 0;

    private unsafe Answer Issue(ReadOnlySpan<byte> reportData, int room)
    {
        // Page aligned and at rest: the kernel writes to these addresses.
        byte* memory = (byte*)NativeMemory.AlignedAlloc((nuint)(2 * PageLength + room), PageLength);
        try
        {
            NativeMemory.Clear(memory, (nuint)(2 * PageLength + room));
            byte* request = memory, reportRequest = memory + 64, response = memory + PageLength, certificates = memory + (2 * PageLength);
            request[0] = 1;                                                       // msg_version
            *(ulong*)(request + 8) = (ulong)reportRequest;                        // req_data
            *(ulong*)(request + 16) = (ulong)response;                            // resp_data
            reportData.CopyTo(new Span<byte>(reportRequest, 64));                 // user_data; vmpl 0 follows
            *(ulong*)(reportRequest + 0x60) = room == 0 ? 0 : (ulong)certificates;
            *(uint*)(reportRequest + 0x68) = (uint)room;
            int error = issue((nint)request);
            return new Answer(error, *(uint*)(request + 24), *(uint*)(request + 28), *(uint*)(reportRequest + 0x68),
                new ReadOnlySpan<byte>(response, ResponseLength).ToArray(), new ReadOnlySpan<byte>(certificates, room).ToArray());
        }
        finally
        {
            NativeMemory.AlignedFree(memory);
        }
    }

    private GuestReport Read(Answer answer)
    {
        uint status = BinaryPrimitives.ReadUInt32LittleEndian(answer.Response), size = BinaryPrimitives.ReadUInt32LittleEndian(answer.Response.AsSpan(4));
        if (status != 0)
            throw new ReportException(ReportCodes.Refused, $"{path}: the firmware answers status 0x{status:X}");
        if (size != GuestReport.Length)
            throw new ReportException(ReportCodes.Malformed, $"{path}: the report does not have {GuestReport.Length} bytes");
        return new GuestReport(answer.Response.AsSpan(0x20, GuestReport.Length).ToArray(), GuestReport.TableOf(answer.Certificates), path, IsSimulated: false);
    }

    private ReportException Refused(Answer answer) => new(ReportCodes.Refused,
        $"{path}: {Libc.Message(answer.Error)}; firmware error 0x{answer.FirmwareError:X}, host error {answer.HostError}");

    /// <param name="Error">0, or the error number.</param>
    /// <param name="Wanted">certs_len as it came back.</param>
    private sealed record Answer(int Error, uint FirmwareError, uint HostError, uint Wanted, byte[] Response, byte[] Certificates);
}
