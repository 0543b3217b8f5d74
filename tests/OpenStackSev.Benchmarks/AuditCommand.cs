using System.Diagnostics;

namespace OpenStackSev.Benchmarks;

/// <summary><c>osev audit</c>, the native program, on the lists of a cloud as files.</summary>
internal static class AuditCommand
{
    private const int Flavors = 200;
    private const int Images = 500;
    private static readonly TimeSpan s_most = TimeSpan.FromSeconds(5);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string osev = await NativeProgram.CommandLineAsync();
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            string flavors = Path.Join(folder, "flavors.json"), images = Path.Join(folder, "images.json");
            await File.WriteAllTextAsync(flavors, $$"""{"flavors":[{{string.Join(',', Enumerable.Range(0, Flavors).Select(SampleCloud.Flavor))}}]}""");
            await File.WriteAllTextAsync(images, $$"""{"images":[{{string.Join(',', Enumerable.Range(0, Images).Select(SampleCloud.Image))}}]}""");
            ChildCost cost = await ChildCost.OfAsync(
                () => new ProcessStartInfo(osev, ["audit", "--flavors-file", flavors, "--images-file", images, "--release", "2026.2", "-f", "json"]), exitCode: 2);
            return
            [
                new($"osev audit of {Flavors} × {Images}, offline, exec to exit, CPU time", CpuTime.Text(cost.Cpu), $"at most {s_most.TotalSeconds:0} s", cost.Cpu <= s_most,
                    $"peak memory: {cost.PeakBytes / 1e6:0.0} MB"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
