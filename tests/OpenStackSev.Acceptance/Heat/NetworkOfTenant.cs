using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>A network that leads out of the cloud, which an operator makes, and what a tenant makes beside it; gone after the test.</summary>
public sealed class NetworkOfTenant : IAsyncDisposable
{
    private readonly RealCloud admin;
    private readonly string project;

    private NetworkOfTenant(RealCloud admin, string project) => (this.admin, this.project) = (admin, project);

    /// <summary>Id of the network that leads out.</summary>
    public string External { get; private set; } = "";

    /// <summary>Where up.sh was run with the real Neutron and Cinder; else a skip with the reason, or a failure where CI=true.</summary>
    public static async Task<NetworkOfTenant> StartAsync(Stack stack, string project)
    {
        Stack.Release.NeedsSnp();
        if (!await IsThereAsync(stack.Cloud))
        {
            string reason = $"no Neutron or no Cinder: devstack/local/up.sh --release {Stack.Release.Name} --computes 4 --with-heat --with-network --with-volumes brings them up";
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(reason);
            Assert.Skip(reason);
        }

        var network = new NetworkOfTenant(stack.Cloud, project);
        await network.MakeAsync();
        return network;
    }

    /// <summary>Everything of the project, kind and id each; not the security group that Neutron makes for every project.</summary>
    public async Task<string[]> OfProjectAsync()
    {
        List<string> found = [];
        foreach ((string kind, string collection) in new[] { ("network", "networks"), ("port", "ports"), ("router", "routers"), ("security_group", "security-groups"), ("subnet", "subnets") })
        {
            JsonArray all = (await admin.GetAsync("network", $"/v2.0/{collection}?project_id={project}"))![kind + "s"]!.AsArray();
            found.AddRange(all.Where(one => kind != "security_group" || (string?)one!["name"] != "default").Select(one => $"{kind} {one!["id"]}"));
        }
        return [.. found];
    }

    public async Task<JsonArray> PortsAsync(string server) => (await admin.GetAsync("network", $"/v2.0/ports?device_id={server}"))!["ports"]!.AsArray();

    /// <summary>What a security group lets through, a line each.</summary>
    public async Task<string[]> RulesAsync(string group) =>
        [.. (await admin.GetAsync("network", "/v2.0/security-groups/" + group))!["security_group"]!["security_group_rules"]!.AsArray()
            .Select(rule => $"{rule!["direction"]} {rule["protocol"]} {rule["port_range_min"]}-{rule["port_range_max"]} {rule["remote_ip_prefix"]}").Order(StringComparer.Ordinal)];

    public async ValueTask DisposeAsync() => await admin.TrySendAsync(HttpMethod.Delete, "network", "/v2.0/networks/" + External);

    /// <summary>The stub that stands for Neutron otherwise knows no extension, and the catalogue no volumes.</summary>
    private static async Task<bool> IsThereAsync(RealCloud cloud) =>
        (await cloud.GetAsync("network", "/v2.0/extensions"))!["extensions"]!.AsArray().Count > 0 && cloud.Has("block-storage");

    private async Task MakeAsync()
    {
        External = (string)(await admin.SendAsync(HttpMethod.Post, "network", "/v2.0/networks",
            JsonNode.Parse("""{"network":{"name":"template-outside","router:external":true}}""")))!["network"]!["id"]!;
        await admin.SendAsync(HttpMethod.Post, "network", "/v2.0/subnets",
            JsonNode.Parse($$$"""{"subnet":{"network_id":"{{{External}}}","ip_version":4,"cidr":"203.0.113.0/24","enable_dhcp":false}}"""));
    }
}
