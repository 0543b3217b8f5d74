using Microsoft.Extensions.Configuration;

namespace OpenStackSev.Configuration;

/// <summary>The values of all files by section and key; a later file overrides an earlier one key by key.</summary>
public sealed class IniSettings
{
    private const int MaximumFileBytes = 256 * 1024;

    private readonly Dictionary<(string Section, string Key), string> values = [];

    private IniSettings()
    {
    }

    /// <summary>The value of a key; null when no file has it.</summary>
    public string? this[string section, string key] => values.GetValueOrDefault((section, key));

    /// <summary>Reads the files in order. What is wrong with them is added to <paramref name="problems"/>; nothing is thrown.</summary>
    public static IniSettings Read(IReadOnlyList<string> files, IReadOnlyList<IniSection> sections, List<string> problems)
    {
        var settings = new IniSettings();
        foreach (string file in files)
            settings.ReadFile(file, sections, problems);
        return settings;
    }

    private void ReadFile(string file, IReadOnlyList<IniSection> sections, List<string> problems)
    {
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > MaximumFileBytes })
            {
                problems.Add($"{file}: larger than {MaximumFileBytes / 1024} KiB; this is no configuration file");
                return;
            }

            byte[] text = File.ReadAllBytes(file);
            if (UnreadableLine(text) is { } line)
            {
                problems.Add($"{file}: line {line} is neither [section] nor key = value");
                return;
            }

            using var stream = new MemoryStream(text);
            foreach ((string key, string? value) in new ConfigurationBuilder().AddIniStream(stream).Build().AsEnumerable())
            {
                if (value is not null)
                    Keep(file, key, value, sections, problems);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or InvalidDataException)
        {
            problems.Add(e is FileNotFoundException or DirectoryNotFoundException
                ? $"{file}: no such file; give one with --config-file"
                : $"{file}: {(e.InnerException ?? e).Message}");
        }
    }

    /// <summary>The library would repeat the line, and it may hold a password.</summary>
    private static int? UnreadableLine(byte[] text)
    {
        using var reader = new StreamReader(new MemoryStream(text));
        for (int number = 1; reader.ReadLine() is { } line; number++)
        {
            line = line.Trim();
            bool understood = line.Length == 0 || line[0] is ';' or '#' or '/'
                || (line[0] == '[' ? line[^1] == ']' : line.Contains('=', StringComparison.Ordinal));
            if (!understood)
                return number;
        }

        return null;
    }

    private void Keep(string file, string path, string value, IReadOnlyList<IniSection> sections, List<string> problems)
    {
        int colon = path.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            problems.Add($"{file}: '{path}' stands before the first section; put it below one of [{string.Join("], [", sections.Select(s => s.Name))}]");
            return;
        }

        string name = path[..colon], key = path[(colon + 1)..];
        if (sections.FirstOrDefault(candidate => candidate.Name == name) is not { } section)
            problems.Add($"{file}: unknown section [{name}]; {Suggestion.For(name, sections.Select(s => s.Name))}");
        else if (!section.Keys.Any(known => known.Name == key))
            problems.Add($"{file}: unknown key '{key}' in [{name}]; {Suggestion.For(key, section.Keys.Select(known => known.Name))}");
        else
            values[(name, key)] = value;
    }
}
