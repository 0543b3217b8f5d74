using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Validation.Explaining;
using OpenStackSev.Validation.Tests.Explaining;

namespace OpenStackSev.Acceptance.Explaining;

/// <summary>Our judgement of hosts beside the real Placement's, on trees and requests that press on each of its rules.</summary>
public sealed class PlacementAgreementTests(Stack stack) : IAsyncLifetime
{
    private const int Trees = 30;
    private const int Requests = 120;
    private readonly int seed = int.TryParse(Environment.GetEnvironmentVariable("OSEV_SEED"), CultureInfo.InvariantCulture, out int given) ? given : 20261125;

    public async ValueTask InitializeAsync() => await DeleteAsync();

    public async ValueTask DisposeAsync() => await DeleteAsync();

    [Fact]
    public async Task What_is_said_of_thousands_of_pairs_is_what_Placement_does()
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}; OSEV_SEED chooses another");
        foreach (string name in GeneratedTrees.Classes)
            await stack.Cloud.SendAsync(HttpMethod.Put, "placement", "/resource_classes/" + name);
        foreach (string name in GeneratedTrees.Traits)
            await stack.Cloud.SendAsync(HttpMethod.Put, "placement", "/traits/" + name);
        var generated = new GeneratedTrees(seed);
        NodeFacts[] trees = [.. Enumerable.Range(0, Trees).Select(generated.Tree)];
        foreach (NodeFacts tree in trees)
            await MakeAsync(tree);

        var disagreements = new List<string>();
        int fitting = 0;
        for (int number = 0; number < Requests; number++)
        {
            SchedulingRequest request = generated.Request();
            string query = string.Join('&', request.ToQuery().Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));
            Explanation explanation = Explanation.Of(request, trees);
            (HttpStatusCode status, JsonNode? answer) = await stack.Cloud.TrySendAsync(HttpMethod.Get, "placement", "/allocation_candidates?" + query);
            if (status != HttpStatusCode.OK || explanation.Offered is null)
            {
                if (status != HttpStatusCode.BadRequest || explanation.Offered is not null)
                    disagreements.Add($"Placement answers {(int)status} {answer} to {query}; we say {explanation.Summary}");
                continue;
            }

            HashSet<string> offered = [.. answer!["allocation_requests"]!.AsArray().SelectMany(offer => offer!["allocations"]!.AsObject().Select(provider => provider.Key))
                .Select(provider => (string)answer["provider_summaries"]![provider]!["root_provider_uuid"]!)];
            foreach (NodeExplanation judged in explanation.Nodes)
            {
                bool really = offered.Contains(judged.Node.Root.Uuid.ToString());
                fitting += really ? 1 : 0;
                if (really != judged.FitsPlacement)
                {
                    disagreements.Add($"{judged.Node.Name}: Placement {(really ? "offers" : "does not offer")} it for {query}; we say "
                        + (judged.FitsPlacement ? "it fits" : string.Join("; ", judged.Obstacles.Select(obstacle => obstacle.Message))));
                }
            }
        }

        Assert.InRange(fitting, Trees * Requests / 50, Trees * Requests * 49 / 50);
        Assert.True(disagreements.Count == 0, $"seed {seed}, {disagreements.Count} of {Trees * Requests}: {string.Join('\n', disagreements.Take(5))}");
    }

    private async Task MakeAsync(NodeFacts tree)
    {
        var taken = new JsonObject();
        foreach (ProviderFacts provider in tree.Providers)
        {
            string path = "/resource_providers/" + provider.Uuid;
            await stack.Cloud.SendAsync(HttpMethod.Post, "placement", "/resource_providers",
                new JsonObject { ["uuid"] = provider.Uuid.ToString(), ["name"] = provider.Name, ["parent_provider_uuid"] = provider.Parent?.ToString() });
            var inventories = new JsonObject(provider.Inventories.Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)new JsonObject
            {
                ["total"] = pair.Value.Total,
                ["reserved"] = pair.Value.Reserved,
                ["min_unit"] = pair.Value.MinUnit,
                ["max_unit"] = pair.Value.MaxUnit,
                ["step_size"] = pair.Value.StepSize,
                ["allocation_ratio"] = pair.Value.AllocationRatio,
            })));
            int generation = 0;
            foreach ((string part, JsonNode value) in new (string, JsonNode)[]
            {
                ("inventories", inventories), ("traits", Texts(provider.Traits)), ("aggregates", Texts(provider.Aggregates.Select(aggregate => aggregate.ToString()))),
            })
            {
                // What changes nothing moves no generation.
                generation = (int)(await stack.Cloud.SendAsync(HttpMethod.Put, "placement", $"{path}/{part}",
                    new JsonObject { ["resource_provider_generation"] = generation, [part] = value }))!["resource_provider_generation"]!;
            }

            if (provider.Inventories.Values.Any(inventory => inventory.Used > 0))
            {
                taken[provider.Uuid.ToString()] = new JsonObject
                {
                    ["resources"] = new JsonObject(provider.Inventories.Where(pair => pair.Value.Used > 0)
                        .Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value.Used)))),
                };
            }
        }

        if (taken.Count > 0)
        {
            // The consumer has the root's id, by which it is found again.
            await stack.Cloud.SendAsync(HttpMethod.Put, "placement", "/allocations/" + tree.Root.Uuid, new JsonObject
            {
                ["allocations"] = taken,
                ["project_id"] = "osevgen",
                ["user_id"] = "osevgen",
                ["consumer_generation"] = null,
                ["consumer_type"] = "OSEVGEN",
            });
        }
    }

    private async Task DeleteAsync()
    {
        JsonNode[] left = [.. (await stack.Cloud.GetAsync("placement", "/resource_providers"))!["resource_providers"]!.AsArray()
            .OfType<JsonNode>().Where(provider => ((string)provider["name"]!).StartsWith(GeneratedTrees.Prefix, StringComparison.Ordinal))];
        foreach (JsonNode root in left.Where(provider => provider["parent_provider_uuid"] is null))
            await stack.Cloud.TrySendAsync(HttpMethod.Delete, "placement", "/allocations/" + root["uuid"]);
        while (left.Length > 0)
        {
            HashSet<string?> parents = [.. left.Select(provider => (string?)provider["parent_provider_uuid"])];
            foreach (JsonNode leaf in left.Where(provider => !parents.Contains((string)provider["uuid"]!)))
                await stack.Cloud.SendAsync(HttpMethod.Delete, "placement", "/resource_providers/" + leaf["uuid"]);
            left = [.. left.Where(provider => parents.Contains((string)provider["uuid"]!))];
        }
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(text => (JsonNode?)JsonValue.Create(text))]);
}
