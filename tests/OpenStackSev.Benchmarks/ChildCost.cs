using System.Diagnostics;
using System.Runtime.InteropServices;

namespace OpenStackSev.Benchmarks;

/// <summary>What one run of another program cost.</summary>
/// <param name="Cpu">User and system.</param>
/// <param name="PeakBytes">The most memory that was resident at one time.</param>
internal sealed partial record ChildCost(TimeSpan Cpu, long PeakBytes)
{
    private const int Children = -1;
    private const string Time = "/usr/bin/time";

    /// <summary>Runs the program to its end.</summary>
    /// <remarks>
    /// CPU time is what the kernel adds to RUSAGE_CHILDREN, in microseconds. Peak memory comes from GNU time, in a run of its own:
    /// the kernel counts the memory of the process that starts a program as the program's own, and only a tiny starter makes that harmless.
    /// </remarks>
    /// <param name="exitCode">With which it ends when it did its work.</param>
    /// <exception cref="InvalidOperationException">It ended otherwise.</exception>
    public static async Task<ChildCost> OfAsync(Func<ProcessStartInfo> program, int exitCode = 0)
    {
        TimeSpan before = OfChildren();
        await RunAsync(program(), exitCode);
        TimeSpan cpu = OfChildren() - before;

        ProcessStartInfo watched = program();
        string report = Path.GetTempFileName();
        try
        {
            string[] inner = [watched.FileName, .. watched.ArgumentList];
            watched.FileName = Time;
            watched.ArgumentList.Clear();
            foreach (string argument in (string[])["--format=%M", "--output=" + report, .. inner])
                watched.ArgumentList.Add(argument);
            await RunAsync(watched, exitCode);
            // GNU time tells another exit code than 0 on a line of its own
            string peak = (await File.ReadAllLinesAsync(report))[^1];
            return new ChildCost(cpu, long.Parse(peak) * 1024);
        }
        finally
        {
            File.Delete(report);
        }
    }

    /// <summary>Of several runs, the shortest CPU time and the largest peak.</summary>
    public static async Task<ChildCost> OfSeveralAsync(Func<ProcessStartInfo> program, int exitCode = 0)
    {
        ChildCost several = await OfAsync(program, exitCode);
        for (int run = 1; run < CpuTime.Runs; run++)
        {
            ChildCost cost = await OfAsync(program, exitCode);
            several = new ChildCost(cost.Cpu < several.Cpu ? cost.Cpu : several.Cpu, Math.Max(cost.PeakBytes, several.PeakBytes));
        }

        return several;
    }

    private static async Task RunAsync(ProcessStartInfo start, int exitCode)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        using Process process = Process.Start(start) ?? throw new InvalidOperationException($"{start.FileName} did not start");
        Task<string> output = process.StandardOutput.ReadToEndAsync(), error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != exitCode)
            throw new InvalidOperationException($"{start.FileName} ended with {process.ExitCode}: {await output}{await error}");
    }

    private static TimeSpan OfChildren() =>
        GetResourceUsage(Children, out ResourceUsage usage) == 0
            ? usage.User.Span + usage.System.Span
            : throw new InvalidOperationException($"getrusage failed: {Marshal.GetLastPInvokeErrorMessage()}");

    [LibraryImport("libc", EntryPoint = "getrusage", SetLastError = true)]
    private static partial int GetResourceUsage(int who, out ResourceUsage usage);

    /// <summary>struct rusage of a 64-bit Linux; only its first two fields are read.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 144)]
    private readonly struct ResourceUsage
    {
        public readonly TimeValue User;
        public readonly TimeValue System;
    }

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeValue
    {
        private readonly long seconds;
        private readonly long microseconds;

        public TimeSpan Span => TimeSpan.FromSeconds(seconds) + TimeSpan.FromMicroseconds(microseconds);
    }
}
