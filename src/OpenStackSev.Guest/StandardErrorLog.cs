using System.Globalization;
using Microsoft.Extensions.Logging;

namespace OpenStackSev.Guest;

/// <summary>One line a message on standard error: with the time for people, with the level's number for journald.</summary>
/// <remarks>Serilog, as the other programs have it, would make this one larger than 9 MB; README.md has the figures.</remarks>
internal sealed class StandardErrorLog(TextWriter error, LogLevel least, bool forJournal, TimeProvider time) : ILoggerFactory, ILogger
{
    private readonly Lock gate = new();

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("this program has one log");

    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
            return;
        // What another side said is in some messages: it must not make lines of its own.
        string message = formatter(state, exception).ReplaceLineEndings(" ");
        string line = forJournal
            ? $"<{PriorityOf(logLevel)}>{message}"
            : string.Create(CultureInfo.InvariantCulture, $"{time.GetLocalNow():yyyy-MM-dd HH:mm:ss.fff} {WordOf(logLevel)} {message}");
        lock (gate)
            error.WriteLine(line);
    }

    public void Dispose()
    {
        // Standard error is not ours.
    }

    /// <summary>As syslog counts.</summary>
    private static int PriorityOf(LogLevel level) => level switch
    {
        LogLevel.Critical => 2,
        LogLevel.Error => 3,
        LogLevel.Warning => 4,
        LogLevel.Information => 6,
        _ => 7,
    };

    private static string WordOf(LogLevel level) => level switch
    {
        LogLevel.Critical => "FATL",
        LogLevel.Error => "EROR",
        LogLevel.Warning => "WARN",
        LogLevel.Information => "INFO",
        _ => "DBUG",
    };
}
