using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace OpenStackSev.Guest.Tests.Fakes;

/// <summary>Everything that was logged, with ids.</summary>
internal sealed class Logs : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<(int Id, string Text)> lines = [];

    public string Text => string.Join('\n', lines.Select(line => line.Text));

    public int Count(int id) => lines.Count(line => line.Id == id);

    public ILogger<T> For<T>() => new Logger<T>(this);

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        lines.Enqueue((eventId.Id, $"{formatter(state, exception)} {exception}"));

    public void Dispose()
    {
        // Nothing is held.
    }
}
