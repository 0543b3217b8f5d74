using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;
using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Reports;
using OpenStackSev.Guest.Rounds;

namespace OpenStackSev.Guest;

/// <summary>The command line of <c>run</c>, parsed.</summary>
/// <param name="InstructionsFile">Instead of the metadata service and a config drive.</param>
/// <param name="ConfigDrive">Where one is mounted; null to look for it.</param>
internal sealed record GuestArguments(
    bool Once, bool Debug, string RuntimeFolder, string? InstructionsFile, Uri Metadata, string? ConfigDrive, string Tsm, string Device, TimeSpan NudgeInterval);

/// <summary>From the command line to running rounds: once, or for ever.</summary>
internal static class GuestRun
{
    /// <summary>For what is in the midst of something when it is told to stop.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    public static async Task<int> StartAsync(GuestArguments arguments, TextWriter output, TextWriter error, CancellationToken ct)
    {
        try
        {
            using StandardErrorLog loggers = Log(arguments, error);
            using RuntimeFolder? folder = arguments.Once ? null : RuntimeFolder.Open(arguments.RuntimeFolder);
            using var metadata = new MetadataService(MetadataService.Transport(), arguments.Metadata, TimeProvider.System);
            var tsm = new ConfigfsTsm(new TsmFiles(arguments.Tsm), TimeProvider.System);
            tsm.RemoveLeftovers();
            using var reports = new TakenInTurn(new ReportSources(tsm, new SevGuestDevice(arguments.Device, TimeProvider.System)));
            using var key = new GuestKey();
            var state = new GuestState();
            var nudge = new Nudge();
            using var loop = new RoundLoop(
                new InstructionsSearch(Places(arguments, metadata)).FindAsync, found => ControlPlane.Connect(found, TimeProvider.System),
                new AttestationRound(reports, key, TimeProvider.System), folder is null ? null : new TokenFile(folder.Token),
                state, nudge, TimeProvider.System, Random.Shared, loggers.CreateLogger<RoundLoop>());
            if (folder is null)
                return await OnceAsync(loop, state, output, error, ct);
            var watch = new NudgeWatch(metadata, nudge, arguments.NudgeInterval, TimeProvider.System, Random.Shared, loggers.CreateLogger<NudgeWatch>());
            using var socket = new WorkloadSocket(folder.Socket, new Workload(state, key, reports, TimeProvider.System), TimeProvider.System);
            try
            {
                await RunAsync(loop, arguments.InstructionsFile is null ? watch : null, socket, ct);
            }
            finally
            {
                loop.Withdraw();
            }

            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // A single round that was interrupted judged nothing; a service that was stopped is done.
            return arguments.Once ? ExitCodes.NotJudged : ExitCodes.Done;
        }
        catch (RuntimeFolderException e)
        {
            error.WriteLine($"error: {e.Message}");
            error.WriteLine("hint: run as root, or name another folder with --runtime-dir");
            return e.ExitCode;
        }
        catch (SocketException e)
        {
            error.WriteLine($"error: the socket in {arguments.RuntimeFolder} cannot be listened to: {e.Message}");
            error.WriteLine("hint: its path may be too long (107 bytes); name another folder with --runtime-dir");
            return ExitCodes.Failed;
        }
    }

    private static IReadOnlyList<IMetadataPlace> Places(GuestArguments arguments, MetadataService metadata) =>
        arguments.InstructionsFile is { } file ? [new InstructionsFile(file)] : [metadata, new ConfigDrive(arguments.ConfigDrive)];

    private static async Task<int> OnceAsync(RoundLoop loop, GuestState state, TextWriter output, TextWriter error, CancellationToken ct)
    {
        if (await loop.RoundAsync(ct) is not null)
        {
            error.WriteLine($"error: {state.Failing!.Code}: {state.Failing.Message}");
            return ExitCodes.NotJudged;
        }

        RoundResult result = state.Result!.Round;
        output.WriteLine((result.IsSimulated ? "SIMULATED " : "") + result.Answer.Verdict);
        foreach (string finding in result.Answer.Findings)
            output.WriteLine(finding);
        return ExitCodes.OfVerdict(result.Answer.Verdict);
    }

    /// <summary>Whichever ends first ends all: a daemon that only answers its socket, or only attests, is worse than one that systemd starts anew.</summary>
    private static async Task RunAsync(RoundLoop loop, NudgeWatch? watch, WorkloadSocket socket, CancellationToken ct)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(ct);
        List<Task> parts = [loop.RunAsync(stop.Token), socket.RunAsync(stop.Token)];
        if (watch is not null)
            parts.Add(watch.RunAsync(stop.Token));
        var systemd = new SystemdNotifier();
        systemd.Notify(ServiceState.Ready);
        Task first = await Task.WhenAny(parts);
        systemd.Notify(ServiceState.Stopping);
        await stop.CancelAsync();
        // The others take their entry of configfs away. One that stands in the kernel, where the host lets it wait, is not waited for.
        await Task.WhenAny(Task.WhenAll(parts), Task.Delay(s_patience, TimeProvider.System, CancellationToken.None));
        await first;
    }

    private static StandardErrorLog Log(GuestArguments arguments, TextWriter error) => new(
        error, arguments.Debug ? LogLevel.Debug : arguments.Once ? LogLevel.Error : LogLevel.Information, SystemdHelpers.IsSystemdService(), TimeProvider.System);
}
