using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

/// <summary>Small trees and requests that press on every rule of Placement, the same ones for the same seed.</summary>
/// <remarks>Names have a prefix of their own, so that they can live in a real Placement beside a cloud.</remarks>
internal sealed class GeneratedTrees(int seed)
{
    public const string Prefix = "osevgen-";
    private static readonly string[] s_classes = ["CUSTOM_OSEVGEN_A", "CUSTOM_OSEVGEN_B", "CUSTOM_OSEVGEN_C"];
    private static readonly string[] s_traits = ["CUSTOM_OSEVGEN_T1", "CUSTOM_OSEVGEN_T2", "CUSTOM_OSEVGEN_T3", "CUSTOM_OSEVGEN_T4"];
    private static readonly double[] s_ratios = [1.0, 1.0, 1.0, 0.5, 0.7, 1.5];

    // Reproducible tests, no secrets.
#pragma warning disable CA5394
    private readonly Random random = new(seed);

    public static IReadOnlyList<string> Classes => s_classes;
    public static IReadOnlyList<string> Traits => s_traits;
    public static Guid Zone { get; } = Given.GuidOf("osevgen zone");
    public static Guid OtherZone { get; } = Given.GuidOf("osevgen other zone");

    /// <summary>A root with up to four providers below it.</summary>
    public NodeFacts Tree(int number)
    {
        string name = $"{Prefix}{seed}-{number}";
        var providers = new List<ProviderFacts>();
        int count = random.Next(1, 6);
        for (int i = 0; i < count; i++)
        {
            Guid? parent = i == 0 ? null : providers[random.Next(providers.Count)].Uuid;
            HashSet<string> traits = [.. s_traits.Where(_ => Chance(30))];
            if (i == 0 && Chance(10))
                traits.Add("COMPUTE_STATUS_DISABLED");
            HashSet<Guid> aggregates = [.. new[] { Zone, OtherZone }.Where(_ => Chance(i == 0 ? 60 : 20))];
            providers.Add(new(Guid.NewGuid(), i == 0 ? name : $"{name}-{i}", parent, Inventories(), traits, aggregates));
        }

        return new(name, providers, new(name, Enabled: !providers[0].Traits.Contains("COMPUTE_STATUS_DISABLED"), Up: true, null));
    }

    /// <summary>A flavor of one unsuffixed group and up to two others, and an availability zone now and then.</summary>
    public SchedulingRequest Request()
    {
        Dictionary<string, string> specs = new() { ["resources:VCPU"] = "0", ["resources:MEMORY_MB"] = "0", ["resources:DISK_GB"] = "0" };
        bool unsuffixed = Chance(85);
        if (unsuffixed)
            AddGroup(specs, "");
        int suffixed = unsuffixed ? random.Next(3) : random.Next(1, 3);
        for (int group = 1; group <= suffixed; group++)
            AddGroup(specs, group.ToString(System.Globalization.CultureInfo.InvariantCulture));
        // Always said: without it, Zed's Placement mixes up the amounts of a class that several groups ask for (it changes shared objects).
        specs["group_policy"] = suffixed == 2 && Chance(50) ? "isolate" : "none";
        if (specs["group_policy"] == "isolate")
            KeepClassesApart(specs);
        List<AggregateWish> zones = [];
        if (unsuffixed && Chance(25))
            zones.Add(new(Chance(50) ? [Zone] : new HashSet<Guid> { Zone, OtherZone }, ["zone"], "availability zone"));
        if (zones.Count > 0 && Chance(30))
            zones.Add(new(new HashSet<Guid> { OtherZone }, ["other"], "tenant"));
        return SchedulingRequest.From(new($"flavor {seed}", null, specs), new("image", null, new Dictionary<string, string>()), ComputeRelease.Zed, new(Aggregates: zones));
    }

    private Dictionary<string, InventoryFacts> Inventories()
    {
        var inventories = new Dictionary<string, InventoryFacts>();
        foreach (string name in s_classes.Where(_ => Chance(50)))
        {
            int total = random.Next(1, 11);
            int reserved = Chance(30) ? random.Next(total + 1) : 0;
            // As it is in JSON and in the database: single precision.
            double ratio = (float)s_ratios[random.Next(s_ratios.Length)];
            int step = Chance(20) ? 2 : 1, min = Chance(20) ? 2 : 1, max = Chance(30) ? random.Next(min, 5) : 100;
            int free = (int)((total - reserved) * ratio);
            int used = Chance(40) && free >= 1 ? random.Next(1, Math.Min(free, max) + 1) : 0;
            // What can be allocated at once.
            used -= used % step;
            inventories[name] = new(total, reserved, used < min ? 0 : used, min, max, step, ratio);
        }

        return inventories;
    }

    private void AddGroup(Dictionary<string, string> specs, string suffix)
    {
        foreach (string name in s_classes.Where(_ => Chance(45)).DefaultIfEmpty(s_classes[random.Next(s_classes.Length)]))
            specs[$"resources{suffix}:{name}"] = $"{random.Next(1, 4)}";
        foreach (string trait in s_traits)
        {
            int kind = random.Next(100);
            if (kind < 25)
                specs[$"trait{suffix}:{trait}"] = kind < 14 ? "required" : "forbidden";
        }
    }

    private static void KeepClassesApart(Dictionary<string, string> specs)
    {
        foreach (string key in specs.Keys.Where(key => key.StartsWith("resources", StringComparison.Ordinal) && key.Contains(":CUSTOM", StringComparison.Ordinal))
            .GroupBy(key => key.Split(':')[1]).SelectMany(keys => keys.Order(StringComparer.Ordinal).Skip(1)).ToArray())
            specs.Remove(key);
        // A group that is left without a resource would be refused.
        foreach (string suffix in new[] { "", "1", "2" }.Where(suffix => !specs.Keys.Any(key => key.StartsWith($"resources{suffix}:CUSTOM", StringComparison.Ordinal))))
        {
            foreach (string key in specs.Keys.Where(key => key.StartsWith($"trait{suffix}:", StringComparison.Ordinal)).ToArray())
                specs.Remove(key);
        }
    }

    private bool Chance(int percent) => random.Next(100) < percent;
#pragma warning restore CA5394
}
