using System.Net;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Control.Maintenance;

/// <summary>Where encrypted guests could go, as Placement has it: a bounded number of requests, whatever the size of the cloud.</summary>
internal sealed class DrainReading(ServiceCloud cloud, HostTrustStates trust) : IDisposable
{
    /// <summary>Providers of one model whose numbers are read: two requests each.</summary>
    private const int MostProviders = 50;

    private const int AtOnce = 8;

    /// <summary>Plans that are made at one time.</summary>
    private const int MostPlans = 2;

    private readonly SemaphoreSlim turns = new(MostPlans, MostPlans);

    /// <summary>Hosts other than <paramref name="node"/> that offer ASIDs of these models.</summary>
    /// <exception cref="OpenStackApiException">Placement or Nova did not say.</exception>
    public async Task<(IReadOnlyList<DrainTarget> Targets, IReadOnlyList<string> Notes)> TargetsAsync(Guid node, IReadOnlyList<EncryptionModel> models, CancellationToken ct)
    {
        await turns.WaitAsync(ct);
        try
        {
            var notes = new List<string>();
            var offers = new List<(EncryptionModel Model, ResourceProvider Provider)>();
            foreach (EncryptionModel model in models)
                offers.AddRange((await OffersAsync(node, model, notes, ct)).Select(provider => (model, provider)));
            if (offers.Count == 0)
                return ([], notes);
            Dictionary<Guid, HostTrustState> known = (await trust.OfAsync([.. offers.Select(offer => offer.Provider.RootProviderUuid).Distinct()], ct)).ToDictionary(row => row.Node);
            HashSet<Guid> quarantined = [.. (await trust.QuarantinesAsync(ct)).Where(row => row.Since is not null).Select(row => row.Node)];
            HashSet<string> disabled = [.. (await cloud.Connection.Nova.ListServicesAsync("nova-compute", ct: ct)).Services.Where(service => service.Status != "enabled" || service.State == "down").Select(service => service.Host)];
            var room = new (Guid Node, string Name, DrainRoom Room)[offers.Count];
            await Parallel.ForEachAsync(Enumerable.Range(0, offers.Count), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (i, stop) =>
                room[i] = (offers[i].Provider.RootProviderUuid, NameOf(offers[i]), await RoomAsync(offers[i].Model, offers[i].Provider.Uuid, stop)));
            return ([.. room.GroupBy(one => one.Node).Select(host => Target(host.Key, host.First().Name, [.. host.Select(one => one.Room)], known.GetValueOrDefault(host.Key), quarantined, disabled))], notes);
        }
        finally
        {
            turns.Release();
        }
    }

    public void Dispose() => turns.Dispose();

    private async Task<IReadOnlyList<ResourceProvider>> OffersAsync(Guid node, EncryptionModel model, List<string> notes, CancellationToken ct)
    {
        try
        {
            ResourceProvider[] all = [.. (await cloud.Connection.Placement.ListProvidersOfferingAsync($"{model.ResourceClass}:1", ct)).ResourceProviders
                .Where(provider => provider.RootProviderUuid != node).OrderBy(provider => provider.Name, StringComparer.Ordinal).ThenBy(provider => provider.Uuid)];
            if (all.Length > MostProviders)
                notes.Add($"{all.Length} hosts have {model.ResourceClass} left; {MostProviders} of them were looked at");
            return all.Length > MostProviders ? all[..MostProviders] : all;
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.BadRequest)
        {
            notes.Add($"Placement does not know {model.ResourceClass}: no agent of this cloud publishes it");
            return [];
        }
    }

    private async Task<DrainRoom> RoomAsync(EncryptionModel model, Guid provider, CancellationToken ct)
    {
        ProviderInventories inventories = await cloud.Connection.Placement.GetInventoriesAsync(provider, ct);
        ProviderUsages usages = await cloud.Connection.Placement.GetUsagesAsync(provider, ct);
        Inventory? has = inventories.Inventories.GetValueOrDefault(model.ResourceClass);
        int used = usages.Usages.GetValueOrDefault(model.ResourceClass);
        return new DrainRoom(model.NovaName, has?.Total ?? 0, has?.Reserved ?? 0, used, Math.Max(0, (has?.Total ?? 0) - (has?.Reserved ?? 0) - used));
    }

    /// <summary>Our provider's name is that of its node and the model.</summary>
    private static string NameOf((EncryptionModel Model, ResourceProvider Provider) offer)
    {
        string suffix = offer.Model.ProviderName("");
        return offer.Provider.Name.EndsWith(suffix, StringComparison.Ordinal) ? offer.Provider.Name[..^suffix.Length] : offer.Provider.Name;
    }

    private static DrainTarget Target(Guid node, string name, IReadOnlyList<DrainRoom> room, HostTrustState? known, HashSet<Guid> quarantined, HashSet<string> disabled)
    {
        TrustLevel level = quarantined.Contains(node) ? TrustLevel.Quarantined : known?.Level is null or TrustLevel.Quarantined ? TrustLevel.Unknown : known.Level;
        string? excluded = level switch
        {
            TrustLevel.Quarantined => "drain.target.quarantined",
            TrustLevel.Untrusted => "drain.target.untrusted",
            _ => disabled.Contains(name) ? "drain.target.disabled" : null,
        };
        return new DrainTarget(node, known?.Name ?? name, level.ToString().ToLowerInvariant(), room, excluded);
    }
}
