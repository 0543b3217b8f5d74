namespace OpenStackSev.Agent.Control;

/// <summary>The newest report: the rounds put it here and go on; the reporting loop takes it when it can.</summary>
public sealed class LatestReport
{
    private readonly Lock gate = new();
    private TaskCompletionSource changed = New();
    private NodeReport? newest;

    public void Put(NodeReport report)
    {
        TaskCompletionSource waiting;
        lock (gate)
        {
            newest = report;
            (waiting, changed) = (changed, New());
        }

        waiting.SetResult();
    }

    /// <summary>The newest report, at once when one came since <paramref name="seen"/>, else after <paramref name="longest"/> or when one comes.</summary>
    public async Task<NodeReport> NextAsync(NodeReport? seen, TimeSpan longest, TimeProvider time, CancellationToken ct)
    {
        while (true)
        {
            Task coming;
            lock (gate)
            {
                if (newest is not null && !ReferenceEquals(newest, seen))
                    return newest;
                coming = changed.Task;
            }

            try
            {
                await coming.WaitAsync(seen is null ? Timeout.InfiniteTimeSpan : longest, time, ct);
            }
            catch (TimeoutException)
            {
                return seen!;
            }
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
