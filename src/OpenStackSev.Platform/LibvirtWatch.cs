namespace OpenStackSev.Platform;

/// <summary>Asks libvirt beside the rounds, and remembers what it said: one that hangs holds up nothing.</summary>
/// <remarks>One conversation at a time, on a thread of its own that may be lost to a daemon which never answers. Safe for several threads.</remarks>
public sealed class LibvirtWatch
{
    /// <summary>How long a reader waits for a conversation that it began itself. A daemon that is well takes some milliseconds.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(2);

    /// <summary>An answer that is younger is not asked for again.</summary>
    private static readonly TimeSpan s_fresh = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private readonly ILibvirt libvirt;
    private readonly TimeProvider time;
    private Task<Source<LibvirtAnswer>>? asking;
    private LibvirtAnswer? last;
    private Source<LibvirtAnswer>? failure;
    private long answeredAt;

    /// <summary>The libvirt of this machine, as Nova finds it.</summary>
    public LibvirtWatch()
        : this(new LibvirtDaemon(), TimeProvider.System)
    {
    }

    internal LibvirtWatch(ILibvirt libvirt, TimeProvider time) => (this.libvirt, this.time) = (libvirt, time);

    internal VirtualizationFacts? Read(List<PlatformFinding> findings)
    {
        bool isNew;
        Task<Source<LibvirtAnswer>>? answer;
        lock (gate)
            (isNew, answer) = (Begin(), asking);
        if (isNew)
            Wait(answer!);
        lock (gate)
        {
            Take();
            if (asking is not null)
                findings.Add(new(PlatformCodes.LibvirtUnreadable, libvirt.Subject, last is null ? "it has not answered yet" : "it does not answer now; what it said before is used"));
            else if (failure is { } failed)
                findings.Add(VirtualizationSource.Codes.Finding(failed, libvirt.Subject));
            return last is null ? null : VirtualizationSource.Facts(last, time.GetElapsedTime(answeredAt), libvirt.Subject, findings);
        }
    }

    private bool Begin()
    {
        Take();
        if (asking is not null || (last is not null && failure is null && time.GetElapsedTime(answeredAt) < s_fresh))
            return false;
        TaskCompletionSource<Source<LibvirtAnswer>> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => answer.SetResult(libvirt.Ask())) { IsBackground = true, Name = "libvirt" }.Start();
        asking = answer.Task;
        return true;
    }

    private void Take()
    {
        if (asking is not { IsCompleted: true } done)
            return;
        Source<LibvirtAnswer> answer = done.Result;
        asking = null;
        failure = answer.IsFound ? null : answer;
        if (answer.IsFound)
            (last, answeredAt) = (answer.Value, time.GetTimestamp());
    }

    private void Wait(Task<Source<LibvirtAnswer>> answer)
    {
        try
        {
            answer.WaitAsync(s_patience, time).GetAwaiter().GetResult();
        }
        catch (TimeoutException)
        {
            // The next reader looks again.
        }
    }
}
