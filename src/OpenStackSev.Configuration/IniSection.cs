namespace OpenStackSev.Configuration;

/// <summary>One <c>[section]</c> of a configuration file.</summary>
/// <param name="name">As it stands between the brackets.</param>
/// <param name="description">One or two sentences for the sample.</param>
public abstract class IniSection(string name, string description)
{
    public string Name { get; } = name;
    public string Description { get; } = description;

    /// <summary>In the order of the sample.</summary>
    public abstract IReadOnlyList<IniKey> Keys { get; }
}

/// <summary>A section, and the options that its keys fill. Built key by key, once, beside the options.</summary>
/// <remarks>Each key states its description, where its value goes and what it may be; samples, errors and reading follow from that alone.</remarks>
public sealed class IniSection<T>(string name, string description) : IniSection(name, description)
    where T : new()
{
    private readonly List<IniKey<T>> keys = [];
    private readonly List<Func<T, IEnumerable<string>>> rules = [];
    private readonly T defaults = new();

    public override IReadOnlyList<IniKey> Keys => keys;

    /// <summary>Any text.</summary>
    public IniSection<T> Text(
        string key, string description, Func<T, string?> get, Action<T, string> set, string? example = null, int longest = 1000) =>
        Add(key, description, get(defaults), example, false, (options, text) =>
        {
            if (text.Length > longest)
                return $"must have at most {longest} characters";
            set(options, text);
            return null;
        });

    /// <summary>A text that no problem and no sample repeats.</summary>
    public IniSection<T> Secret(string key, string description, Action<T, string> set, string example = "secret") =>
        Add(key, description, null, example, true, (options, text) =>
        {
            set(options, text);
            return null;
        });

    /// <summary>True or false, as oslo.config reads it: true, 1, on, yes.</summary>
    public IniSection<T> Flag(string key, string description, Func<T, bool> get, Action<T, bool> set) =>
        Add(key, description, get(defaults) ? "true" : "false", null, false, (options, text) =>
        {
            if (Values.Flag(text) is not { } value)
                return "must be true or false";
            set(options, value);
            return null;
        });

    /// <summary>A whole number within bounds.</summary>
    public IniSection<T> Count(string key, string description, Func<T, int> get, Action<T, int> set, int lowest, int highest) =>
        Add(key, description, get(defaults).ToString(), null, false, (options, text) =>
        {
            if (!int.TryParse(text, out int value))
                return $"not a whole number; must be {lowest} to {highest}";
            if (value < lowest || value > highest)
                return $"must be {lowest} to {highest}";
            set(options, value);
            return null;
        });

    /// <summary>Seconds, or hh:mm:ss; a bare number means seconds, as everywhere in OpenStack.</summary>
    public IniSection<T> Duration(
        string key, string description, Func<T, TimeSpan> get, Action<T, TimeSpan> set, TimeSpan lowest, TimeSpan highest) =>
        Add(key, description, Values.Seconds(get(defaults)), null, false, (options, text) =>
        {
            if (Values.Duration(text) is not { } value)
                return "not a duration; give seconds, e.g. 60, or hh:mm:ss";
            if (value < lowest || value > highest)
                return $"must be {Values.Seconds(lowest)} to {Values.Seconds(highest)} seconds";
            set(options, value);
            return null;
        });

    public IniSection<T> Uuid(string key, string description, Action<T, Guid> set, string example) =>
        Add(key, description, null, example, false, (options, text) =>
        {
            if (!Guid.TryParse(text, out Guid value))
                return "not a UUID";
            set(options, value);
            return null;
        });

    /// <summary>An absolute path; whether something is there is not looked at.</summary>
    public IniSection<T> File(string key, string description, Func<T, string?> get, Action<T, string> set, string? example = null) =>
        Add(key, description, get(defaults), example, false, (options, text) =>
        {
            if (!Path.IsPathRooted(text))
                return "must be an absolute path";
            set(options, text);
            return null;
        });

    /// <summary>An HTTP or HTTPS URL.</summary>
    public IniSection<T> Url(string key, string description, Func<T, Uri?> get, Action<T, Uri> set, string? example = null) =>
        Add(key, description, get(defaults)?.ToString(), example, false, (options, text) =>
        {
            if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https"))
                return "not a URL; it begins with http:// or https://";
            set(options, url);
            return null;
        });

    /// <summary>One of a few words.</summary>
    public IniSection<T> Choice(
        string key, string description, Func<T, string> get, Action<T, string> set, params IReadOnlyList<string> words) =>
        Add(key, description, get(defaults), null, false, (options, text) =>
        {
            if (!words.Contains(text, StringComparer.Ordinal))
                return Suggestion.For(text, words);
            set(options, text);
            return null;
        });

    /// <summary>Words separated by commas.</summary>
    /// <param name="problem">What is wrong with one word, or null.</param>
    public IniSection<T> Words(
        string key, string description, Func<T, IReadOnlyList<string>> get, Action<T, IReadOnlyList<string>> set,
        Func<string, string?>? problem = null, string? example = null) =>
        Add(key, description, string.Join(", ", get(defaults)) is { Length: > 0 } text ? text : null, example, false, (options, value) =>
        {
            string[] words = value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (problem is not null && words.Select(problem).FirstOrDefault(one => one is not null) is { } wrong)
                return wrong;
            set(options, words);
            return null;
        });

    /// <summary>A rule across keys. A problem begins with the key's name; the section is put before it.</summary>
    public IniSection<T> Rule(Func<T, IEnumerable<string>> problems)
    {
        rules.Add(problems);
        return this;
    }

    /// <summary>The options as the files have them, defaults for the rest. What is wrong is added to <paramref name="problems"/>.</summary>
    public T Read(IniSettings settings, List<string> problems)
    {
        var options = new T();
        int before = problems.Count;
        foreach (IniKey<T> key in keys)
        {
            if (settings[Name, key.Name] is { } text && key.Set(options, Name, text) is { } problem)
                problems.Add(problem);
        }

        // A rule across keys would repeat what is wrong with one of them.
        if (problems.Count == before)
            problems.AddRange(rules.SelectMany(rule => rule(options)).Select(problem => $"[{Name}] {problem}"));
        return options;
    }

    private IniSection<T> Add(
        string key, string description, string? whenUnset, string? example, bool isSecret, Func<T, string, string?> read)
    {
        keys.Add(new IniKey<T>(key, description, string.IsNullOrEmpty(whenUnset) ? null : whenUnset, example, isSecret, read));
        return this;
    }
}
