using System.Text;

namespace OpenStackSev.OpenStack;

/// <summary>A configuration file that was found and read: clouds.yaml, secure.yaml or clouds-public.yaml.</summary>
internal sealed record CloudFile(string Path, ConfigMap Root)
{
    private const int MaximumBytes = 1024 * 1024;

    private static readonly string[] s_suffixes = [".yaml", ".yml", ".json"];

    /// <summary>The file that <paramref name="variable"/> names, else the first of that name in the folders that are searched.</summary>
    /// <returns>Null when there is none.</returns>
    public static CloudFile? Find(string name, string? variable, CloudEnvironment environment)
    {
        if (variable is not null && environment.Variable(variable) is { } chosen)
        {
            string path = environment.FullPath(chosen);
            return File.Exists(path)
                ? Read(path)
                : throw new CloudConfigurationException($"{variable} names {path}, which is not there", $"correct or unset {variable}");
        }

        string? found = Folders(environment)
            .SelectMany(folder => s_suffixes.Select(suffix => System.IO.Path.Combine(folder, name + suffix)))
            .FirstOrDefault(File.Exists);
        return found is null ? null : Read(found);
    }

    /// <summary>The folders that are searched, in order.</summary>
    public static IEnumerable<string> Folders(CloudEnvironment environment)
    {
        yield return environment.FullPath(".");
        if (environment.HomeFolder is not null)
            yield return environment.FullPath("~/.config/openstack");
        yield return environment.SystemFolder;
    }

    /// <summary>The map under a key of the root, empty when the key is not there.</summary>
    public ConfigMap Section(string key) => Root.Find(key) switch
    {
        null => ConfigMap.Empty,
        ConfigMap map => map,
        _ => throw new CloudConfigurationException($"'{key}' in {Path} is not a map", $"put '<name>:' with its settings under '{key}:'"),
    };

    private static CloudFile Read(string path)
    {
        try
        {
            return new CloudFile(path, ConfigYaml.Parse(Text(path)));
        }
        catch (ConfigYamlException error)
        {
            throw new CloudConfigurationException(
                $"cannot read {path}, line {error.Line}: {error.Message}",
                "correct that line or the one before it");
        }
        catch (UnauthorizedAccessException)
        {
            throw new CloudConfigurationException($"cannot read {path}: permission denied", "give this user the right to read it");
        }
        catch (IOException error)
        {
            throw new CloudConfigurationException($"cannot read {path}: input or output error", "check its file system", error);
        }
    }

    /// <remarks>Not by its length: a pipe, as of a program that decrypts the file, has none.</remarks>
    private static string Text(string path)
    {
        using var file = File.OpenRead(path);
        byte[] bytes = new byte[MaximumBytes + 1];
        int length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
        if (length > MaximumBytes)
            throw new CloudConfigurationException($"{path} is larger than 1 MiB", "keep nothing but clouds in it");

        using var reader = new StreamReader(new MemoryStream(bytes, 0, length), Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
