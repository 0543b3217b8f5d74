using System.Net;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>Placement's own answer to the request, beside which the explanation has to stand.</summary>
/// <param name="Refusal">Its words when it refuses the query; null else.</param>
/// <param name="Offers">Names of the compute nodes that it offers, of those that were looked at.</param>
/// <param name="IsCut">There are more candidates than were asked for.</param>
public sealed record PlacementAnswer(string? Refusal, IReadOnlyList<string> Offers, bool IsCut)
{
    /// <summary>As many as Nova asks for. Source: <c>[scheduler] max_placement_results</c>.</summary>
    private const int MostCandidates = 1000;

    /// <summary>Before every reason for a 400. Source: webob.exc.HTTPBadRequest.</summary>
    private const string Boilerplate = "The server could not comply with the request since it is either malformed or otherwise incorrect.";

    public static async Task<PlacementAnswer> AskAsync(OpenStackConnection cloud, SchedulingRequest request, IReadOnlyList<NodeFacts> nodes, CancellationToken ct)
    {
        Dictionary<Guid, string> names = nodes.ToDictionary(node => node.Root.Uuid, node => node.Name);
        try
        {
            AllocationCandidates candidates = await cloud.AllocationCandidatesAsync(
                request.ToQuery().Append(KeyValuePair.Create("limit", $"{MostCandidates}")), ct);
            IEnumerable<Guid> roots = candidates.AllocationRequests.SelectMany(offer => offer.Allocations.Keys)
                .Select(provider => candidates.ProviderSummaries.TryGetValue(provider, out ProviderSummary? summary) ? summary.RootProviderUuid : provider);
            return new(null, [.. roots.Distinct().Where(names.ContainsKey).Select(root => names[root]).Order(StringComparer.Ordinal)],
                candidates.AllocationRequests.Count >= MostCandidates);
        }
        catch (OpenStackApiException e) when (e is { Service: "placement", Status: HttpStatusCode.BadRequest })
        {
            return new(e.Detail.Replace(Boilerplate, "", StringComparison.Ordinal).Trim(), [], false);
        }
    }

    /// <summary>Where the two differ, in words; null where they agree.</summary>
    public string? Disagreement(Explanation explanation)
    {
        if (explanation.Offered is not { } ours)
            return Refusal is null ? "Placement answers the query that it should refuse" : null;
        if (Refusal is not null)
            return "Placement refuses the query: " + Refusal;
        HashSet<string> offered = [.. ours.Select(node => node.Node.Name)], judged = [.. explanation.Nodes.Select(node => node.Node.Name)];
        string[] unexplained = [.. Offers.Where(name => judged.Contains(name) && !offered.Contains(name))];
        string[] missing = IsCut ? [] : [.. offered.Except(Offers).Order(StringComparer.Ordinal)];
        return (unexplained.Length, missing.Length) switch
        {
            (0, 0) => null,
            (_, 0) => $"Placement offers {string.Join(", ", unexplained)} all the same",
            (0, _) => $"Placement does not offer {string.Join(", ", missing)}",
            _ => $"Placement offers {string.Join(", ", unexplained)} all the same, and not {string.Join(", ", missing)}",
        };
    }
}
