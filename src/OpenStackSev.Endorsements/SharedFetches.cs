namespace OpenStackSev.Endorsements;

/// <summary>One fetch of a thing at a time, however many ask for it.</summary>
/// <remarks>Who stops waiting leaves the others their fetch; it ends with the last of them.</remarks>
internal sealed class SharedFetches<T>
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Fetch> _fetches = new(StringComparer.Ordinal);

    public async Task<T> JoinAsync(string name, Func<CancellationToken, Task<T>> start, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        Fetch? fetch;
        lock (_gate)
        {
            if (!_fetches.TryGetValue(name, out fetch))
            {
                fetch = new();
                _fetches[name] = fetch;
                fetch.Task = Task.Run(() => RunAsync(name, fetch, start), CancellationToken.None);
            }
            fetch.Waiting++;
        }
        try
        {
            return await fetch.Task.WaitAsync(ct);
        }
        finally
        {
            Leave(name, fetch);
        }
    }

    private async Task<T> RunAsync(string name, Fetch fetch, Func<CancellationToken, Task<T>> start)
    {
        try
        {
            return await start(fetch.Stop.Token);
        }
        finally
        {
            lock (_gate)
                Forget(name, fetch);
        }
    }

    private void Leave(string name, Fetch fetch)
    {
        bool last;
        lock (_gate)
        {
            last = --fetch.Waiting == 0;
            if (last)
                Forget(name, fetch);    // who comes now begins anew
        }
        if (!last)
            return;
        if (!fetch.Task.IsCompleted)
            fetch.Stop.Cancel();
        // Nobody may be left to look at how it ends.
        _ = fetch.Task.ContinueWith(static (task, stop) => { _ = task.Exception; ((CancellationTokenSource)stop!).Dispose(); },
            fetch.Stop, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void Forget(string name, Fetch fetch)
    {
        if (_fetches.TryGetValue(name, out Fetch? known) && known == fetch)
            _fetches.Remove(name);
    }

    private sealed class Fetch
    {
        public CancellationTokenSource Stop { get; } = new();
        public Task<T> Task { get; set; } = null!;
        public int Waiting { get; set; }
    }
}
