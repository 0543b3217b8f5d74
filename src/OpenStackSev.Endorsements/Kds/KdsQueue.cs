namespace OpenStackSev.Endorsements.Kds;

/// <summary>Lets requests through to a key distribution service one at a time, at its pace, and tries again what failed in passing.</summary>
/// <remarks>
/// In the order of <see cref="KdsDocument"/>, then of arrival. A request that failed keeps its place and lets others pass while it waits;
/// when the service as a whole refuses or is gone (429, Retry-After, no connection), all wait.
/// The pace is of this process: several on one address meet as 429, which waits.
/// </remarks>
public sealed class KdsQueue : IDisposable
{
    private readonly KdsClient _client;
    private readonly KdsOptions _options;
    private readonly long _started;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private readonly SortedSet<Entry> _waiting = new(Comparer<Entry>.Create(
        (one, other) => (one.Request.Document, one.Sequence).CompareTo((other.Request.Document, other.Sequence))));

    private long _sequence;
    private Entry? _sending;
    private TimeSpan _open;                 // nothing is sent before
    private int _failuresInRow;             // of the service as a whole
    private TimeSpan? _troubleSince;
    private KdsException? _lastFailure;
    private bool _disposed;

    public KdsQueue(KdsClient client)
    {
        (_client, _options) = (client, client.Options);
        _started = _options.Time.GetTimestamp();
        _timer = _options.Time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public Uri Address => _client.Address;

    /// <summary>From 0 to 1: how much of the tenth that back-off may be longer is added. Random, except in tests.</summary>
    internal Func<double> Jitter { get; init; } = Random.Shared.NextDouble;

    /// <summary>What goes on now.</summary>
    public KdsQueueStatus Status
    {
        get
        {
            lock (_gate)
                return new(_waiting.Count, _sending?.Request.Path, _sending is null && _waiting.Count > 0 ? NextIn(Now) : null, _lastFailure);
        }
    }

    private TimeSpan Now => _options.Time.GetElapsedTime(_started);

    /// <summary>Waits for its turn and for the answer.</summary>
    /// <exception cref="KdsException">The service has it not, or could not be asked within <see cref="KdsOptions.GiveUpAfter"/>.</exception>
    public async Task<byte[]> FetchAsync(KdsRequest request, CancellationToken ct = default)
    {
        Entry entry;
        Entry? next;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_waiting.Count >= _options.QueueLength)
                throw _client.Failure(request, null, KdsCodes.QueueFull, $"{_waiting.Count} requests wait already");
            entry = new(request, ++_sequence, ct);
            _waiting.Add(entry);
            next = TakeNext();
        }
        Send(next);
        await using CancellationTokenRegistration leaving = ct.UnsafeRegister(_ => Leave(entry), null);
        return await entry.Answer.Task;
    }

    /// <summary>Who still waits is told so as a cancellation.</summary>
    public void Dispose()
    {
        Entry[] left;
        lock (_gate)
        {
            if (_disposed)
                return;
            _disposed = true;
            left = [.. _waiting];
            _waiting.Clear();
        }
        _timer.Dispose();
        foreach (Entry entry in left)
            entry.Answer.TrySetCanceled();
    }

    private void Leave(Entry entry)
    {
        lock (_gate)
        {
            // One that is being sent has the token itself.
            if (!_waiting.Remove(entry))
                return;
        }
        entry.Answer.TrySetCanceled(entry.Cancellation);
    }

    private void Pump()
    {
        Entry? next;
        lock (_gate)
            next = TakeNext();
        Send(next);
    }

    /// <summary>The one whose turn it is; null when it is nobody's, and then the timer is set to when it will be. Within the lock, as all that it reads.</summary>
    private Entry? TakeNext()
    {
        if (_disposed || _sending is not null || _waiting.Count == 0)
            return null;
        TimeSpan now = Now, wait = NextIn(now);
        if (wait > TimeSpan.Zero)
        {
            // Whole milliseconds, rounded up: the timer knows no parts of them, and would come too early.
            _timer.Change(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)), Timeout.InfiniteTimeSpan);
            return null;
        }
        _sending = _waiting.First(entry => entry.NotBefore <= now);
        _waiting.Remove(_sending);
        return _sending;
    }

    private void Send(Entry? entry)
    {
        if (entry is not null)
            _ = SendAsync(entry);
    }

    private TimeSpan NextIn(TimeSpan now)
    {
        TimeSpan earliest = TimeSpan.MaxValue;
        foreach (Entry entry in _waiting)
        {
            earliest = entry.NotBefore < earliest ? entry.NotBefore : earliest;
            if (earliest <= now)
                break;
        }
        earliest = earliest > _open ? earliest : _open;
        return earliest > now ? earliest - now : TimeSpan.Zero;
    }

    private async Task SendAsync(Entry entry)
    {
        await Task.Yield();     // not on the stack of who asked, or of the timer
        byte[]? answer = null;
        Exception? failure = null;
        try
        {
            answer = await _client.FetchAsync(entry.Request, entry.Cancellation);
        }
        // Whatever it was belongs to who asked: here it would end the queue for all.
        catch (Exception e)
        {
            failure = e;
        }

        List<Entry> failed = [];
        Entry? next;
        lock (_gate)
        {
            _sending = null;
            TimeSpan now = Now;
            _open = now + _options.Pace;
            if (failure is KdsException { IsTransient: true } trouble && !entry.Cancellation.IsCancellationRequested && !_disposed)
            {
                failed = AfterTrouble(entry, trouble, now);
            }
            else
            {
                if (failure is null or KdsException)
                    (_failuresInRow, _troubleSince, _lastFailure) = (0, null, failure as KdsException);
                if (failure is not null)
                    failed = [entry];
            }
            next = TakeNext();
        }

        if (answer is not null)
            entry.Answer.TrySetResult(answer);
        foreach (Entry one in failed)
            one.Fail(failure!);
        Send(next);
    }

    /// <returns>Who gives up.</returns>
    private List<Entry> AfterTrouble(Entry entry, KdsException trouble, TimeSpan now)
    {
        _lastFailure = trouble;
        entry.FirstFailed ??= now;
        bool ofAll = trouble.Code != KdsCodes.Unavailable || trouble.RetryAfter is not null;
        TimeSpan pause = trouble.RetryAfter is { } asked
            ? Shorter(asked, _options.LongestBackOff)
            : BackOff(ofAll ? _failuresInRow++ : entry.Failures++);
        if (ofAll)
        {
            _troubleSince ??= now;
            _open = now + pause > _open ? now + pause : _open;
            if (now - _troubleSince >= _options.GiveUpAfter)
            {
                List<Entry> all = [entry, .. _waiting];
                _waiting.Clear();
                return all;
            }
        }
        else
        {
            entry.NotBefore = now + pause;
        }
        if (now - entry.FirstFailed >= _options.GiveUpAfter)
            return [entry];
        _waiting.Add(entry);
        return [];
    }

    private TimeSpan BackOff(int failures)
    {
        double factor = Math.Pow(2, Math.Min(failures, 20)) * (1 + (0.1 * Jitter()));
        return Shorter(TimeSpan.FromSeconds(Math.Min(_options.ShortestBackOff.TotalSeconds * factor, TimeSpan.FromDays(1).TotalSeconds)),
            _options.LongestBackOff);
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private sealed class Entry(KdsRequest request, long sequence, CancellationToken cancellation)
    {
        public KdsRequest Request { get; } = request;
        public long Sequence { get; } = sequence;
        public CancellationToken Cancellation { get; } = cancellation;

        /// <summary>Continues elsewhere, so that nobody's work holds up the queue.</summary>
        public TaskCompletionSource<byte[]> Answer { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TimeSpan NotBefore { get; set; }
        public TimeSpan? FirstFailed { get; set; }
        public int Failures { get; set; }

        public void Fail(Exception failure)
        {
            if (failure is OperationCanceledException)
                Answer.TrySetCanceled(Cancellation);
            else
                Answer.TrySetException(failure is KdsException kds && kds.Path != Request.Path ? kds.For(Request.Path) : failure);
        }
    }
}

/// <summary>What a queue does now.</summary>
/// <param name="Waiting">Requests that wait, without the one that is being sent.</param>
/// <param name="Sending">Path of the request that is being sent; null when none is.</param>
/// <param name="NextIn">When the next one may be sent; null when none waits, or one is being sent.</param>
/// <param name="LastFailure">How the last request failed; null when it did not.</param>
public readonly record struct KdsQueueStatus(int Waiting, string? Sending, TimeSpan? NextIn, KdsException? LastFailure);
