using System.Net;
using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Policies;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Control.Trust;

/// <summary>Tells Placement: the judgement traits of every compute node are those of its row, and no other provider has any.</summary>
/// <remarks>
/// One request a trait tells who has it, so that nothing is asked of hosts that are as they should be. What others wrote beside our traits stays.
/// Traits are hints: who has Placement's credentials can write them between two looks. The snapshot is the authority.
/// </remarks>
internal sealed partial class TraitPublisher(
    Func<IPlacementApi> placement, HostTrustStates states, PolicyStates policies, EndorsementOptions endorsements, HistoryWriter history, TrustOptions options, TrustPulse pulse, TimeProvider time,
    ILogger<TraitPublisher> log)
{
    /// <summary>Readings of one provider, when others write it too.</summary>
    private const int MostTries = 4;

    private readonly TokenBuckets<int> budget = new(options.RequestsPerSecond * 60, options.RequestsPerSecond, time);
    private readonly HashSet<string> ensured = new(StringComparer.Ordinal);
    private readonly HashSet<Guid> failed = [];

    /// <summary>Withdraws before it grants, and ends after one interval: what is left is done at the next look, after the hosts were looked at again.</summary>
    /// <exception cref="OpenStackApiException">Placement could not be asked who has which trait.</exception>
    /// <exception cref="StorageException">The rows cannot be read.</exception>
    public async Task PublishAsync(CancellationToken ct)
    {
        DateTimeOffset start = time.GetUtcNow();
        var judgements = new JudgementTraits(PolicyInForce.Of(await policies.ActiveAsync(ct), [], endorsements).Policy);
        Dictionary<Guid, SortedSet<string>> observed = await ObservedAsync(judgements, ct);
        Dictionary<Guid, HostTrustState> rows = (await states.AllAsync(ct)).ToDictionary(row => row.Node);
        Dictionary<Guid, HostQuarantineState> quarantines = (await states.QuarantinesAsync(ct)).ToDictionary(row => row.Node);
        IEnumerable<(Guid Node, bool Withdraws)> differing =
            from node in rows.Keys.Union(observed.Keys)
            let has = observed.GetValueOrDefault(node) ?? []
            let wanted = Wanted(judgements, rows.GetValueOrDefault(node), quarantines.GetValueOrDefault(node), start)
            where !has.SetEquals(wanted) || (rows.TryGetValue(node, out HostTrustState? row) && row.IssuedTraits != Text(wanted))
            select (node, has.Except(wanted).Any() || wanted.Contains(Api.Capacity.SevTraits.Quarantined));
        // A host whose provider refuses comes last, so that it keeps nobody else waiting.
        (Guid Node, bool Withdraws)[] ordered = [.. differing.OrderByDescending(one => one.Withdraws).ThenBy(one => failed.Contains(one.Node))];
        HashSet<Guid> outstanding = [.. ordered.Where(one => one.Withdraws).Select(one => one.Node)];
        foreach ((Guid node, _) in ordered)
        {
            if (await TryAsync(node, judgements, ct))
            {
                outstanding.Remove(node);
                failed.Remove(node);
            }
            else
            {
                failed.Add(node);
            }

            if (time.GetUtcNow() - start > options.Interval)
                break;
        }

        failed.IntersectWith(ordered.Select(one => one.Node));
        pulse.Told(outstanding);
    }

    private async Task<Dictionary<Guid, SortedSet<string>>> ObservedAsync(JudgementTraits judgements, CancellationToken ct)
    {
        var observed = new Dictionary<Guid, SortedSet<string>>();
        foreach (string trait in judgements.All)
        {
            foreach (ResourceProvider provider in await HavingAsync(trait, ct))
            {
                if (!observed.TryGetValue(provider.Uuid, out SortedSet<string>? traits))
                    observed[provider.Uuid] = traits = new(StringComparer.Ordinal);
                traits.Add(trait);
            }
        }

        return observed;
    }

    private async Task<IReadOnlyList<ResourceProvider>> HavingAsync(string trait, CancellationToken ct)
    {
        // Placement refuses the name of a trait that nobody made.
        if (ensured.Add(trait))
        {
            try
            {
                await PacedAsync(ct);
                await placement().EnsureTraitAsync(trait, ct);
            }
            catch (OpenStackApiException)
            {
                ensured.Remove(trait);
                throw;
            }
        }

        await PacedAsync(ct);
        try
        {
            return (await placement().ListResourceProvidersAsync(required: trait, ct: ct)).ResourceProviders;
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.BadRequest)
        {
            ensured.Remove(trait);
            throw;
        }
    }

    /// <returns>Placement says of it what it should.</returns>
    private async Task<bool> TryAsync(Guid node, JudgementTraits judgements, CancellationToken ct)
    {
        try
        {
            await CorrectAsync(node, judgements, ct);
            return true;
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.NotFound)
        {
            // Not (any more) a provider: the agent, or Nova, makes it again, without our traits.
            await ForgetAsync(node, ct);
            return true;
        }
        catch (OpenStackApiException e)
        {
            LogNotWritten(log, node, e.Message);
        }
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
            // Judged anew meanwhile: the next look tells.
        }
        catch (StorageException e)
        {
            LogNotWritten(log, node, e.Message);
        }

        return false;
    }

    private async Task ForgetAsync(Guid node, CancellationToken ct)
    {
        try
        {
            if (await states.FindAsync(node, ct) is { IssuedTraits: { Length: > 0 } } row)
                await history.ApplyAsync(row with { IssuedTraits = "" }, ct);
        }
        catch (StorageException e)
        {
            LogNotWritten(log, node, e.Message);
        }
    }

    private async Task CorrectAsync(Guid node, JudgementTraits judgements, CancellationToken ct)
    {
        for (int tries = 1; ; tries++)
        {
            await PacedAsync(ct);
            ProviderTraits now = await placement().GetTraitsAsync(node, ct);
            // After the traits: another control plane writes a row before the traits that follow from it.
            HostTrustState? row = await states.FindAsync(node, ct);
            SortedSet<string> has = new(now.Traits.Where(judgements.Contains), StringComparer.Ordinal);
            IReadOnlySet<string> wanted = Wanted(judgements, row, await states.FindQuarantineAsync(node, ct), time.GetUtcNow());
            try
            {
                if (!has.SetEquals(wanted))
                {
                    await PacedAsync(ct);
                    await placement().ReplaceTraitsAsync(node, now with { Traits = [.. now.Traits.Where(trait => !judgements.Contains(trait)), .. wanted] }, ct);
                }

                await RecordAsync(node, row, has, wanted, ct);
                return;
            }
            catch (OpenStackApiException e) when (e.Status == HttpStatusCode.Conflict && tries < MostTries)
            {
                // Somebody else wrote the provider, which every allocation does: its traits are read again.
            }
        }
    }

    private async Task RecordAsync(Guid node, HostTrustState? row, SortedSet<string> had, IReadOnlySet<string> wrote, CancellationToken ct)
    {
        string[] issued = row?.IssuedTraits?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [];
        // What was there and is neither what we wrote last nor what we want is somebody else's; so is what is missing of what we wrote and still want.
        string[] removed = [.. had.Except(issued).Except(wrote)], restored = [.. issued.Intersect(wrote).Except(had)];
        HostTrustState? now = row is null || row.IssuedTraits == Text(wrote) ? null : row with { IssuedTraits = Text(wrote) };
        if (removed.Length + restored.Length > 0)
        {
            LogCorrected(log, row?.Name ?? node.ToString(), string.Join(' ', removed), string.Join(' ', restored));
            await history.AppendAsync(Corrected(node, row, removed, restored) with { Changes = now is null ? [] : [now] }, ct);
        }
        else if (now is not null)
        {
            await history.ApplyAsync(now, ct);
        }
    }

    private static HistoryRecord Corrected(Guid node, HostTrustState? row, string[] removed, string[] restored) => new(
        HostEvents.TraitsCorrected, node, null, JsonSerializer.SerializeToUtf8Bytes(new TraitsCorrectedRecord(row?.Name, removed, restored), TrustJson.Default.TraitsCorrectedRecord))
    {
        Event = new EventFields
        {
            IsAlert = removed.Length > 0,
            HostName = row?.Name,
            Message = removed.Length > 0 ? $"judgement traits that are not ours were removed: {string.Join(", ", removed)}" : $"judgement traits that were taken away are back: {string.Join(", ", restored)}",
        },
    };

    private static IReadOnlySet<string> Wanted(JudgementTraits judgements, HostTrustState? row, HostQuarantineState? quarantine, DateTimeOffset now)
    {
        if (row is null)
            return quarantine is { Since: not null } ? judgements.Of(TrustLevel.Quarantined, [], null, now) : new HashSet<string>();
        TrustLevel level = TrustViews.LevelOf(row, quarantine);
        return judgements.Of(level, TrustRecord.Of(row).Baselines, row.ExpiresAt, now);
    }

    private static string Text(IEnumerable<string> traits) => string.Join(',', traits.Order(StringComparer.Ordinal));

    private async ValueTask PacedAsync(CancellationToken ct)
    {
        while (budget.Take(0) is { } wait)
            await Task.Delay(wait, time, ct);
    }

    [LoggerMessage(4721, LogLevel.Warning, "traits of {Host} were not ours: removed {Removed}, restored {Restored}")]
    private static partial void LogCorrected(ILogger logger, string host, string removed, string restored);

    [LoggerMessage(4722, LogLevel.Warning, "traits of node {Node} are not up to date, it is tried again: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, Guid node, string reason);
}
