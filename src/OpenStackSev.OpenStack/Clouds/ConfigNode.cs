namespace OpenStackSev.OpenStack;

/// <summary>One value of a configuration file: text, list or map. Never changes, so that aliases may share it.</summary>
/// <param name="size">Nodes below and with this one, an alias counted as often as it is used.</param>
internal abstract class ConfigNode(int size)
{
    public int Size { get; } = size;
}

/// <summary>A scalar as it is written: <c>0123</c> stays <c>0123</c>; null where the file says nothing, <c>~</c> or <c>null</c>.</summary>
internal sealed class ConfigText(string? value) : ConfigNode(1)
{
    public string? Value { get; } = value;
}

internal sealed class ConfigList(IReadOnlyList<ConfigNode> items) : ConfigNode(1 + items.Sum(item => item.Size))
{
    public IReadOnlyList<ConfigNode> Items { get; } = items;
}

internal sealed class ConfigMap(IReadOnlyDictionary<string, ConfigNode> entries) : ConfigNode(1 + entries.Values.Sum(entry => entry.Size))
{
    public static ConfigMap Empty { get; } = new(new Dictionary<string, ConfigNode>(StringComparer.Ordinal));

    public IReadOnlyDictionary<string, ConfigNode> Entries { get; } = entries;

    /// <summary>The entry, null when it is absent or says nothing.</summary>
    public ConfigNode? Find(string key) => Entries.TryGetValue(key, out var node) && node is not ConfigText { Value: null } ? node : null;

    /// <summary>This map with another laid over it: maps are merged key by key, everything else is replaced.</summary>
    public ConfigMap With(ConfigMap over)
    {
        var merged = new Dictionary<string, ConfigNode>(Entries, StringComparer.Ordinal);
        foreach (var (key, node) in over.Entries)
            merged[key] = node is ConfigMap upper && merged.GetValueOrDefault(key) is ConfigMap lower ? lower.With(upper) : node;
        return new ConfigMap(merged);
    }

    /// <summary>This map with <c>region-name</c> spelt <c>region_name</c>: openstacksdk takes both.</summary>
    public ConfigMap WithUnderscores()
    {
        var renamed = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        foreach (var (key, node) in Entries)
            renamed[key.Replace('-', '_')] = node is ConfigMap map ? map.WithUnderscores() : node;
        return new ConfigMap(renamed);
    }
}
