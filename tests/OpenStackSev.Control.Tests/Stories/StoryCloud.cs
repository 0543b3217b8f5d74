using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>The other services of the stories' cloud: Nova and Glance of 2026.2 with a few flavors and images, Placement with one host.</summary>
internal static class StoryCloud
{
    public const string Host = "11111111-2222-4333-8444-555555555555";
    private const string Private = "22222222-2222-4222-8222-222222222222";

    /// <summary>A running instance of project p1 with SEV-SNP on <see cref="Host"/>, one with plain SEV, and one without encryption.</summary>
    public const string Snp = "aaaaaaaa-1111-4111-8111-111111111111", Sev = "aaaaaaaa-2222-4222-8222-222222222222", Plain = "aaaaaaaa-3333-4333-8333-333333333333";

    public static void Map(WebApplication app) => Map(app, ServerOf);

    /// <param name="server">The body of a server by its id, or null.</param>
    public static void Map(WebApplication app, Func<string, string?> server)
    {
        app.MapGet("/compute/v2.1/", () => Json("""
            {"version":{"id":"v2.1","status":"CURRENT","version":"2.104","min_version":"2.1","links":[]}}
            """));
        app.MapGet("/compute/v2.1/flavors/detail", () => Json("""
            {"flavors":[
              {"id":"1","name":"snp.small","ram":2048,"vcpus":2,"disk":10,"os-flavor-access:is_public":true,
               "extra_specs":{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-snp"}},
              {"id":"2","name":"snp.private","ram":2048,"vcpus":2,"disk":10,"os-flavor-access:is_public":false,
               "extra_specs":{"hw:mem_encryption":"true"}},
              {"id":"3","name":"plain","ram":512,"vcpus":1,"disk":1,"os-flavor-access:is_public":true,"extra_specs":{}}]}
            """));
        app.MapGet("/compute/v2.1/os-services", () => Json("""
            {"services":[{"id":"5b9b1d6b-52a1-4d41-9ef6-2e0a8c0c3a01","binary":"nova-compute","host":"compute1","status":"enabled","state":"up","disabled_reason":null}]}
            """));
        app.MapGet("/compute/v2.1/os-hypervisors/detail", () => Json($$$"""
            {"hypervisors":[{"id":"{{{Host}}}","hypervisor_hostname":"compute1","status":"enabled","state":"up","service":{"host":"compute1","id":"5b9b1d6b-52a1-4d41-9ef6-2e0a8c0c3a01","disabled_reason":null}}]}
            """));
        app.MapGet("/compute/v2.1/os-aggregates", () => Json("""{"aggregates":[]}"""));
        app.MapGet("/compute/v2.1/servers/detail", () => Json("""{"servers":[]}"""));
        app.MapGet("/compute/v2.1/servers/{id}", (string id) => server(id) is { } found ? Json($$$"""{"server":{{{found}}} }""")
            : Results.Json(new { itemNotFound = new { code = 404, message = "Instance could not be found." } }, statusCode: 404));
        MapGlance(app);
        MapPlacement(app);
    }

    /// <summary>As Nova 2.96 has it.</summary>
    public static string Server(string id, string project, string specs, string? host = "compute1", string status = "ACTIVE")
    {
        string node = host is null ? "null" : $"\"{host}\"";
        return $$$"""
            {"id":"{{{id}}}","name":"web","status":"{{{status}}}","tenant_id":"{{{project}}}","OS-EXT-SRV-ATTR:host":{{{node}}},
             "OS-EXT-SRV-ATTR:hypervisor_hostname":{{{node}}},"image":{"id":"33333333-3333-4333-8333-333333333333"},
             "flavor":{"original_name":"snp.small","ram":2048,"vcpus":2,"disk":10,"ephemeral":0,"swap":0,"extra_specs":{{{specs}}} },"metadata":{} }
            """;
    }

    public static string SpecsOf(string model) => $$"""{"hw:mem_encryption":"true","hw:mem_encryption_model":"{{model}}"}""";

    private static string? ServerOf(string id) => id switch
    {
        Snp => Server(id, "p1", SpecsOf("amd-sev-snp")),
        Sev => Server(id, "p1", SpecsOf("amd-sev")),
        Plain => Server(id, "p1", "{}"),
        _ => null,
    };

    private static void MapGlance(WebApplication app)
    {
        JsonArray images = JsonNode.Parse($$"""
            [{"id":"33333333-3333-4333-8333-333333333333","name":"debian","status":"active","visibility":"public","owner":"admin-project","disk_format":"qcow2",
              "hw_firmware_type":"uefi","hw_machine_type":"q35","hw_firmware_stateless":"true"},
             {"id":"{{Private}}","name":"bios","status":"active","visibility":"private","owner":"p1","disk_format":"qcow2","hw_firmware_type":"bios"},
             {"id":"44444444-4444-4444-8444-444444444444","name":"twice","status":"active","visibility":"public","owner":"p1","disk_format":"qcow2"},
             {"id":"55555555-5555-4555-8555-555555555555","name":"twice","status":"active","visibility":"public","owner":"p1","disk_format":"qcow2"}]
            """)!.AsArray();
        app.MapGet("/image/v2/images", (HttpContext context) =>
        {
            string name = context.Request.Query["name"].ToString();
            bool hidden = context.Request.Query["os_hidden"].ToString().Equals("true", StringComparison.OrdinalIgnoreCase);
            JsonNode[] found = [.. images.Where(image => !hidden && (name.Length == 0 || image!["name"]!.ToString() == name)).Select(image => image!.DeepClone())];
            return Json(new JsonObject { ["images"] = new JsonArray(found) }.ToJsonString());
        });
        app.MapGet("/image/v2/images/{id}", (string id) =>
            images.FirstOrDefault(image => image!["id"]!.ToString() == id) is { } found ? Json(found.ToJsonString()) : Results.NotFound());
    }

    private static void MapPlacement(WebApplication app)
    {
        app.MapGet("/placement/", () => Json("""{"versions":[{"id":"v1.0","max_version":"1.39","min_version":"1.0","status":"CURRENT","links":[{"rel":"self","href":""}]}]}"""));
        app.MapGet("/placement/resource_providers", () => Json($$"""
            {"resource_providers":[{"uuid":"{{Host}}","name":"compute1","generation":1,"parent_provider_uuid":null,"root_provider_uuid":"{{Host}}"}]}
            """));
        app.MapGet("/placement/resource_providers/{id}/inventories", () => Json("""
            {"resource_provider_generation":1,"inventories":{
              "VCPU":{"total":64,"reserved":0,"min_unit":1,"max_unit":64,"step_size":1,"allocation_ratio":4.0},
              "MEMORY_MB":{"total":131072,"reserved":512,"min_unit":1,"max_unit":131072,"step_size":1,"allocation_ratio":1.0},
              "DISK_GB":{"total":1000,"reserved":0,"min_unit":1,"max_unit":1000,"step_size":1,"allocation_ratio":1.0}}}
            """));
        app.MapGet("/placement/resource_providers/{id}/usages", () => Json("""{"resource_provider_generation":1,"usages":{"VCPU":0,"MEMORY_MB":0,"DISK_GB":0}}"""));
        app.MapGet("/placement/resource_providers/{id}/traits", () => Json("""{"resource_provider_generation":1,"traits":["COMPUTE_STATUS_DISABLED_NOT"]}"""));
        app.MapGet("/placement/resource_providers/{id}/aggregates", () => Json("""{"resource_provider_generation":1,"aggregates":[]}"""));
        app.MapGet("/placement/resource_classes", () => Json("""
            {"resource_classes":[{"name":"VCPU","links":[]},{"name":"MEMORY_MB","links":[]},{"name":"DISK_GB","links":[]},{"name":"MEM_ENCRYPTION_CONTEXT","links":[]}]}
            """));
        app.MapGet("/placement/traits", () => Json("""{"traits":["HW_CPU_X86_AMD_SEV","HW_CPU_X86_AMD_SEV_SNP","COMPUTE_SECURITY_STATELESS_FIRMWARE"]}"""));
        app.MapGet("/placement/allocation_candidates", () => Json("""{"allocation_requests":[],"provider_summaries":{}}"""));
    }

    private static IResult Json(string body) => Results.Text(body, "application/json");
}
