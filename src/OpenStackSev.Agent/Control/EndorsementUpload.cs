using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Control;

/// <summary>Brings this node's certificates to the control plane after a report, when they changed or what the control plane takes of them may have.</summary>
/// <param name="send">Brings them once.</param>
public sealed partial class EndorsementUpload(
    EndorsementFiles files, Func<Guid, HostEndorsements, CancellationToken, Task<HostEndorsementsAnswer>> send, ILogger<EndorsementUpload> log)
{
    private byte[]? sent;
    private string? failing;

    /// <summary>Never fails: a report that arrived has arrived. What could not be brought is brought after the next one.</summary>
    public async Task AfterReportAsync(NodeReport report, HostReportAnswer answer, CancellationToken ct)
    {
        try
        {
            IReadOnlyList<byte[]> certificates = files.Read();
            byte[] now = StateOf(certificates, report, answer);
            if (certificates.Count == 0 || (sent is not null && now.AsSpan().SequenceEqual(sent)))
                return;
            HostEndorsementsAnswer taken = await send(report.Node, new HostEndorsements(certificates), ct);
            (sent, failing) = (now, null);
            Told(taken);
        }
        catch (AttestationApiException e)
        {
            Failed(e.Code ?? "unreachable", e.Message);
        }
        catch (OpenStackApiException e)
        {
            Failed(e.Code ?? "unreachable", e.Message);
        }
        catch (ControlCertificateException e)
        {
            Failed("certificate", e.Message);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Failed("files", e.Message);
        }
    }

    /// <summary>All that the control plane's answer may depend on: the certificates, which chips are approved, and the TCBs that were reported.</summary>
    private static byte[] StateOf(IReadOnlyList<byte[]> certificates, NodeReport report, HostReportAnswer answer)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (byte[] certificate in certificates)
            hash.AppendData(SHA256.HashData(certificate));
        foreach (EnrolledChip chip in answer.Chips)
            hash.AppendData(Encoding.UTF8.GetBytes($"{chip.Id} {chip.Status}\n"));
        hash.AppendData(Encoding.UTF8.GetBytes($"{report.Body.Facts.Firmware?.CurrentTcb} {report.Body.Facts.Firmware?.ReportedTcb}"));
        return hash.GetHashAndReset();
    }

    private void Told(HostEndorsementsAnswer taken)
    {
        LogBrought(log, taken.Certificates.Count(one => one.Outcome != "refused"), taken.Certificates.Count);
        foreach (HostEndorsement refused in taken.Certificates.Where(one => one.Outcome == "refused").Take(10))
            LogRefused(log, refused.Name ?? "a file", refused.Code ?? "unknown", refused.Detail ?? "");
    }

    /// <summary>Once for each kind of trouble, not for each attempt.</summary>
    private void Failed(string code, string message)
    {
        if (code != failing)
            LogFailed(log, message);
        failing = code;
    }

    [LoggerMessage(1211, LogLevel.Information, "the control plane has {Taken} of this node's {Count} certificates")]
    private static partial void LogBrought(ILogger logger, int taken, int count);

    [LoggerMessage(1212, LogLevel.Warning, "the control plane refused {Name}: {Code}: {Detail}")]
    private static partial void LogRefused(ILogger logger, string name, string code, string detail);

    [LoggerMessage(1213, LogLevel.Warning, "this node's certificates could not be brought to the control plane, it is tried again: {Message}")]
    private static partial void LogFailed(ILogger logger, string message);
}
