using System.Globalization;
using Microsoft.Extensions.Hosting.Systemd;
using OpenStackSev.Api;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Cli.Scheduling;

/// <summary>Decides when: at each interval, later after failures, and says only what has changed.</summary>
/// <param name="interval">Of rounds that succeed.</param>
/// <param name="say">One line a change of state.</param>
/// <param name="chance">0 to 1: schedulers that start together shall not ask together.</param>
internal sealed class SnapshotLoop(
    SnapshotRound round, SnapshotStore file, TimeSpan interval, TimeProvider time, Action<string> say, ISystemdNotifier systemd, Func<double> chance)
{
    /// <summary>The filter takes a file for too old after five minutes.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);

    /// <summary>Null before the first round; empty while all is well; else the code of what is wrong.</summary>
    private string? state;

    /// <returns>When it is cancelled, and not before.</returns>
    public async Task RunAsync(CancellationToken ct)
    {
        systemd.Notify(ServiceState.Ready);
        int failures = 0;
        while (!ct.IsCancellationRequested)
        {
            TimeSpan wait = interval;
            try
            {
                SnapshotOutcome outcome = await round.RunAsync(ct);
                failures = 0;
                if (outcome.Snapshot is { } snapshot)
                    Tell("", $"up: {snapshot.Hosts.Count} hosts in {file.Path}, issued at {snapshot.IssuedAt:u}");
                else
                    Tell("", $"up: {file.Path} is what the control plane says");
            }
            catch (Exception e) when (CodeOf(e) is { } code)
            {
                if (ct.IsCancellationRequested)
                    break;
                failures++;
                Tell(code, $"down: {e.Message}; {file.Path} stays as it is");
                wait = AfterFailure(failures, (e as AttestationApiException)?.RetryAfter);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                break;
            }

            try
            {
                await Task.Delay(wait * (0.9 + (0.2 * chance())), time, ct);
            }
            catch (OperationCanceledException)
            {
                break;
            }
        }

        systemd.Notify(ServiceState.Stopping);
    }

    private TimeSpan AfterFailure(int failures, TimeSpan? asked)
    {
        TimeSpan doubled = interval * Math.Pow(2, Math.Min(failures, 10));
        TimeSpan wait = asked > doubled ? asked.Value : doubled;
        TimeSpan longest = interval > s_longest ? interval : s_longest;
        return wait < longest ? wait : longest;
    }

    private void Tell(string code, string line)
    {
        if (state == code)
            return;
        state = code;
        string bounded = line.ReplaceLineEndings(" ");
        say(bounded);
        systemd.Notify(new ServiceState("STATUS=" + bounded));
    }

    /// <summary>Null for a defect, which ends the program.</summary>
    private static string? CodeOf(Exception e) => e switch
    {
        SnapshotException known => known.Code,
        AttestationApiException asked => "attestation " + CodeOf(asked.Status, asked.Code),
        OpenStackApiException asked => asked.Service + " " + CodeOf(asked.Status, asked.Code),
        _ => null,
    };

    private static string CodeOf(System.Net.HttpStatusCode? status, string? code) =>
        code ?? (status is { } answered ? ((int)answered).ToString(CultureInfo.InvariantCulture) : "unreachable");
}
