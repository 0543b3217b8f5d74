using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Control;

/// <summary>Renews this node's certificate at two thirds of its life, beside everything else. A revoked or expired one is for an administrator.</summary>
/// <param name="renew">Asks the control plane once: node and request (PKCS#10, PEM), over the present certificate.</param>
public sealed partial class CertificateLoop(
    LatestReport reports, NodeCertificateFiles files, Func<Guid, string, CancellationToken, Task<RenewedCertificate>> renew,
    TimeProvider time, Random jitter, ILogger<CertificateLoop> log) : BackgroundService
{
    /// <summary>An administrator may have put another one there.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMinutes(10);

    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromHours(1);

    /// <summary>Nodes that got theirs in one hour do not come back in one.</summary>
    private readonly double spread = jitter.NextDouble();

    private int failures;
    private string? told;
    private volatile string? finding;

    /// <summary>What is wrong now, a code of <see cref="CertificateCodes"/>; null while nothing is.</summary>
    public string? Finding => finding;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            NodeReport report = await reports.NextAsync(null, Timeout.InfiniteTimeSpan, time, stoppingToken);
            while (true)
                await Task.Delay(await RoundAsync(report.Node, stoppingToken), time, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    /// <returns>The wait until the next look.</returns>
    private async Task<TimeSpan> RoundAsync(Guid node, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        PresentCertificate present;
        try
        {
            present = files.Read();
        }
        catch (ControlCertificateException)
        {
            return Look;        // each report says so
        }

        if (now > present.NotAfter)
        {
            Tell(CertificateCodes.Expired, "expired", $"it ended at {present.NotAfter:O}; an administrator renews it with osev host certificate renew");
            return Look;
        }

        TimeSpan left = RenewalTime.Of(present, spread) - now;
        if (left <= TimeSpan.Zero)
            return await RenewAsync(node, present, now, ct);
        (failures, told, finding) = (0, null, null);
        // A wait is cut to whole milliseconds: what is left of one would be no wait at all.
        return left < Look ? left + Rounding : Look;
    }

    private async Task<TimeSpan> RenewAsync(Guid node, PresentCertificate present, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            RenewedCertificate renewed = await renew(node, files.Request(node), ct);
            files.Install(renewed.Certificate, present);
            LogRenewed(log, renewed.Serial, renewed.NotAfter);
            (failures, told, finding) = (0, null, null);
            return Look;
        }
        catch (AttestationApiException e)
        {
            Tell(CertificateCodes.NotRenewed, e.Code ?? "unreachable", e.Message);
        }
        catch (OpenStackApiException e)
        {
            Tell(CertificateCodes.NotRenewed, e.Code ?? "unreachable", e.Message);
        }
        catch (ControlCertificateException e)
        {
            Tell(CertificateCodes.NotRenewed, "files", e.Message);
        }

        TimeSpan rest = (present.NotAfter - now) / 8;
        return Backoff.AfterFailure(failures++, FirstBackoff, rest < FirstBackoff ? FirstBackoff : rest > LongestBackoff ? LongestBackoff : rest, jitter);
    }

    /// <summary>Logged once for each reason, not for each attempt; the finding stays as long as it is so.</summary>
    private void Tell(string code, string reason, string detail)
    {
        if (told != reason)
            LogFinding(log, code, detail);
        (told, finding) = (reason, code);
    }

    [LoggerMessage(1211, LogLevel.Information, "this node's certificate was renewed: {Serial}, until {NotAfter}")]
    private static partial void LogRenewed(ILogger logger, string serial, DateTimeOffset notAfter);

    [LoggerMessage(1212, LogLevel.Warning, "{Code}: {Detail}")]
    private static partial void LogFinding(ILogger logger, string code, string detail);
}

/// <summary>What can be wrong with this node's certificate, among the findings of its reports. Once shipped, never changed; each has a line in README.md.</summary>
public static class CertificateCodes
{
    /// <summary>Two thirds of its life are over, and there is no successor yet.</summary>
    public const string NotRenewed = "control.certificate.not_renewed";

    /// <summary>It has ended: no report arrives.</summary>
    public const string Expired = "control.certificate.expired";

    /// <summary>All codes.</summary>
    public static IReadOnlyList<string> All { get; } = [NotRenewed, Expired];
}

/// <summary>When a certificate is to be renewed. Pure.</summary>
public static class RenewalTime
{
    /// <summary>Of its life, over which nodes spread.</summary>
    private const double Spread = 0.05;

    /// <param name="spread">0 to 1, at random.</param>
    public static DateTimeOffset Of(PresentCertificate certificate, double spread) =>
        certificate.NotBefore + ((certificate.NotAfter - certificate.NotBefore) * ((2.0 / 3) + (Spread * spread)));
}
