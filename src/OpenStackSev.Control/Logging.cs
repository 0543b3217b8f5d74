using OpenStackSev.Control.Configuration;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace OpenStackSev.Control;

/// <summary>Where log lines go. The only file that names the logging library.</summary>
internal static class Logging
{
    public static Action<ILoggingBuilder> For(ProcessOptions options)
    {
        LoggerConfiguration configuration = new LoggerConfiguration()
            .MinimumLevel.Is(options.Debug ? LogEventLevel.Debug : LogEventLevel.Information)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning)
            // A failed start is told in two lines, not in a stack trace.
            .MinimumLevel.Override("Microsoft.Extensions.Hosting.Internal.Host", LogEventLevel.Fatal)
            .MinimumLevel.Override("Polly", LogEventLevel.Warning)
            .Enrich.FromLogContext();
        configuration = options.LogJson
            ? configuration.WriteTo.Console(new CompactJsonFormatter(), standardErrorFromLevel: LogEventLevel.Verbose)
            : configuration.WriteTo.Console(
                outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u4} {Message:lj}{NewLine}{Exception}",
                standardErrorFromLevel: LogEventLevel.Verbose);
        return logging => logging.AddSerilog(configuration.CreateLogger(), dispose: true);
    }
}
