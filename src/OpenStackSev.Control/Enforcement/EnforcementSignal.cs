using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Lets a verdict that turned be looked at at once.</summary>
internal sealed class EnforcementSignal(IServiceProvider services, EnforcementOptions options, TimeProvider time)
    : JobSignal(services, EnforcementJob.Key, TimeSpan.FromSeconds(5), options.Enabled, time)
{
    public void VerdictTurned() => Ask();
}
