using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>The policy that judges now, read once for many judgements.</summary>
/// <remarks>
/// What this control plane changes holds for the next judgement. What another one changes in the same database holds after
/// <see cref="Lifetime"/> at the latest.
/// </remarks>
public sealed class ActivePolicy(PolicyStates states, EndorsementOptions endorsements, TimeProvider time)
{
    /// <summary>How long what was read is believed.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private Known? known;
    private long changes;

    /// <exception cref="StorageException">It cannot be read: nothing can be judged now.</exception>
    public async ValueTask<PolicyInForce> GetAsync(CancellationToken ct = default)
    {
        DateTimeOffset now = time.GetUtcNow();
        long before;
        lock (gate)
        {
            if (known is { } one && one.ReadAt <= now && now - one.ReadAt < Lifetime)
                return one.Policy;
            before = changes;
        }

        PolicyInForce policy = PolicyInForce.Of(await states.ActiveAsync(ct), await states.ReferenceValuesAsync(ct), endorsements);
        lock (gate)
        {
            // What was read before a change is for who asked before it, and for nobody after.
            if (before == changes)
                known = new Known(policy, now);
        }

        return policy;
    }

    /// <summary>To be called after every change that this control plane has committed.</summary>
    public void Changed()
    {
        lock (gate)
        {
            changes++;
            known = null;
        }
    }

    private sealed record Known(PolicyInForce Policy, DateTimeOffset ReadAt);
}
