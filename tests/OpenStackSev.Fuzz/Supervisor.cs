using System.Diagnostics;
using System.Globalization;

namespace OpenStackSev.Fuzz;

/// <summary>Runs each target in a process of its own, because a stack overflow ends one, and says which input it was.</summary>
internal static class Supervisor
{
    private static readonly TimeSpan s_hung = TimeSpan.FromSeconds(30);

    public static async Task<bool> RunAsync(FuzzOptions options)
    {
        Directory.CreateDirectory(options.Work);
        using (new Evidence(Path.Join(options.Work, "authorities")))
            Console.Out.WriteLine(Campaign.Header);
        string program = Instrumentation.Prepare(Path.Join(options.Work, "instrumented"));
        bool sound = true;
        foreach (string name in options.Target == "all" ? Targets.Names : [options.Target])
            sound &= await RunAsync(program, name, options);
        return sound;
    }

    private static async Task<bool> RunAsync(string program, string name, FuzzOptions options)
    {
        string path = Path.Join(options.Work, $"current-{name}");
        File.Delete(path);
        using CurrentInput current = new(path);
        using Process child = Process.Start(new ProcessStartInfo(program, Arguments(name, options, path)) { UseShellExecute = false })!;
        string? ended = null;
        long count = -1;
        TimeSpan stuck = TimeSpan.Zero;
        while (ended is null && !child.HasExited)
        {
            using CancellationTokenSource tick = new(TimeSpan.FromSeconds(1));
            try
            {
                await child.WaitForExitAsync(tick.Token);
            }
            catch (OperationCanceledException)
            {
                (stuck, count) = (current.Count == count ? stuck + TimeSpan.FromSeconds(1) : TimeSpan.Zero, current.Count);
                if (stuck >= s_hung)
                {
                    ended = $"no end within {s_hung.TotalSeconds} s";
                    child.Kill();
                }
            }
        }
        await child.WaitForExitAsync();
        if (child.ExitCode is not (0 or 1))
            ended ??= $"the process ended with {child.ExitCode}";
        if (ended is null)
        {
            File.Delete(path);
            return child.ExitCode == 0;
        }
        Directory.CreateDirectory(Path.Join(options.Work, "failures"));
        string file = Path.Join(options.Work, "failures", $"{name}-died");
        await File.WriteAllBytesAsync(file, current.Read());
        Console.Error.WriteLine($"{name}: {ended} at input {current.Count}: {file}");
        return false;
    }

    private static List<string> Arguments(string name, FuzzOptions options, string current)
    {
        List<string> arguments =
        [
            "--target", name, "--work", options.Work, "--current", current,
            "--inputs", options.Inputs.ToString(CultureInfo.InvariantCulture), "--seed", options.Seed.ToString(CultureInfo.InvariantCulture),
        ];
        if (options.Time is { } time)
            arguments.AddRange(["--seconds", ((int)time.TotalSeconds).ToString(CultureInfo.InvariantCulture)]);
        if (options.Corpus is { } corpus)
            arguments.AddRange(["--corpus", corpus]);
        if (options.Keep is { } keep)
            arguments.AddRange(["--keep", keep]);
        return arguments;
    }
}
