using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>A write that its caller waits for.</summary>
internal sealed class PendingWrite(HistoryRecord? record, IReadOnlyList<StateChange> changes)
{
    /// <summary>Null when only current state changes.</summary>
    public HistoryRecord? Record { get; } = record;

    public IReadOnlyList<StateChange> Changes { get; } = changes;

    /// <summary>Why this write alone was left out of its transaction.</summary>
    public StorageException? Refusal { get; set; }

    /// <summary>Where the record is in the chain.</summary>
    public long? Sequence { get; set; }

    // asynchronously: a caller's work must not run on the writer's loop
    public TaskCompletionSource<long?> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Done()
    {
        if (Refusal is { } refusal)
            Answer.TrySetException(refusal);
        else
            Answer.TrySetResult(Sequence);
    }
}
