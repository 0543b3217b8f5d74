using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Stories;

namespace OpenStackSev.Control.Tests.OpenApi;

/// <summary>The document is the contract: it describes every path, and its samples work.</summary>
public sealed class OpenApiTests
{
    private static readonly JsonNode s_document = JsonNode.Parse(OpenApiDocument.Text)!;

    public static TheoryData<string, string> Operations => [.. s_document["paths"]!.AsObject()
        .SelectMany(path => path.Value!.AsObject().Where(member => member.Key != "parameters").Select(operation => (operation.Key.ToUpperInvariant(), path.Key)))];

    [Fact]
    public async Task The_document_is_the_approved_one()
    {
        string file = Path.Join(Repository.Root, "tests", "OpenStackSev.Control.Tests", "OpenApi", "openapi.approved.json");
        string approved = File.Exists(file) ? await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken) : "";
        if (approved != OpenApiDocument.Text)
            await File.WriteAllTextAsync(Path.Join(Path.GetTempPath(), "openapi.received.json"), OpenApiDocument.Text, TestContext.Current.CancellationToken);
        Assert.True(approved == OpenApiDocument.Text, $"the API changed: compare {Path.GetTempPath()}openapi.received.json with {file}, and put it there if it is meant");
    }

    [Fact]
    public async Task Every_route_is_described_and_every_description_has_its_route()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        HashSet<string> routes = [.. control.App.Services.GetServices<EndpointDataSource>().Concat(((IEndpointRouteBuilder)control.App).DataSources)
            .SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Where(method => method != "HEAD")
                .Select(method => $"{method} {Normal(endpoint.RoutePattern.RawText!)}"))];
        HashSet<string> described = [.. s_document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Where(member => member.Key != "parameters").Select(operation => $"{operation.Key.ToUpperInvariant()} {Normal(path.Key)}"))];
        Assert.Equal(described.Order(StringComparer.Ordinal), routes.Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Operations))]
    public async Task The_samples_of_an_operation_work(string method, string path)
    {
        var schema = new Schema(s_document);
        JsonNode operation = s_document["paths"]![path]![method.ToLowerInvariant()]!;
        JsonNode? body = operation["requestBody"]?["content"]?["application/json"];
        await using RunningControl control = await RunningControl.StartAsync(services: StoryCloud.Map);
        string token = control.Keystone.Issue("alice", "p1", "admin").Secret;
        foreach (JsonNode? sample in body is null ? [null] : body["examples"]!.AsObject().Select(example => example.Value!["value"]))
        {
            if (body is not null)
                Assert.Null(schema.Problem(body["schema"]!, sample));
            // Operations on one thing have their stories; without a body there is nothing here to try but the form of the answer.
            if (path.Contains('{', StringComparison.Ordinal))
                continue;
            using var request = new HttpRequestMessage(new HttpMethod(method), path);
            if (operation["security"] is null)
                request.Headers.Add("X-Auth-Token", token);
            if (sample is not null)
                request.Content = new StringContent(sample.ToJsonString(), Encoding.UTF8, "application/json");
            using HttpResponseMessage response = await control.Http.SendAsync(request, TestContext.Current.CancellationToken);
            string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            JsonNode? described = operation["responses"]![$"{(int)response.StatusCode}"];
            Assert.True(described is not null, $"{(int)response.StatusCode} is not described: {text}");
            JsonNode? answer = described["content"]?["application/json"];
            if (answer is not null)
                Assert.Null(schema.Problem(answer["schema"]!, JsonNode.Parse(text)));
            if (answer?["example"] is { } example)
                Assert.True(JsonNode.DeepEquals(example, JsonNode.Parse(text)), text);
        }
    }

    private static string Normal(string path) => path.Length > 1 ? path.TrimEnd('/').Replace(":guid", "", StringComparison.Ordinal) : path;
}
