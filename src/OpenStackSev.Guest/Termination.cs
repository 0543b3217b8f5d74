using System.Runtime.InteropServices;

namespace OpenStackSev;

/// <summary>SIGTERM and SIGINT as a cancellation. The one file of its kind: agent and osev compile it too.</summary>
/// <remarks>
/// It listens before anything else is done: a service that is told to stop right after READY=1 is to end as any other time. System.CommandLine
/// listens only once the action has waited for something, gives it two seconds, and then ends with 143 whatever it was about to leave.
/// </remarks>
internal sealed class Termination : IDisposable
{
    /// <summary>Shorter than TimeoutStopSec of the units.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource asked = new();
    private readonly ManualResetEventSlim ended = new();
    private readonly PosixSignalRegistration[] registrations;
    private int first;

    public Termination() => registrations =
        [PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear), PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear)];

    /// <summary>Cancelled by the first signal.</summary>
    public CancellationToken Token => asked.Token;

    /// <summary>Null while there was none.</summary>
    public PosixSignal? Signal => Volatile.Read(ref first) is var number and not 0 ? (PosixSignal)number : null;

    /// <summary>The work is done: the program ends with its own exit code.</summary>
    public void Dispose()
    {
        ended.Set();
        foreach (PosixSignalRegistration registration in registrations)
            registration.Dispose();
    }

    /// <remarks>
    /// On a thread of its own, which the runtime makes for each signal. A second one, or work that does not heed the first because it stands in
    /// a call of the kernel's, has the signal do what it does to any program: systemd calls that success, and a shell 143 or 130.
    /// </remarks>
    private void Hear(PosixSignalContext context)
    {
        if (Interlocked.CompareExchange(ref first, (int)context.Signal, 0) != 0)
            return;
        // Not Cancel: the work would go on here, and be waited for below.
        _ = asked.CancelAsync();
        context.Cancel = ended.Wait(s_patience);
    }
}
