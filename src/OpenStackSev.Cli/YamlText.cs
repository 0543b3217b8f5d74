using System.Text.Json;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace OpenStackSev.Cli;

/// <summary>A JSON document as YAML 1.1 and 1.2 readers both understand it.</summary>
public static partial class YamlText
{
    public static string Of(JsonElement document)
    {
        using var text = new StringWriter { NewLine = "\n" };
        new YamlStream(new YamlDocument(Node(document))).Save(text, assignAnchors: false);
        string yaml = text.ToString();
        // The end marker is for streams of several documents.
        return yaml.EndsWith("...\n", StringComparison.Ordinal) ? yaml[..^4] : yaml;
    }

    private static YamlNode Node(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => new YamlMappingNode(element.EnumerateObject().SelectMany(member => new[] { Text(member.Name), Node(member.Value) })),
        JsonValueKind.Array => new YamlSequenceNode(element.EnumerateArray().Select(Node)),
        JsonValueKind.String => Text(element.GetString()!),
        _ => new YamlScalarNode(element.GetRawText()),
    };

    /// <summary>Quoted unless no reader can take it for a number, a date, a word of truth or a structure.</summary>
    private static YamlScalarNode Text(string text) =>
        new(text) { Style = Plain().IsMatch(text) && !Words().IsMatch(text) ? ScalarStyle.Plain : ScalarStyle.DoubleQuoted };

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_./-]*( [A-Za-z0-9_./-]+)*$", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Plain();

    [GeneratedRegex("^(true|false|yes|no|on|off|y|n|null)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Words();
}
