using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenStackSev.Control.Conventions;

/// <summary>The API's description, OpenAPI 3.1: each folder's <c>*.openapi.json</c> put together, with what holds for all of them.</summary>
/// <remarks>Written before the code and by hand, since it is the contract: tests run its samples, and send what it allows and what it refuses.</remarks>
public static class OpenApiDocument
{
    private static readonly JsonSerializerOptions s_writing = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document as text, always the same.</summary>
    public static string Text { get; } = Build().ToJsonString(s_writing) + "\n";

    internal static void MapOpenApi(this IEndpointRouteBuilder endpoints) =>
        endpoints.MapGet("/openapi/v1.json", () => Results.Text(Text, "application/json"));

    private static JsonObject Build()
    {
        JsonObject paths = [], schemas = [];
        Assembly assembly = typeof(OpenApiDocument).Assembly;
        foreach (string name in assembly.GetManifestResourceNames().Where(name => name.EndsWith(".openapi.json", StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            JsonNode part = JsonNode.Parse(stream)!;
            Move(part["paths"], paths);
            Move(part["components"]?["schemas"], schemas);
        }

        foreach (JsonNode operation in paths.SelectMany(path => path.Value!.AsObject()).Where(member => member.Value is JsonObject).Select(member => member.Value!))
            Complete(operation);
        return new JsonObject
        {
            ["openapi"] = "3.1.0",
            ["info"] = new JsonObject { ["title"] = "OpenStackSev attestation service", ["version"] = Microversions.Maximum.ToString() },
            ["security"] = new JsonArray(new JsonObject { ["token"] = new JsonArray() }),
            ["paths"] = paths,
            ["components"] = new JsonObject
            {
                ["securitySchemes"] = new JsonObject
                {
                    ["token"] = new JsonObject { ["type"] = "apiKey", ["in"] = "header", ["name"] = "X-Auth-Token", ["description"] = "A token of Keystone's" },
                    ["nodeCertificate"] = new JsonObject { ["type"] = "mutualTLS", ["description"] = "The certificate of a compute node" },
                    ["ticket"] = new JsonObject { ["type"] = "http", ["scheme"] = "bearer", ["description"] = "The ticket of an instance" },
                },
                ["schemas"] = schemas,
            },
        };
    }

    /// <summary>Every operation may end in an error of the one form.</summary>
    private static void Complete(JsonNode operation)
    {
        operation["responses"]!["default"] = new JsonObject
        {
            ["description"] = "An error",
            ["content"] = new JsonObject
            {
                ["application/json"] = new JsonObject { ["schema"] = new JsonObject { ["$ref"] = "#/components/schemas/Errors" } },
            },
        };
    }

    private static void Move(JsonNode? from, JsonObject to)
    {
        foreach ((string name, JsonNode? value) in from?.AsObject().ToArray() ?? [])
            to.Add(name, value!.DeepClone());
    }
}
