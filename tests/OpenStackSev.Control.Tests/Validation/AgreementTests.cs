using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Stories;
using OpenStackSev.Control.Validation;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Auditing;

namespace OpenStackSev.Control.Tests.Validation;

/// <summary>Over HTTP a cloud is judged as on the command line: by what its hosts have too.</summary>
public sealed class AgreementTests
{
    private static readonly string[] s_flavors = ["snp.small", "snp.granted", "wishful", "plain", "6"];
    private static readonly string[] s_images = ["debian", "accepted", "bios", "33333333-3333-4333-8333-333333333333"];

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_validation_has_the_findings_of_osev_validate()
    {
        await using RunningControl control = await RunningControl.StartAsync(services: StoryCloud.Map);
        OpenStackConnection cloud = control.App.Services.GetRequiredService<ServiceCloud>().Connection;
        CloudFacts facts = (await cloud.FactsAsync(CloudFactsReading.MostProvidersOfOnePair, _ => { }, null, Ct))!;
        ComputeRelease release = (await cloud.ReleaseAsync(Ct)).Release;
        foreach (string flavor in s_flavors)
        {
            foreach (string image in s_images)
            {
                var judged = ValidationDocument.Of(await cloud.FlavorAsync(flavor, Ct), await cloud.ImageAsync(image, Ct), release, facts);
                JsonNode? expected = JsonNode.Parse(JsonSerializer.Serialize(judged, ValidationJson.Default.ValidationDocument));
                JsonNode? answered = await PostAsync(control, "/v1/validations", new JsonObject { ["flavor"] = flavor, ["image"] = image });
                Assert.True(JsonNode.DeepEquals(expected, answered), $"{flavor} × {image}\n{expected}\n{answered}");
            }
        }
    }

    [Fact]
    public async Task What_the_hosts_lack_is_a_finding_by_name_and_not_of_bodies()
    {
        await using RunningControl control = await RunningControl.StartAsync(services: StoryCloud.Map);
        JsonNode named = (await PostAsync(control, "/v1/validations", new JsonObject { ["flavor"] = "wishful", ["image"] = "debian" }))!;
        Assert.Contains("request.trait.nonexistent", Codes(named));
        Assert.Contains("request.class.nonexistent", Codes(named));

        // Two bodies may be of another cloud, as two files of osev validate.
        JsonNode bodies = (await PostAsync(control, "/v1/validations", new JsonObject
        {
            ["flavor"] = JsonNode.Parse("""{"name":"wishful","extra_specs":{"hw:mem_encryption":"true","trait:CUSTOM_NOWHERE":"required"}}"""),
            ["image"] = JsonNode.Parse("""{"name":"debian"}"""),
            ["release"] = "2026.2",
        }))!;
        Assert.DoesNotContain("request.trait.nonexistent", Codes(bodies));
    }

    [Fact]
    public async Task An_audit_has_the_findings_of_osev_audit()
    {
        await using RunningControl control = await RunningControl.StartAsync(services: StoryCloud.Map);
        OpenStackConnection cloud = control.App.Services.GetRequiredService<ServiceCloud>().Connection;
        SpecList<FlavorSpec> flavors = await cloud.FlavorSpecsAsync(Ct);
        SpecList<ImageSpec> images = await cloud.ImageSpecsAsync(Ct);
        CloudFacts? facts = await cloud.FactsAsync(int.MaxValue, _ => { }, null, Ct);
        var audit = CloudAudit.Of(flavors.Specs, images.Specs, (await cloud.ReleaseAsync(Ct)).Release, facts, ct: Ct);
        JsonNode expected = JsonNode.Parse(JsonSerializer.Serialize(
            AuditDocument.Of(audit, [.. flavors.Problems, .. images.Problems]), AuditJson.Default.AuditDocument))!;
        Assert.Contains("request.trait.nonexistent", Codes(expected));

        AuditJobs jobs = control.App.Services.GetRequiredService<AuditJobs>();
        Guid id = Guid.Parse((string)(await PostAsync(control, "/v1/audits", []))!["audit"]!["id"]!);
        while (jobs.Find(id) is { IsFinished: false })
            await Task.Yield();
        JsonNode result = (await GetAsync(control, $"/v1/audits/{id}"))!["audit"]!["result"]!;
        // Nothing for null is the API's way, and no finding's text.
        Assert.Equal(Compared(expected["findings"]!), Compared(result["findings"]!));
        Assert.Equal(expected["not_judged"]!.ToJsonString(), result["not_judged"]!.ToJsonString());
    }

    private static string[] Codes(JsonNode document) => [.. document["findings"]!.AsArray().Select(finding => (string)finding!["code"]!)];

    private static string[] Compared(JsonNode findings) => [.. findings.AsArray().Select(finding => string.Join(" | ",
        finding!["code"], finding["level"], finding["pairs"], finding["example"]!["message"],
        string.Join(", ", finding["subjects"]!.AsArray().Select(subject => $"{subject!["name"]} {subject["message"]} {subject["fix"]}"))))];

    private static async Task<JsonNode?> PostAsync(RunningControl control, string path, JsonObject body) => await SendAsync(control, HttpMethod.Post, path, body);

    private static async Task<JsonNode?> GetAsync(RunningControl control, string path) => await SendAsync(control, HttpMethod.Get, path, null);

    private static async Task<JsonNode?> SendAsync(RunningControl control, HttpMethod method, string path, JsonObject? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-Auth-Token", control.Keystone.Issue("alice", "admin-project", "admin").Secret);
        using HttpResponseMessage response = await control.Http.SendAsync(request, Ct);
        string text = await response.Content.ReadAsStringAsync(Ct);
        Assert.True(response.IsSuccessStatusCode, text);
        return JsonNode.Parse(text);
    }
}
