using System.Diagnostics;

namespace OpenStackSev.Cli.Tests;

/// <summary>The built program, which is told to stop: 128 and the signal, as a shell says it. snapshot-sync, a service, has its own tests.</summary>
public sealed class StoppedTests : IDisposable
{
    /// <summary>A program that does not end until then is killed, and the test fails.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("TERM", ExitCode.Terminated), InlineData("INT", ExitCode.Interrupted)]
    public async Task A_command_that_runs_until_it_is_stopped(string signal, int code)
    {
        (await OsevProcess.RunAsync(new Dictionary<string, string>(), "", "simulate", "chain", "--product", "turin", "--key-bits", "2048", "--out", folder.At("amd"))).Succeeded();
        using Process kds = Start("simulate", "kds", "--chain", folder.At("amd"), "--listen", "127.0.0.1:0");
        Assert.StartsWith("simulated KDS ", await kds.StandardOutput.ReadLineAsync(Ct), StringComparison.Ordinal);
        Assert.Equal((code, ""), await ToldAsync(kds, signal));
    }

    [Theory]
    [InlineData("TERM", ExitCode.Terminated), InlineData("INT", ExitCode.Interrupted)]
    public async Task A_command_that_cannot_be_told_to_end_is_left_behind(string signal, int code)
    {
        string pipe = folder.At("report");
        using (Process made = Process.Start("mkfifo", [pipe]))
            await made.WaitForExitAsync(Ct);
        using Process show = Start("attest", "show", "--report", pipe);
        // Returns when the program reads it, which then waits for words that do not come.
        await using FileStream held = await Task.Run(() => new FileStream(pipe, FileMode.Open, FileAccess.Write), Ct).WaitAsync(Ct);
        Assert.Equal((code, ""), await ToldAsync(show, signal));
    }

    private static async Task<(int Code, string Error)> ToldAsync(Process process, string signal)
    {
        Assert.False(process.HasExited);
        using Process kill = Process.Start("kill", ["-" + signal, $"{process.Id}"]);
        using var longest = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        longest.CancelAfter(s_longest);
        using CancellationTokenRegistration end = longest.Token.Register(process.Kill);
        string error = await process.StandardError.ReadToEndAsync(Ct);
        await process.WaitForExitAsync(Ct);
        return (process.ExitCode, error);
    }

    /// <summary>With SIGINT as it comes: whoever starts the tests in a shell's background has it ignored, which programs inherit.</summary>
    private static Process Start(params string[] args) => Process.Start(
        new ProcessStartInfo("env", ["--default-signal=INT", Path.Join(AppContext.BaseDirectory, "osev"), .. args]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
}
