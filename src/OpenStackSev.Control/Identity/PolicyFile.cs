using OpenStackSev.Configuration;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OpenStackSev.Control.Identity;

/// <summary>policy.yaml: names and rules that replace the built-in ones.</summary>
public static class PolicyFile
{
    private const int MaximumBytes = 256 * 1024;

    /// <summary>The file's rules by name.</summary>
    /// <exception cref="ConfigurationException">Not readable, or not a mapping of names to rules.</exception>
    public static IReadOnlyDictionary<string, string> Read(string file)
    {
        try
        {
            if (new FileInfo(file) is { Exists: true, Length: > MaximumBytes })
                throw new ConfigurationException([$"{file}: larger than {MaximumBytes / 1024} KiB; this is no policy"]);
            using StreamReader reader = File.OpenText(file);
            var yaml = new YamlStream();
            yaml.Load(reader);
            return yaml.Documents.Count == 0 ? new Dictionary<string, string>() : Rules(file, yaml.Documents[0].RootNode);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or YamlException)
        {
            string reason = e is YamlException yaml ? $"line {yaml.Start.Line}: not YAML" : e.Message;
            throw new ConfigurationException([$"{file}: {reason}"]);
        }
    }

    private static Dictionary<string, string> Rules(string file, YamlNode root)
    {
        var rules = new Dictionary<string, string>(StringComparer.Ordinal);
        var problems = new List<string>();
        // A file of comments only is a document with nothing in it.
        if (root is YamlScalarNode { Value: null or "" })
            return rules;
        if (root is not YamlMappingNode mapping)
            throw new ConfigurationException([$"{file}: not a mapping; write \"name\": \"rule\" on each line"]);
        foreach ((YamlNode key, YamlNode value) in mapping.Children)
        {
            if (key is YamlScalarNode { Value: { } name } && value is YamlScalarNode { Value: { } rule })
                rules[name] = rule;
            else
                problems.Add($"{file}: line {key.Start.Line}: a rule is one text; lists are not understood");
        }

        return problems.Count == 0 ? rules : throw new ConfigurationException(problems);
    }
}
