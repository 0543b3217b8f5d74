using System.Text.Json.Nodes;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Conventions;

/// <summary>What the service speaks, for whoever asks: at <c>/</c> all versions, at <c>/v1/</c> the one.</summary>
internal static class VersionDocument
{
    public static void MapVersions(this IEndpointRouteBuilder endpoints, ApiOptions options)
    {
        // Relative unless configured: the Host header is the caller's word, and a cache may keep the answer.
        string self = (options.PublicEndpoint?.AbsoluteUri.TrimEnd('/') ?? "") + "/v1/";
        string all = new JsonObject { ["versions"] = new JsonArray(Version(self)) }.ToJsonString();
        string one = new JsonObject { ["version"] = Version(self) }.ToJsonString();
        endpoints.MapGet("/", () => Results.Text(all, "application/json")).AllowUnauthenticated();
        endpoints.MapGet("/v1", () => Results.Text(one, "application/json")).AllowUnauthenticated();
    }

    private static JsonObject Version(string self) => new()
    {
        ["id"] = "v1.0",
        ["status"] = "CURRENT",
        ["min_version"] = Microversions.Minimum.ToString(),
        ["max_version"] = Microversions.Maximum.ToString(),
        ["links"] = new JsonArray(new JsonObject { ["rel"] = "self", ["href"] = self }),
    };
}
