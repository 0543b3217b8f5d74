using System.Diagnostics;

namespace OpenStackSev.Cli.Tests;

/// <summary>One run of the built program, for what belongs to a process: environment, standard input.</summary>
internal static class OsevProcess
{
    public static async Task<CommandLine> RunAsync(IReadOnlyDictionary<string, string> environment, string input, params string[] args)
    {
        ProcessStartInfo start = new(Path.Join(AppContext.BaseDirectory, "osev"), args)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("OS_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        using Process process = Process.Start(start)!;
        CancellationToken ct = TestContext.Current.CancellationToken;
        Task<string> output = process.StandardOutput.ReadToEndAsync(ct), error = process.StandardError.ReadToEndAsync(ct);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync(ct);
        return new(process.ExitCode, await output, await error);
    }
}
