using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Tests;

namespace OpenStackSev.Benchmarks;

/// <summary>Flavors and images through all rules, without any I/O.</summary>
internal static class ValidationCost
{
    private const int Many = 10_000, Few = 1_000, Rounds = 20;
    private const double LeastRatio = 7, MostRatio = 13, MostGrowth = 1.0;
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(300);

    public static IReadOnlyList<Result> Measure()
    {
        var random = new RandomRequests(1);
        RandomRequest[] requests = [.. Enumerable.Range(0, Many).Select(_ => random.Next())];
        (FlavorSpec Flavor, ImageSpec Image)[] pairs = [.. requests.Select(request => (request.Flavor, request.Image))];
        byte[][] bodies = [.. requests.Select(Body)];
        // Also the warm-up.
        int findings = Run(pairs);

        TimeSpan many = CpuTime.BestOf(() => Run(pairs));
        TimeSpan few = CpuTime.BestOf(() => Run(pairs.AsSpan(0, Few)), repeats: 10);
        TimeSpan reading = CpuTime.BestOf(() => Read(bodies));
        double growth = Growth(pairs);
        GC.KeepAlive(bodies);
        return
        [
            new($"{Many:N0} flavors and images through {RequestRules.All.Count} rules ({findings:N0} findings), CPU time, best of {CpuTime.Runs}",
                CpuTime.Text(many), $"at most {Most.TotalMilliseconds:0} ms", many <= Most, $"reading as many bodies: {CpuTime.Text(reading)}"),
            new($"the same, {Many:N0} ÷ {Few:N0}", $"{many / few:0.0}", $"{LeastRatio} to {MostRatio}", many / few is >= LeastRatio and <= MostRatio, "10 is linear"),
            new($"memory after {Rounds} times {Many:N0}, less memory after one time", $"{growth:0.00} MB", $"at most {MostGrowth:0.0} MB", growth <= MostGrowth, "findings are garbage once they are shown"),
        ];
    }

    private static int Run(ReadOnlySpan<(FlavorSpec Flavor, ImageSpec Image)> pairs)
    {
        int findings = 0;
        foreach ((FlavorSpec flavor, ImageSpec image) in pairs)
            findings += RequestRules.Check(flavor, image, ComputeRelease.Newest).Count;
        return findings;
    }

    /// <summary>In MB.</summary>
    private static double Growth((FlavorSpec Flavor, ImageSpec Image)[] pairs)
    {
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int round = 0; round < Rounds; round++)
            Run(pairs);
        return (GC.GetTotalMemory(forceFullCollection: true) - before) / 1e6;
    }

    private static void Read(byte[][] bodies)
    {
        foreach (byte[] body in bodies)
        {
            using JsonDocument document = JsonDocument.Parse(body);
            if (!FlavorSpec.TryParse(document.RootElement.GetProperty("flavor"), out FlavorSpec? flavor, out _)
                || !ImageSpec.TryParse(document.RootElement.GetProperty("image"), out ImageSpec? image, out _))
                throw new InvalidOperationException("a request of our own cannot be read");
            GC.KeepAlive((flavor, image));
        }
    }

    private static byte[] Body(RandomRequest request)
    {
        static JsonObject Text(IReadOnlyDictionary<string, string> values) => new(values.Select(value => KeyValuePair.Create(value.Key, (JsonNode?)JsonValue.Create(value.Value))));
        JsonObject image = Text(request.Properties);
        image["name"] = request.Image.Name;
        var flavor = new JsonObject { ["name"] = request.Flavor.Name, ["ram"] = 2048, ["vcpus"] = 2, ["disk"] = 10, ["extra_specs"] = Text(request.ExtraSpecs) };
        return JsonSerializer.SerializeToUtf8Bytes(new JsonObject { ["flavor"] = flavor, ["image"] = image });
    }
}
