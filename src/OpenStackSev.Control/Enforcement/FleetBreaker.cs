using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Enforcement;

/// <summary>The breaker as it is kept: opened by numbers, over restarts, closed by an administrator. And requests to quarantine hosts, which rest on the same numbers.</summary>
internal sealed partial class FleetBreaker(EnforcementStates states, HistoryWriter history, EnforcementJournal journal, TimeProvider time, ILogger<FleetBreaker> log)
{
    /// <summary>Instances that a request to quarantine a host is written on.</summary>
    private const int MostBlaming = 100;

    private const int MostCodes = 8;

    /// <summary>Looks at the numbers, and opens it where they say so.</summary>
    /// <exception cref="StorageException">They cannot be read, or it was not kept.</exception>
    public async Task<bool> IsOpenAsync(EnforcementMoment moment, CancellationToken ct)
    {
        BreakerState state = await states.BreakerAsync(ct) ?? new BreakerState();
        if (state.Rules != moment.Rules.Digest)
        {
            await history.AppendAsync(BreakerSteps.Rules(state, moment.Rules, RulesetWords.Word(moment.Rules.Mode)), ct);
            state = await states.BreakerAsync(ct) ?? state;
        }

        if (state.OpenedAt is null && moment.Rules.Mode != EnforcementMode.Off)
        {
            DateTimeOffset since = moment.Now - moment.Rules.Breaker.Window;
            // What had turned bad before somebody said that it may go on was seen by him.
            if (state.ResumedAt > since)
                since = state.ResumedAt.Value.AddTicks(TimeSpan.TicksPerMicrosecond);
            IReadOnlyList<TurnedBad> turned = await states.TurnedBadAsync(since, ct);
            if (turned.Count > 0 && Breaker.Opens(await states.FleetAsync(ct), turned, moment.Rules.Breaker) is { } finding)
            {
                await history.AppendAsync(BreakerSteps.Open(state, finding, time.GetUtcNow()), ct);
                LogOpened(log, finding.Reason);
                state = state with { OpenedAt = moment.Now };
            }
        }

        journal.IsBreakerOpen = state.OpenedAt is not null;
        return journal.IsBreakerOpen;
    }

    /// <summary>Lets enforcement go on.</summary>
    /// <exception cref="ApiException">409: it does not stand still.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task ResumeAsync(string reason, Caller by, CancellationToken ct)
    {
        if (await states.BreakerAsync(ct) is not { OpenedAt: not null } state)
            throw new ApiException(OpenStackSev.Api.Enforcement.EnforcementErrors.NotOpen, "the breaker is closed: enforcement goes on");
        await history.AppendAsync(BreakerSteps.Resume(state, reason, by, time.GetUtcNow()), ct);
        journal.IsBreakerOpen = false;
    }

    /// <summary>Asks for the quarantine of hosts that instances of several projects speak against, once for each time that they begin to.</summary>
    /// <exception cref="StorageException">Not all of it could be read or kept.</exception>
    public async Task RequestQuarantinesAsync(EnforcementMoment moment, CancellationToken ct)
    {
        QuarantineSettings settings = moment.Rules.Quarantine;
        foreach (IGrouping<Guid?, TurnedBad> host in (await states.TurnedBadAsync(DateTimeOffset.MinValue, ct)).Where(one => one.Node is not null && one.BlamingHost > 0).GroupBy(one => one.Node))
        {
            if (host.Sum(one => one.BlamingHost) < settings.Instances || host.Select(one => one.Project).Distinct(StringComparer.Ordinal).Count() < settings.Projects)
                continue;
            IReadOnlyList<EnforcedInstance> blaming = await states.BlamingAsync(host.Key!.Value, MostBlaming, ct);
            if (blaming.Any(one => one.Row!.QuarantineRequested))
                continue;
            string[] codes = [.. blaming.SelectMany(one => InstanceHealth.Of(one.Instance!, moment.Rules).Codes).Distinct(StringComparer.Ordinal).Take(MostCodes)];
            await history.AppendAsync(BreakerSteps.Quarantine(host.Key.Value, host.First().HostName, host.Select(one => one.Project).Distinct(StringComparer.Ordinal).Count(),
                host.Sum(one => one.BlamingHost), codes, [.. blaming.Select(one => one.Row!)]), ct);
        }
    }

    [LoggerMessage(4511, LogLevel.Error, "enforcement stands still: {Reason}; look at osev enforcement status, then osev enforcement resume")]
    private static partial void LogOpened(ILogger logger, string reason);
}
