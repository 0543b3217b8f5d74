using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Capacity;

/// <summary><c>--once</c> and <c>--dry-run</c>: one round that goes on through conflicts, and its outcome for people.</summary>
public sealed class SingleRound(CapacityPublisher publisher, Random jitter, TextWriter output)
{
    private const int MaximumConflicts = 20;

    /// <exception cref="PersistentConflictException">Others wrote at every attempt.</exception>
    public async Task RunAsync(bool dryRun, CancellationToken ct)
    {
        for (int conflicts = 0; conflicts < MaximumConflicts; conflicts++)
        {
            PublishOutcome outcome = await publisher.PublishAsync(dryRun, ct);
            if (outcome.Result != PublishResult.Conflict)
            {
                Print(outcome);
                return;
            }

            await Task.Delay(Backoff.AfterConflict(conflicts, jitter), ct);
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
