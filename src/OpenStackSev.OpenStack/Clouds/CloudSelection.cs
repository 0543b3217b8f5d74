namespace OpenStackSev.OpenStack;

/// <summary>The cloud that was chosen and where its settings are from, not yet judged.</summary>
/// <param name="Name">In clouds.yaml, or that of the cloud of the variables.</param>
/// <param name="File">Null for the cloud that the OS_* variables describe.</param>
/// <param name="Settings">Merged from all files, keys with underscores.</param>
internal sealed record CloudSelection(string Name, string? File, ConfigMap Settings)
{
    /// <summary>Variables that choose a cloud or a region but describe none.</summary>
    private static readonly HashSet<string> s_selectors =
        ["OS_CLOUD", "OS_CLOUD_NAME", "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE"];

    /// <summary>The subject of a message.</summary>
    public string Subject => File is null ? "the OS_* variables" : $"cloud '{Name}' in {File}";

    /// <summary>What a person calls a setting where this cloud is from: <c>auth.password</c> or <c>OS_PASSWORD</c>.</summary>
    public string Spelling(string key) => File is not null ? key : "OS_" + key[(key.LastIndexOf('.') + 1)..].ToUpperInvariant();

    /// <summary>The named cloud; without a name OS_CLOUD, then the variables, then the only cloud of the file.</summary>
    public static CloudSelection Choose(string? cloud, CloudEnvironment environment)
    {
        string? name = string.IsNullOrEmpty(cloud) ? environment.Variable("OS_CLOUD") : cloud;
        string variablesName = environment.Variable("OS_CLOUD_NAME") ?? "envvars";
        if ((name is null || name == variablesName) && environment.Variable("OS_AUTH_URL") is not null)
            return new CloudSelection(variablesName, File: null, OfVariables(environment));

        var file = CloudFile.Find("clouds", "OS_CLIENT_CONFIG_FILE", environment);
        var secure = CloudFile.Find("secure", "OS_CLIENT_SECURE_FILE", environment);
        var path = (file ?? secure)?.Path ?? throw NothingFound(name, environment);

        var clouds = (file?.Section("clouds") ?? ConfigMap.Empty).With(secure?.Section("clouds") ?? ConfigMap.Empty);
        name ??= OnlyOne(clouds, path);
        if (!clouds.Entries.TryGetValue(name, out var node))
            throw Unknown(name, clouds, path);

        var settings = node switch
        {
            ConfigMap map => map.WithUnderscores(),
            ConfigText { Value: null } => ConfigMap.Empty,
            _ => throw new CloudConfigurationException(
                $"cloud '{name}' in {path} is not a map",
                "put 'auth:' and 'region_name:' under its name"),
        };
        return new CloudSelection(name, path, Profile(settings, environment).With(settings));
    }

    private static ConfigMap OfVariables(CloudEnvironment environment)
    {
        var settings = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        foreach (var (variable, value) in environment.Variables)
        {
            if (variable.StartsWith("OS_", StringComparison.Ordinal) && value.Length > 0 && !s_selectors.Contains(variable))
                settings[variable[3..].ToLowerInvariant()] = new ConfigText(value);
        }

        return new ConfigMap(settings);
    }

    /// <summary>What clouds-public.yaml says about the provider that the cloud names.</summary>
    /// <remarks>The profiles that are built into openstacksdk are not known here.</remarks>
    private static ConfigMap Profile(ConfigMap settings, CloudEnvironment environment)
    {
        if ((settings.Find("profile") ?? settings.Find("cloud")) is not ConfigText { Value: { } profile })
            return ConfigMap.Empty;
        var file = CloudFile.Find("clouds-public", variable: null, environment);
        return file?.Section("public-clouds").Find(profile) is ConfigMap map ? map.WithUnderscores() : ConfigMap.Empty;
    }

    private static string OnlyOne(ConfigMap clouds, string path) => clouds.Entries.Count switch
    {
        1 => clouds.Entries.Keys.First(),
        0 => throw new CloudConfigurationException(
            $"{path} holds no cloud",
            "put '<name>:' with its settings under 'clouds:', or set OS_AUTH_URL"),
        _ => throw new CloudConfigurationException(
            $"no cloud is chosen and {path} holds {clouds.Entries.Count}: {Listed(clouds.Entries.Keys.Order(StringComparer.Ordinal))}",
            "set OS_CLOUD to one of them"),
    };

    private static CloudConfigurationException NothingFound(string? name, CloudEnvironment environment)
    {
        string places = string.Join(", ", CloudFile.Folders(environment));
        string wanted = name is null ? "no cloud is configured: OS_AUTH_URL is not set and" : $"cloud '{name}' is not configured:";
        return new CloudConfigurationException(
            $"{wanted} there is no clouds.yaml in {places}",
            "put clouds.yaml into one of these folders, or set OS_CLIENT_CONFIG_FILE, or OS_AUTH_URL and the other OS_* variables");
    }

    private static CloudConfigurationException Unknown(string name, ConfigMap clouds, string path)
    {
        var nearest = clouds.Entries.Keys.OrderBy(known => Distance(name, known)).ThenBy(known => known, StringComparer.Ordinal);
        return clouds.Entries.Count == 0
            ? new($"cloud '{name}' is not in {path}, which holds none", "put it under 'clouds:'")
            : new($"cloud '{name}' is not in {path}", $"it holds: {Listed(nearest)}");
    }

    private static string Listed(IEnumerable<string> names)
    {
        var all = names.ToList();
        const int shown = 10;
        return string.Join(", ", all.Take(shown)) + (all.Count > shown ? $" and {all.Count - shown} more" : "");
    }

    /// <summary>Levenshtein: how many letters are added, dropped or changed.</summary>
    private static int Distance(string from, string to)
    {
        int[] row = [.. Enumerable.Range(0, to.Length + 1)];
        for (int i = 1; i <= from.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.Length; j++)
            {
                int changed = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(changed, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[to.Length];
    }
}
