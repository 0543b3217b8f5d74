using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Gates;

/// <summary>Lets gates be looked at when there is something to say.</summary>
internal sealed class GateWake(IServiceProvider services, GateJournal journal, HeatOptions options, TimeProvider time)
    : JobSignal(services, GateJob.Key, TimeSpan.FromSeconds(2), options.Enabled, time)
{
    public void Noticed()
    {
        journal.IsAnyOpen = true;
        Ask();
    }

    /// <summary>An instance was judged. While no gate waits that is nobody's news.</summary>
    public void Judged()
    {
        if (journal.IsAnyOpen)
            Ask();
    }
}
