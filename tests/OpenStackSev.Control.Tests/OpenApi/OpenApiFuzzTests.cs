using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Reattestation.Tickets;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Stories;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Tests.OpenApi;

/// <summary>Thousands of requests that the document allows and that it refuses. OSEV_FUZZ_SEED and OSEV_FUZZ_REQUESTS make it another or a longer run.</summary>
public sealed class OpenApiFuzzTests
{
    private static readonly int s_seed = Number("OSEV_FUZZ_SEED", 20261125);
    private static readonly int s_requests = Number("OSEV_FUZZ_REQUESTS", 3000);

    private readonly JsonNode document = JsonNode.Parse(OpenApiDocument.Text)!;

    [Fact]
    public async Task No_request_breaks_the_service_and_none_passes_that_the_document_refuses()
    {
        TestContext.Current.SendDiagnosticMessage($"seed {s_seed}, {s_requests} requests");
        var schema = new Schema(document);
        var random = new Random(s_seed);
        var values = new Values(schema, random);
        HashSet<string> codes = [.. ErrorCodes.All.Select(error => error.Code)];
        await using RunningControl control = await RunningControl.StartAsync(
            new Dictionary<string, string> { ["api.requests_per_second"] = "0", ["hosts.allow_service_user"] = "true", ["reattestation.instance_requests_per_minute"] = "0", ["reattestation.address_requests_per_minute"] = "0", ["reattestation.project_requests_per_minute"] = "0" }, services: StoryCloud.Map);
        // Once: without it the scheduler's snapshot is a 503.
        await control.App.Services.GetRequiredService<TrustRound>().RunAsync(TestContext.Current.CancellationToken);
        string token = control.Keystone.Issue("alice", "p1", "admin").Secret;
        string ticket = control.App.Services.GetRequiredService<TicketDesk>().For(new Guid(StoryCloud.Snp)).Ticket;
        (string Method, string Path, JsonNode Operation)[] operations = [.. document["paths"]!.AsObject().SelectMany(path => path.Value!.AsObject()
            .Where(member => member.Key != "parameters").Select(member => (member.Key.ToUpperInvariant(), path.Key, member.Value!)))];

        int allowed = 0, refused = 0;
        for (int i = 0; i < s_requests; i++)
        {
            // Half of them on those with a body: there is the most to get wrong.
            (string method, string path, JsonNode operation) = operations[random.Next(operations.Length)];
            JsonNode? rule = operation["requestBody"]?["content"]?["application/json"]?["schema"];
            if (rule is null && random.Next(2) == 0)
                continue;
            (string text, string? problem) = Body(schema, values, random, rule);
            using HttpRequestMessage request = Request(method, path, text, rule is not null, operation["security"] is JsonArray { Count: > 0 } only && only[0]!["ticket"] is not null ? "Bearer " + ticket : token, random, values, out bool isPlain);
            using HttpResponseMessage response = await control.Http.SendAsync(request, TestContext.Current.CancellationToken);
            string answer = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            string about = $"seed {s_seed}, request {i}: {request.Method} {request.RequestUri} {Short(text)} → {(int)response.StatusCode} {Short(answer)}";

            Assert.True((int)response.StatusCode < 500, about);
            Assert.DoesNotContain("   at ", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
            // The web server itself refuses a NUL in a path, before there is anybody to word it.
            bool isNul = request.RequestUri!.OriginalString.Contains("%00", StringComparison.Ordinal);
            if ((int)response.StatusCode >= 400 && !(isNul && answer.Length == 0))
            {
                Assert.True(answer.Length > 0, about);
                Assert.True(schema.Problem(new JsonObject { ["$ref"] = "#/components/schemas/Errors" }, JsonNode.Parse(answer)) is null, about);
                Assert.True(codes.Contains(JsonNode.Parse(answer)!["errors"]![0]!["code"]!.ToString()), about);
            }

            if (rule is null || !isPlain)
                continue;
            if (problem is null)
                allowed++;
            else
                refused++;
            Assert.True(problem is null || (int)response.StatusCode >= 400, $"{about}\nthe document refuses it: {problem}");
        }

        // Both kinds were tried, or the run shows nothing.
        Assert.True(allowed > s_requests / 20 && refused > s_requests / 20, $"{allowed} allowed, {refused} refused");
    }

    private static (string Text, string? Problem) Body(Schema schema, Values values, Random random, JsonNode? rule)
    {
        if (rule is null)
            return ("", null);
        JsonNode? body = values.Fitting(rule);
        for (int steps = random.Next(3); steps > 0; steps--)
            body = values.Mutated(body);
        string text = body?.ToJsonString() ?? "null";
        if (random.Next(25) == 0)
        {
            // Not JSON any more, in one byte.
            text = text.Remove(random.Next(text.Length), 1);
            return (text, IsJson(text, out JsonNode? left) ? schema.Problem(rule, left) : "not JSON");
        }

        return (text, schema.Problem(rule, JsonNode.Parse(text)));
    }

    private static HttpRequestMessage Request(
        string method, string path, string text, bool hasBody, string token, Random random, Values values, out bool isPlain)
    {
        isPlain = random.Next(5) > 0;
        int open = path.IndexOf('{', StringComparison.Ordinal);
        if (open >= 0)
        {
            string thing = random.Next(2) == 0 ? Guid.NewGuid().ToString() : Uri.EscapeDataString(values.Word());
            path = path[..open] + thing + path[(path.IndexOf('}', StringComparison.Ordinal) + 1)..];
        }

        if (!isPlain && random.Next(3) == 0)
            path += $"?{Uri.EscapeDataString(values.Word())}={Uri.EscapeDataString(values.Word())}&limit={random.Next(-5, 5000)}";
        var request = new HttpRequestMessage(isPlain || random.Next(3) > 0 ? new HttpMethod(method) : new HttpMethod(random.Next(2) == 0 ? "PATCH" : "PUT"), path);
        request.Headers.TryAddWithoutValidation(token.StartsWith("Bearer ", StringComparison.Ordinal) ? "Authorization" : "X-Auth-Token", isPlain || random.Next(3) > 0 ? token : Printable(values.Word()));
        if (hasBody)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(text));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue(isPlain || random.Next(3) > 0 ? "application/json" : "text/plain");
        }

        if (!isPlain)
        {
            request.Headers.TryAddWithoutValidation("OpenStack-API-Version", new[] { "attestation 1.0", "attestation latest", "attestation 9.9", "attestation x", "compute 2.1", "," }[random.Next(6)]);
            request.Headers.TryAddWithoutValidation("X-Openstack-Request-Id", Printable(values.Word()));
            request.Headers.TryAddWithoutValidation("Accept", Printable(values.Word()));
        }

        return request;
    }

    private static string Printable(string text) => string.Concat(text.Where(c => c is > ' ' and < '\x7f')) is { Length: > 0 } left ? left : "x";

    private static bool IsJson(string text, out JsonNode? value)
    {
        value = null;
        try
        {
            value = JsonNode.Parse(text);
            return true;
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or ArgumentException)
        {
            return false;
        }
    }

    private static string Short(string text) => text.Length <= 400 ? text : text[..400] + "…";

    private static int Number(string variable, int otherwise) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int number) ? number : otherwise;
}
