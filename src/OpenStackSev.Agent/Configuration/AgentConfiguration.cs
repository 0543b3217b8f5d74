using System.Globalization;
using Microsoft.Extensions.Configuration;
using OpenStackSev.Agent.Capacity;

namespace OpenStackSev.Agent.Configuration;

/// <summary>The agent's settings: read from INI files, checked whole, then never changed.</summary>
public sealed record AgentConfiguration(ProcessOptions Process, OpenStackOptions OpenStack, CapacityOptions Capacity)
{
    public const string DefaultFile = "/etc/openstack-sev/agent.conf";

    private const int MaximumFileBytes = 256 * 1024;

    private static readonly IReadOnlyDictionary<string, string[]> KnownKeys = new Dictionary<string, string[]>(StringComparer.Ordinal)
    {
        [ProcessOptions.Section] = ["debug", "log_json", "state_dir", "platform_root"],
        [OpenStackOptions.Section] = ["cloud", "clouds_file"],
        [CapacityOptions.Section] =
        [
            "interval", "start_jitter", "node_uuid", "compute_id_file", "node_name", "es_share", "launches",
            "reserved_sev", "reserved_sev_es", "reserved_sev_snp",
        ],
    };

    /// <summary>Every key of every section.</summary>
    public static IEnumerable<string> Keys => KnownKeys.Values.SelectMany(keys => keys);

    private static readonly string[] Durations = ["capacity:interval", "capacity:start_jitter"];

    /// <summary>Reads <paramref name="files"/> in order; a later file overrides an earlier one key by key.</summary>
    /// <exception cref="AgentConfigurationException">With every problem of every file.</exception>
    public static AgentConfiguration Load(IReadOnlyList<string> files)
    {
        var problems = new List<string>();
        var values = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (string file in files)
            ReadFile(file, values, problems);
        NormalizeDurations(values, problems);
        IConfigurationRoot configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();

        var process = new ProcessOptions();
        var openStack = new OpenStackOptions();
        var capacity = new CapacityOptions();
        Bind(() => configuration.GetSection(ProcessOptions.Section).Bind(process), problems);
        Bind(() => configuration.GetSection(OpenStackOptions.Section).Bind(openStack), problems);
        Bind(() => configuration.GetSection(CapacityOptions.Section).Bind(capacity), problems);
        problems.AddRange(CapacityRules.Problems(capacity).Select(problem => $"[{CapacityOptions.Section}] {problem}"));
        foreach ((string key, string value) in new[] { ("state_dir", process.StateDir), ("platform_root", process.PlatformRoot) })
        {
            if (!Path.IsPathRooted(value))
                problems.Add($"[{ProcessOptions.Section}] {key} = {value}: must be an absolute path");
        }

        return problems.Count == 0
            ? new AgentConfiguration(process, openStack, capacity)
            : throw new AgentConfigurationException(problems);
    }

    /// <summary>The files that a start without <c>--config-file</c> reads: the default one if it exists, then conf.d in name order.</summary>
    public static IReadOnlyList<string> DefaultFiles()
    {
        var files = new List<string>();
        if (File.Exists(DefaultFile))
            files.Add(DefaultFile);
        files.AddRange(FilesOf(DefaultFile + ".d", mustExist: false));
        return files;
    }

    /// <summary>The <c>*.conf</c> files of a <c>--config-dir</c>, in name order.</summary>
    public static IReadOnlyList<string> FilesOf(string folder, bool mustExist = true)
    {
        if (Directory.Exists(folder))
            return [.. Directory.GetFiles(folder, "*.conf").Order(StringComparer.Ordinal)];
        return mustExist
            ? throw new AgentConfigurationException([$"{folder}: no such folder; --config-dir needs one that holds *.conf files"])
            : [];
    }

    private static void ReadFile(string file, Dictionary<string, string?> values, List<string> problems)
    {
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > MaximumFileBytes })
            {
                problems.Add($"{file}: larger than {MaximumFileBytes / 1024} KiB; this is not a configuration of the agent");
                return;
            }

            using FileStream stream = File.OpenRead(file);
            IConfigurationRoot ini = new ConfigurationBuilder().AddIniStream(stream).Build();
            foreach ((string key, string? value) in ini.AsEnumerable())
            {
                if (value is null)
                    continue;
                if (Unknown(file, key) is { } problem)
                    problems.Add(problem);
                else
                    values[key] = value;
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidDataException)
        {
            problems.Add(e is FileNotFoundException or DirectoryNotFoundException
                ? $"{file}: no such file; give one with --config-file"
                : $"{file}: {(e.InnerException ?? e).Message}");
        }
    }

    private static string? Unknown(string file, string key)
    {
        int colon = key.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return $"{file}: '{key}' stands before the first section; put it below one of [{string.Join("], [", KnownKeys.Keys)}]";
        string section = key[..colon], name = key[(colon + 1)..];
        if (!KnownKeys.TryGetValue(section, out string[]? keys))
            return $"{file}: unknown section [{section}]; {Suggestion(section, KnownKeys.Keys)}";
        return keys.Contains(name, StringComparer.Ordinal) ? null : $"{file}: unknown key '{name}' in [{section}]; {Suggestion(name, keys)}";
    }

    private static string Suggestion(string wrong, IEnumerable<string> known)
    {
        string nearest = known.MinBy(candidate => EditDistance.Between(wrong, candidate))!;
        return EditDistance.Between(wrong, nearest) <= Math.Max(2, wrong.Length / 3)
            ? $"did you mean '{nearest}'?"
            : $"known are {string.Join(", ", known)}";
    }

    /// <summary>TimeSpan's own reading of a bare number is days; everywhere else in OpenStack it is seconds.</summary>
    private static void NormalizeDurations(Dictionary<string, string?> values, List<string> problems)
    {
        foreach (string key in Durations)
        {
            if (!values.TryGetValue(key, out string? text) || text is null || text.Contains(':', StringComparison.Ordinal))
                continue;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds < 1e9)
            {
                values[key] = TimeSpan.FromSeconds(seconds).ToString();
                continue;
            }

            problems.Add($"[{key.Replace(":", "] ", StringComparison.Ordinal)} = {text}: not a duration; give seconds, e.g. 60, or hh:mm:ss");
            values.Remove(key);
        }
    }

    private static void Bind(Action bind, List<string> problems)
    {
        try
        {
            bind();
        }
        catch (InvalidOperationException e)
        {
            problems.Add(e.Message);
        }
    }
}

/// <summary>The configuration cannot be used. <see cref="Problems"/> holds all that is wrong with it.</summary>
public sealed class AgentConfigurationException(IReadOnlyList<string> problems)
    : Exception(string.Join(Environment.NewLine, problems))
{
    public IReadOnlyList<string> Problems { get; } = problems;
}
