using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.Agent.Configuration;
using OpenStackSev.Agent.Control;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Configuration;
using OpenStackSev.OpenStack;
using OpenStackSev.Platform;
using Serilog;
using Serilog.Events;
using Serilog.Formatting.Compact;

namespace OpenStackSev.Agent;

public enum RunMode
{
    Daemon,
    Once,
    DryRun,
}

/// <summary>The command line, parsed.</summary>
public sealed record AgentArguments(IReadOnlyList<string> ConfigFiles, IReadOnlyList<string> ConfigFolders, RunMode Mode);

/// <summary>Exit codes, after sysexits.h where it has a fitting one.</summary>
public static class ExitCodes
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 64;
    public const int TryLater = 75;
    public const int Configuration = 78;
}

/// <summary>From the command line to running rounds: configuration, state folder, cloud; then once or for ever.</summary>
public static class AgentRun
{
    public static async Task<int> StartAsync(AgentArguments arguments, TextWriter output, TextWriter error, CancellationToken ct)
    {
        try
        {
            AgentConfiguration configuration = AgentConfiguration.Load(AgentConfiguration.Files.Of(arguments.ConfigFiles, arguments.ConfigFolders));
            using Serilog.Core.Logger serilog = Logger(configuration.Process, arguments.Mode);
            using var loggers = new Serilog.Extensions.Logging.SerilogLoggerFactory(serilog);
            using CapacityStateFolder state = arguments.Mode == RunMode.DryRun
                ? CapacityStateFolder.OpenToRead(configuration.Process.StateDir)
                : CapacityStateFolder.Open(configuration.Process.StateDir);
            using OpenStackConnection cloud = Connect(configuration.OpenStack, loggers);
            CapacityPublisher publisher = Publisher(configuration, cloud, state);
            if (arguments.Mode == RunMode.Daemon)
                return await RunDaemonAsync(configuration, publisher, cloud, serilog, ct);
            await new SingleRound(publisher, Random.Shared, output).RunAsync(arguments.Mode == RunMode.DryRun, ct);
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // A single round that was interrupted is not done; a service that was stopped is.
            return arguments.Mode == RunMode.Daemon ? ExitCodes.Done : ExitCodes.TryLater;
        }
        catch (Exception e) when (Explain(e) is { } explained)
        {
            error.WriteLine($"error: {explained.Message}");
            if (explained.Hint is { } hint)
                error.WriteLine($"hint: {hint}");
            return explained.ExitCode;
        }
    }

    private static OpenStackConnection Connect(OpenStackOptions options, ILoggerFactory loggers)
    {
        CloudEnvironment environment = CloudEnvironment.OfProcess();
        if (options.CloudsFile is { } file)
            environment = environment.With("OS_CLIENT_CONFIG_FILE", file);
        return OpenStackConnection.Open(CloudSettings.Load(options.Cloud, environment), new OpenStackConnectionOptions { LoggerFactory = loggers });
    }

    private static CapacityPublisher Publisher(AgentConfiguration configuration, OpenStackConnection cloud, CapacityStateFolder state)
    {
        LibvirtWatch libvirt = new();
        PlatformFacts? facts = null;
        // A round reads the machine before it asks how the node is called.
        return new(
            () => facts = PlatformProbe.Read(configuration.Process.PlatformRoot, libvirt),
            ct => NodeIdentity.ReadAsync(configuration.Capacity, configuration.Process.PlatformRoot, facts?.Virtualization?.HostName, ct),
            new PlacementMirror(cloud.Placement),
            state,
            configuration.Capacity);
    }

    private static async Task<int> RunDaemonAsync(
        AgentConfiguration configuration, CapacityPublisher publisher, OpenStackConnection cloud, Serilog.Core.Logger serilog, CancellationToken ct)
    {
        var reports = new LatestReport();
        using var control = new ControlConnection(configuration.Control, cloud);
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddSystemd();
        builder.Services.AddSerilog(serilog);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(1));
        builder.Services.AddSingleton<IHostedService>(services => new CapacityLoop(
            publisher, configuration.Capacity, TimeProvider.System, Random.Shared, services.GetRequiredService<ILogger<CapacityLoop>>(),
            outcome => reports.Put(NodeReport.Of(outcome, services.GetService<CertificateLoop>()?.Finding is { } finding ? [finding] : []))));
        if (configuration.Control.Renewed is { } files)
        {
            files.Recover();
            builder.Services.AddSingleton(services => new CertificateLoop(
                reports, files, (node, request, token) => RenewAsync(configuration.Control, cloud, node, request, token),
                TimeProvider.System, Random.Shared, services.GetRequiredService<ILogger<CertificateLoop>>()));
            builder.Services.AddHostedService(services => services.GetRequiredService<CertificateLoop>());
        }

        if (configuration.Control.IsOn)
        {
            LastWord word = LastWord.Open(configuration.Process.StateDir, TimeProvider.System);
            builder.Services.AddSingleton<IHostedService>(services => new TrustLoop(
                word, new TrustRemoval(cloud.Placement).RemoveAsync, TimeProvider.System, Random.Shared, services.GetRequiredService<ILogger<TrustLoop>>()));
            builder.Services.AddSingleton<IHostedService>(services => new ControlLoop(
                reports, (report, token) => control.ReportAsync(report.Node, report.Body, token), word,
                configuration.Control, TimeProvider.System, Random.Shared, services.GetRequiredService<ILogger<ControlLoop>>(),
                new EndorsementUpload(new EndorsementFiles(configuration.Control.EndorsementFolder), control.PutEndorsementsAsync,
                    services.GetRequiredService<ILogger<EndorsementUpload>>()).AfterReportAsync));
        }

        using IHost host = builder.Build();
        await host.StartAsync(ct);
        await host.WaitForShutdownAsync(ct);
        // A loop that failed stops the host; its exception says why and sets the exit code.
        foreach (BackgroundService loop in host.Services.GetServices<IHostedService>().OfType<BackgroundService>())
        {
            if (loop.ExecuteTask is { IsFaulted: true } failed)
                await failed;
        }

        return ExitCodes.Done;
    }

    /// <summary>On a connection of its own: the one of the reports is made anew when the certificate changes.</summary>
    private static async Task<RenewedCertificate> RenewAsync(ControlOptions options, OpenStackConnection cloud, Guid node, string request, CancellationToken ct)
    {
        using var connection = new ControlConnection(options, cloud);
        return await connection.RenewAsync(node, request, ct);
    }

    private static Serilog.Core.Logger Logger(ProcessOptions options, RunMode mode)
    {
        LogEventLevel level = options.Debug ? LogEventLevel.Debug : mode == RunMode.Daemon ? LogEventLevel.Information : LogEventLevel.Warning;
        LoggerConfiguration configuration = new LoggerConfiguration().MinimumLevel.Is(level)
            .MinimumLevel.Override("Microsoft", LogEventLevel.Warning);
        // Standard error, so that --once and --dry-run leave standard output to their result.
        return options.LogJson
            ? configuration.WriteTo.Console(new CompactJsonFormatter(), standardErrorFromLevel: LogEventLevel.Verbose).CreateLogger()
            : configuration.WriteTo.Console(
                outputTemplate: "{Timestamp:yyyy-MM-dd HH:mm:ss.fff} {Level:u4} {Message:lj}{NewLine}{Exception}",
                standardErrorFromLevel: LogEventLevel.Verbose).CreateLogger();
    }

    private sealed record Explanation(string Message, string? Hint, int ExitCode);

    /// <summary>The failures that are part of the agent's contract; anything else is a defect and keeps its stack trace.</summary>
    private static Explanation? Explain(Exception exception) => exception switch
    {
        ConfigurationException e => new(string.Join(Environment.NewLine + "error: ", e.Problems), null, ExitCodes.Configuration),
        CloudConfigurationException e => new(e.Message, e.Hint, ExitCodes.Configuration),
        StateFolderException e => new(e.Message, e.Hint, e.IsBusy ? ExitCodes.TryLater : ExitCodes.Configuration),
        NodeNotFoundException e => new(e.Message,
            "start nova-compute on this node first, or set [capacity] node_name to its hypervisor_hostname", ExitCodes.TryLater),
        PersistentConflictException e => new(e.Message, null, ExitCodes.TryLater),
        OpenStackApiException { Status: System.Net.HttpStatusCode.Unauthorized } e => new(e.Message,
            "check user name, password and project of this cloud in clouds.yaml", ExitCodes.Failed),
        OpenStackApiException { Status: System.Net.HttpStatusCode.Forbidden } e => new(e.Message,
            "the user needs role admin or service to write to Placement", ExitCodes.Failed),
        OpenStackApiException e => new(e.Message, null, e.IsTransient ? ExitCodes.TryLater : ExitCodes.Failed),
        _ => null,
    };
}
