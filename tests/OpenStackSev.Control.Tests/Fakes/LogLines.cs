using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>Everything that was logged, with exceptions, as text.</summary>
internal sealed class LogLines : ILoggerProvider
{
    private TaskCompletionSource another = New();

    public ConcurrentQueue<string> Lines { get; } = new();

    /// <summary>Waits for a line that has this: what ends a request is logged after its answer has gone out.</summary>
    public async Task UntilAsync(string part, CancellationToken ct)
    {
        using var hung = CancellationTokenSource.CreateLinkedTokenSource(ct);
        hung.CancelAfter(TimeSpan.FromMinutes(1));
        while (true)
        {
            Task coming = Volatile.Read(ref another).Task;
            if (Lines.Any(line => line.Contains(part, StringComparison.Ordinal)))
                return;
            await coming.WaitAsync(hung.Token);
        }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Add(string line)
    {
        Lines.Enqueue(line);
        Interlocked.Exchange(ref another, New()).TrySetResult();
    }

    private sealed class Logger(LogLines owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner.Add($"{logLevel} {formatter(state, exception)} {exception}");
    }
}
