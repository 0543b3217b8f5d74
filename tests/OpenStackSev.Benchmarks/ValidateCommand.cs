using System.Diagnostics;
using System.Text;

namespace OpenStackSev.Benchmarks;

/// <summary><c>osev validate</c>, the native program: one pair from exec to exit, and many pairs in one batch.</summary>
internal static class ValidateCommand
{
    private const int Pairs = 10_000;
    private static readonly TimeSpan s_mostForOne = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan s_mostForBatch = TimeSpan.FromMilliseconds(300);

    /// <summary>What ten times as many lines may add: the collector lets its heap grow a little before it works.</summary>
    private const double MostGrowth = 3e6;

    /// <summary>How a batch ends in which something would not boot, or not be encrypted.</summary>
    private const int Errors = 2;

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string osev = await NativeProgram.CommandLineAsync();
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            string flavor = Write("flavor.json", SampleCloud.Flavor(0)), image = Write("image.json", SampleCloud.Image(0));
            string batch = Write("pairs.jsonl", Lines(Pairs)), longer = Write("longer.jsonl", Lines(10 * Pairs));
            string[] single = ["validate", "--flavor-file", flavor, "--image-file", image, "--release", "2026.2", "-f", "json"];
            ChildCost one = await ChildCost.OfSeveralAsync(() => new(osev, single));
            ChildCost version = await ChildCost.OfSeveralAsync(() => new(osev, ["--version"]));
            string[] Of(string file) => ["validate", "--batch", file, "-f", "jsonl", "--release", "2026.2"];
            ChildCost many = await ChildCost.OfSeveralAsync(() => new(osev, Of(batch)), Errors);
            ChildCost tenfold = await ChildCost.OfAsync(() => new(osev, Of(longer)), Errors);
            string answers = Write("answers.jsonl", await OutputAsync(osev, Of(batch)));
            ChildCost copying = await ChildCost.OfSeveralAsync(() => new("cat", [batch, answers]));
            TimeSpan judging = many.Cpu - copying.Cpu;
            return
            [
                new($"osev validate, offline, exec to exit, CPU time, best of {CpuTime.Runs}", CpuTime.Text(one.Cpu), $"at most {s_mostForOne.TotalMilliseconds:0} ms",
                    one.Cpu <= s_mostForOne, $"osev --version: {CpuTime.Text(version.Cpu)}"),
                new($"osev validate --batch of {Pairs:N0} pairs, beyond reading and writing them", CpuTime.Text(judging), $"at most {s_mostForBatch.TotalMilliseconds:0} ms",
                    judging <= s_mostForBatch, $"all of it: {CpuTime.Text(many.Cpu)}; cat of both: {CpuTime.Text(copying.Cpu)}"),
                new("the same, peak memory", $"{many.PeakBytes / 1e6:0.0} MB; of {10 * Pairs:N0} pairs {tenfold.PeakBytes / 1e6:0.0} MB", $"{MostGrowth / 1e6:0} MB more at most",
                    tenfold.PeakBytes - many.PeakBytes <= MostGrowth, $"{new FileInfo(batch).Length / 1e6:0.0} MB in, {new FileInfo(answers).Length / 1e6:0.0} MB out"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        string Write(string name, string content)
        {
            string path = Path.Join(folder, name);
            File.WriteAllText(path, content);
            return path;
        }
    }

    private static string Lines(int count)
    {
        StringBuilder lines = new();
        for (int i = 0; i < count; i++)
            lines.Append("{\"flavor\":").Append(SampleCloud.Flavor(i)).Append(",\"image\":").Append(SampleCloud.Image(i / 7)).Append("}\n");
        return lines.ToString();
    }

    private static async Task<string> OutputAsync(string program, string[] arguments)
    {
        ProcessStartInfo start = new(program, arguments) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }
}
