using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenStackSev.OpenStack.Tests.Fakes;

/// <summary>An answer of a real cloud (2026.2, Placement and Nova all of one node), as recorded in <c>Samples/</c>.</summary>
internal sealed record Sample(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public static Sample Of(string name)
    {
        using Stream stream = typeof(Sample).Assembly.GetManifestResourceStream(name)
            ?? throw new ArgumentException($"there is no sample '{name}'", nameof(name));
        JsonNode recorded = JsonNode.Parse(stream)!;
        return new Sample(
            recorded["status"]!.GetValue<int>(),
            recorded["headers"].Deserialize<Dictionary<string, string>>()!,
            recorded["body"]!.ToJsonString());
    }

    public JsonNode Json => JsonNode.Parse(Body)!;
}
