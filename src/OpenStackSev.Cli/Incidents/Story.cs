using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Incidents;

/// <summary>One line of a time line.</summary>
/// <param name="Of">Name of the host that it is about; null where it is about what was asked for.</param>
internal sealed record StoryLine(long Id, DateTimeOffset Time, string Kind, string Text, string? Of = null);

/// <summary>What happened to an instance or a host, the oldest first; to an instance also what happened meanwhile to the hosts that it ran on.</summary>
internal static class Story
{
    private const int PageSize = 1000;

    /// <summary>Before the first record of an instance: what its host reported then.</summary>
    private static readonly TimeSpan s_before = TimeSpan.FromHours(1);

    public static async Task<IReadOnlyList<StoryLine>> OfInstanceAsync(IAttestationApi control, Guid instance, int limit, CancellationToken ct)
    {
        IReadOnlyList<InstanceHistoryRecord> records = await AllAsync(
            async (size, before) => (await control.GetInstanceHistoryAsync(instance, size, before, ct)).Records, record => record.Id, limit);
        var lines = records.Select(record => new StoryLine(record.Id, record.Time, record.Kind, record.Text ?? record.Kind)).ToList();
        if (records.Count > 0)
            lines.AddRange(await OfHostsAsync(control, records, ct));
        return [.. lines.OrderBy(line => line.Id)];
    }

    public static async Task<IReadOnlyList<StoryLine>> OfHostAsync(IAttestationApi control, Guid node, int limit, string? of, CancellationToken ct)
    {
        IReadOnlyList<HostHistoryRecord> records = await AllAsync(
            async (size, before) => (await control.GetHostHistoryAsync(node, size, before, ct)).Records, record => record.Id, limit);
        return [.. records.Select(record => new StoryLine(record.Id, record.Time, record.Kind, record.Text ?? record.Kind, of)).OrderBy(line => line.Id)];
    }

    /// <summary>What repeats itself, told once with its number: an instance that stays as it is says so at every round.</summary>
    public static IEnumerable<(StoryLine Line, int Times, DateTimeOffset Last)> Together(IReadOnlyList<StoryLine> lines)
    {
        for (int first = 0; first < lines.Count;)
        {
            int next = first + 1;
            while (next < lines.Count && lines[next].Kind == lines[first].Kind && lines[next].Text == lines[first].Text && lines[next].Of == lines[first].Of)
                next++;
            yield return (lines[first], next - first, lines[next - 1].Time);
            first = next;
        }
    }

    /// <summary>Bodies name hosts only to those who may see them, and then their history is to be had too.</summary>
    private static async Task<IEnumerable<StoryLine>> OfHostsAsync(IAttestationApi control, IReadOnlyList<InstanceHistoryRecord> records, CancellationToken ct)
    {
        DateTimeOffset from = records[^1].Time - s_before;
        var lines = new List<StoryLine>();
        foreach ((Guid node, string name) in records.SelectMany(Nodes).DistinctBy(one => one.Node))
        {
            try
            {
                lines.AddRange((await OfHostAsync(control, node, PageSize, name, ct)).Where(line => line.Time >= from && !line.Kind.StartsWith("host.certificate.", StringComparison.Ordinal)));
            }
            catch (AttestationApiException e) when (e.Status is System.Net.HttpStatusCode.NotFound or System.Net.HttpStatusCode.Forbidden)
            {
                // A host that never reported has no history.
            }
        }

        return lines;
    }

    private static IEnumerable<(Guid Node, string Name)> Nodes(InstanceHistoryRecord record)
    {
        if (record.Body.ValueKind != JsonValueKind.Object || !record.Body.TryGetProperty("host", out JsonElement host) || host.ValueKind != JsonValueKind.Object)
            yield break;
        foreach ((string id, string name) in new[] { ("node", "name"), ("node_before", "name_before") })
        {
            if (host.TryGetProperty(id, out JsonElement value) && value.ValueKind == JsonValueKind.String && value.TryGetGuid(out Guid node))
                yield return (node, host.TryGetProperty(name, out JsonElement word) && word.ValueKind == JsonValueKind.String ? word.GetString()! : node.ToString());
        }
    }

    private static async Task<IReadOnlyList<T>> AllAsync<T>(Func<int, long?, Task<IReadOnlyList<T>>> page, Func<T, long> id, int limit)
    {
        var all = new List<T>();
        while (all.Count < limit)
        {
            int size = Math.Min(PageSize, limit - all.Count);
            IReadOnlyList<T> next = await page(size, all.Count > 0 ? id(all[^1]) : null);
            // A service that repeats itself must not keep us for ever.
            if (next.Count == 0 || (all.Count > 0 && id(next[0]) >= id(all[^1])))
                break;
            all.AddRange(next);
            if (next.Count < size)
                break;
        }

        return all;
    }
}
