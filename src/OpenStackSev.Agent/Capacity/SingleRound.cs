using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Capacity;

/// <summary><c>--once</c> and <c>--dry-run</c>: one round that goes on through conflicts, and its outcome for people.</summary>
public sealed class SingleRound(CapacityPublisher publisher, Random jitter, TextWriter output)
{
    private const int MaximumConflicts = 20;

    /// <summary>Failures that the service itself answered with. Placement also answers 500 when two writers meet at the wrong moment.</summary>
    private const int MaximumFailures = 3;

    /// <exception cref="PersistentConflictException">Others wrote at every attempt.</exception>
    public async Task RunAsync(bool dryRun, CancellationToken ct)
    {
        int conflicts = 0, failures = 0;
        while (conflicts < MaximumConflicts)
        {
            try
            {
                PublishOutcome outcome = await publisher.PublishAsync(dryRun, ct);
                if (outcome.Result != PublishResult.Conflict)
                {
                    Print(outcome);
                    return;
                }
            }
            catch (OpenStackApiException e) when (e is { IsTransient: true, Status: not null } && ++failures < MaximumFailures)
            {
                // The next attempt reads again, as after a conflict.
            }

            await Task.Delay(Backoff.AfterConflict(conflicts++, jitter), ct);
        }

        throw new PersistentConflictException(MaximumConflicts);
    }

    private void Print(PublishOutcome outcome)
    {
        output.WriteLine(outcome.Result switch
        {
            PublishResult.Unchanged => $"{outcome.Desired.RootName}: Placement matches this node, nothing to write",
            PublishResult.Planned => $"{outcome.Desired.RootName}: would write",
            _ => $"{outcome.Desired.RootName}: written",
        });
        foreach (string line in outcome.Changes.Describe())
            output.WriteLine($"  {line.ReplaceLineEndings(Environment.NewLine + "  ")}");
        foreach ((EncryptionModel model, GuardProvider guard) in outcome.Desired.Guards)
        {
            foreach ((string resourceClass, Inventory inventory) in guard.Inventories)
                output.WriteLine($"{model.NovaName}: {resourceClass} total {inventory.Total} reserved {inventory.Reserved}");
        }

        foreach (CapacityFinding finding in outcome.Findings)
            output.WriteLine($"warning: {finding}");
    }
}

/// <summary>Somebody else wrote to this node's providers each time that we were about to.</summary>
public sealed class PersistentConflictException(int attempts)
    : Exception($"somebody wrote to this node's providers at each of {attempts} attempts; try again later");
