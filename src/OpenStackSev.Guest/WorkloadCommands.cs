using System.Buffers.Text;
using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Handover;

namespace OpenStackSev.Guest;

/// <summary>What a process of this machine asks the attester that runs: <c>token</c>, <c>status</c>, <c>report</c>, <c>sign</c>.</summary>
internal sealed class WorkloadCommands(string socket, TextWriter output, TextWriter error)
{
    public Task<int> TokenAsync(CancellationToken ct) => AskAsync(new SocketRequest(SocketRequest.Token), answer =>
    {
        output.WriteLine(answer.Token);
        return ExitCodes.Done;
    }, ExitCodes.TryLater, ct);

    /// <param name="message">At most what a request holds.</param>
    public Task<int> SignAsync(byte[] message, CancellationToken ct) => AskAsync(new SocketRequest(SocketRequest.Sign, message), answer =>
    {
        output.WriteLine(Base64Url.EncodeToString(answer.Signature));
        return ExitCodes.Done;
    }, ExitCodes.Failed, ct);

    /// <summary>Writes the report to <paramref name="file"/>, and its certificates beside it with <c>.certs</c> appended.</summary>
    public async Task<int> ReportAsync(string reportData, string file, CancellationToken ct)
    {
        if (reportData.Length != 2 * ReportData.Length || !reportData.All(char.IsAsciiHexDigit))
            return Usage($"--report-data: must be {ReportData.Length} bytes in hexadecimal");
        return await AskAsync(new SocketRequest(SocketRequest.Report, Convert.FromHexString(reportData)), answer =>
        {
            SocketReport report = answer.Report!;
            File.WriteAllBytes(file, report.Report);
            File.Delete(file + ".certs");
            if (report.Certificates is { } certificates)
                File.WriteAllBytes(file + ".certs", certificates);
            output.WriteLine($"{(report.Simulated ? "SIMULATED report" : "report")} in {file}, {(report.Certificates is null ? "without certificates" : $"certificates in {file}.certs")}");
            return ExitCodes.Done;
        }, ExitCodes.TryLater, ct);
    }

    public Task<int> StatusAsync(bool json, CancellationToken ct) => AskAsync(new SocketRequest(SocketRequest.Status), answer =>
    {
        GuestStatus status = answer.Status!;
        if (json)
            output.WriteLine(JsonSerializer.Serialize(status, SocketJson.Default.GuestStatus));
        else
            WriteTable(status);
        return ExitCodes.OfVerdict(status.Verdict);
    }, ExitCodes.NotJudged, ct);

    private void WriteTable(GuestStatus status)
    {
        Row("verdict", (status.Simulated ? "SIMULATED " : "") + status.Verdict);
        foreach (string finding in status.Findings)
            Row("against it", finding);
        Row("instance", status.Instance?.ToString());
        Row("proves itself to", status.Url);
        Row("as said by", status.InstructionsFrom);
        Row("reports from", status.ReportsFrom);
        Row("last result at", status.LastRoundAt?.ToString("yyyy-MM-ddTHH:mm:ssZ"));
        Row("token ends in", status.TokenExpiresIn is { } seconds ? $"{seconds} s" : null);
        Row("failing", status.Failing is { } failing ? $"{failing.Code}: {failing.Message}" : null);
    }

    private void Row(string name, string? value)
    {
        if (value is not null)
            output.WriteLine($"{name,-17} {value}");
    }

    private async Task<int> AskAsync(SocketRequest request, Func<SocketAnswer, int> use, int refusedCode, CancellationToken ct)
    {
        try
        {
            SocketAnswer answer = await WorkloadClient.AskAsync(socket, request, ct);
            if (answer.Error is not { } refused)
                return use(answer);
            error.WriteLine($"error: {refused.Code}: {refused.Message}");
            return refusedCode;
        }
        catch (WorkloadException e)
        {
            error.WriteLine($"error: {e.Message}");
            error.WriteLine(e.IsForbidden ? "hint: join the group openstack-sev" : "hint: systemctl start openstack-sev-guest");
            return ExitCodes.Of(e);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            error.WriteLine($"error: {e.Message}");
            return ExitCodes.Failed;
        }
    }

    private int Usage(string message)
    {
        error.WriteLine($"error: {message}");
        error.WriteLine("hint: openstack-sev-guest report --help");
        return ExitCodes.Usage;
    }
}
