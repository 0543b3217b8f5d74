using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Benchmarks;

/// <summary>The control plane and a bare endpoint in one other process, which compiles again what is hot, as the program that is shipped does.</summary>
/// <remarks>The measurements' own process compiles once: its short runs would be measured half compiled.</remarks>
internal sealed class ControlServers : IDisposable
{
    /// <summary>First argument of that process; the second is a file of configuration.</summary>
    public const string Argument = "control-servers";

    private readonly Process process;

    private ControlServers(Process process, Uri bare, Uri control) => (this.process, Bare, Control) = (process, bare, control);

    public Uri Bare { get; }
    public Uri Control { get; }

    /// <summary>User and system, of both so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            process.Refresh();
            return process.TotalProcessorTime;
        }
    }

    public static async Task<ControlServers> StartAsync(string file)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!, [Argument, file])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        };
        start.Environment["DOTNET_TieredCompilation"] = "1";
        Process servers = Process.Start(start)!;
        string[] addresses = (await servers.StandardOutput.ReadLineAsync())?.Split(' ') ?? [];
        return addresses.Length == 2 ? new(servers, new Uri(addresses[0]), new Uri(addresses[1]))
            : throw new InvalidOperationException("the servers did not start");
    }

    /// <summary>That process: serves until its standard input ends.</summary>
    public static async Task<int> RunAsync(string file)
    {
        await using WebApplication bare = await BareAsync();
        await using WebApplication control = ControlApplication.Create(
            ControlConfiguration.Load([file]), logging => logging.SetMinimumLevel(LogLevel.Warning));
        await control.StartAsync();
        Console.WriteLine($"{bare.Urls.First()} {ControlApplication.AddressOf(control)}");
        await Console.In.ReadToEndAsync();
        await control.StopAsync();
        return 0;
    }

    public void Dispose()
    {
        process.StandardInput.Close();
        process.WaitForExit();
        process.Dispose();
    }

    /// <summary>What ASP.NET Core alone does: reads the body into the same types, answers it in a few bytes.</summary>
    private static async Task<WebApplication> BareAsync()
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        WebApplication app = builder.Build();
        app.UseRouting();
        app.MapPut("/v1/hosts/{node:guid}", async context =>
        {
            HostReport? report = await context.Request.ReadFromJsonAsync(AttestationJson.Default.HostReport);
            await context.Response.WriteAsync($"{{\"name\":\"{report!.Name}\"}}");
        });
        app.MapPost("/v1/validations", async context =>
        {
            using JsonDocument body = await JsonDocument.ParseAsync(context.Request.Body);
            await context.Response.WriteAsync($"{{\"fields\":{body.RootElement.EnumerateObject().Count()}}}");
        });
        await app.StartAsync();
        return app;
    }
}
