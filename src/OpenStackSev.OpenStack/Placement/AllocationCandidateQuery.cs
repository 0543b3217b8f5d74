using System.Text.Json;
using OpenStackSev.OpenStack.Http;

namespace OpenStackSev.OpenStack.Placement;

/// <summary>GET /allocation_candidates, whose parameters have names that each request makes up: no method of an interface fits.</summary>
internal sealed class AllocationCandidateQuery(HttpClient placement)
{
    public async Task<AllocationCandidates> SendAsync(IEnumerable<KeyValuePair<string, string>> query, CancellationToken ct)
    {
        string parameters = string.Join('&', query.Select(pair => $"{Uri.EscapeDataString(pair.Key)}={Uri.EscapeDataString(pair.Value)}"));
        using HttpResponseMessage response = await placement.GetAsync("/allocation_candidates?" + parameters, ct);
        try
        {
            return (await new BodySerializer().FromHttpContentAsync<AllocationCandidates>(response.Content, ct))!;
        }
        catch (JsonException e)
        {
            throw Failures.Malformed(response.RequestMessage, response, e.Message, e);
        }
    }
}
