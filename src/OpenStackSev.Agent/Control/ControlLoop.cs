using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Control;

/// <summary>Reports each round to the control plane, beside the rounds: nothing here holds up what is published.</summary>
/// <param name="send">Reports once.</param>
/// <param name="word">Told of each answer.</param>
/// <param name="afterReport">What follows each report that arrived. It does not fail.</param>
public sealed partial class ControlLoop(
    LatestReport reports, Func<NodeReport, CancellationToken, Task<HostReportAnswer>> send, LastWord word,
    ControlOptions options, TimeProvider time, Random jitter, ILogger<ControlLoop> log,
    Func<NodeReport, HostReportAnswer, CancellationToken, Task>? afterReport = null) : BackgroundService
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(1);

    private EnrolmentState? enrolment;
    private string? failing;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int failures = 0;
        try
        {
            NodeReport report = await reports.NextAsync(null, Timeout.InfiniteTimeSpan, time, stoppingToken);
            while (true)
            {
                if (await ReportAsync(report, stoppingToken) is { } interval)
                {
                    failures = 0;
                    report = await reports.NextAsync(report, interval, time, stoppingToken);
                    continue;
                }

                // Not woken by the next round: a control plane that fails is not to be asked by every node at every round.
                await Task.Delay(Backoff.AfterFailure(failures++, FirstBackoff, LongestBackoff, jitter), time, stoppingToken);
                report = await reports.NextAsync(report, TimeSpan.Zero, time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Silence says it all.
        }
    }

    /// <returns>The longest wait for the next report; null when this one did not arrive.</returns>
    private async Task<TimeSpan?> ReportAsync(NodeReport report, CancellationToken ct)
    {
        word.IsAbout(report.Node);
        try
        {
            HostReportAnswer answer = await send(report, ct);
            // A control plane that takes reports and judges nobody has not said that this node is trusted still.
            if (answer.Judges)
                word.Heard(report.Node, TimeSpan.FromSeconds(answer.ProofLifetime));
            Told(answer.Enrolment);
            if (afterReport is not null)
                await afterReport(report, answer, ct);
            TimeSpan asked = TimeSpan.FromSeconds(Math.Clamp(answer.Interval, 5, 3600));
            return asked < options.Interval ? asked : options.Interval;
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

        return null;
    }

    private void Told(EnrolmentState now)
    {
        if (failing is not null || enrolment is null)
            LogReports(log);
        if (now != enrolment && now != EnrolmentState.Enrolled)
            LogNotEnrolled(log, now);
        else if (now != enrolment)
            LogEnrolled(log);
        (failing, enrolment) = (null, now);
    }

    /// <summary>Once for each kind of trouble, not for each attempt.</summary>
    private void Failed(string code, string message)
    {
        if (code != failing)
            LogFailed(log, message);
        failing = code;
    }

    [LoggerMessage(1201, LogLevel.Information, "the control plane takes this node's reports")]
    private static partial void LogReports(ILogger logger);

    [LoggerMessage(1202, LogLevel.Warning, "the control plane says {Enrolment} of this node's chips; osev host approve approves them")]
    private static partial void LogNotEnrolled(ILogger logger, EnrolmentState enrolment);

    [LoggerMessage(1203, LogLevel.Information, "this node is enrolled")]
    private static partial void LogEnrolled(ILogger logger);

    [LoggerMessage(1204, LogLevel.Warning, "the control plane did not take this node's report, it is tried again: {Message}")]
    private static partial void LogFailed(ILogger logger, string message);
}
