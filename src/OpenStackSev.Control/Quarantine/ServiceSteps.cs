using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Quarantine;

/// <summary>The next thing to write of a host's compute service.</summary>
/// <param name="Record">What history is told; null when it has nothing to add.</param>
internal sealed record ServiceStep(HostQuarantineState State, HistoryRecord? Record = null);

/// <summary>What is written around requests to Nova: the intention before, the end after. Pure.</summary>
internal static class ServiceSteps
{
    private const int LongestDetail = 500;

    /// <summary>Between two looks at a service that is as it should be, or that is left to somebody else.</summary>
    private static readonly TimeSpan s_looks = TimeSpan.FromMinutes(10);

    /// <summary>Waits after 1, 2, 3 … failures in a row; the last one repeats.</summary>
    private static readonly TimeSpan[] s_waits =
        [TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(15), TimeSpan.FromHours(1)];

    public static string Word(ServiceRequest request) => request.ToString().ToLowerInvariant();

    public static ServiceStep Intend(HostQuarantineState row, ServiceFacts service, ServiceRequest request, DateTimeOffset now)
    {
        HostQuarantineState state = row with { Pending = request, PendingSince = now, NextLookAt = null };
        return new(state, QuarantineSteps.Record(HostEvents.ServiceIntended, row.Node, state, new ServiceRecord(service.Host, Word(request), ReasonFor(row, request))));
    }

    /// <param name="given">The whole reason that Nova has of us now; null where the service was enabled.</param>
    /// <param name="found">It was so already: by a request before, whose end was not written.</param>
    public static ServiceStep Confirm(HostQuarantineState row, ServiceFacts service, ServiceRequest request, string? given, bool found, DateTimeOffset now)
    {
        bool disabled = request == ServiceRequest.Disable;
        HostQuarantineState state = Closed(row) with
        {
            DisabledService = disabled ? service.Host : null,
            DisabledReason = given,
            NextLookAt = LookAfter(row, disabled ? now + s_looks : null),
            ServiceProblem = null,
        };
        return new(state, QuarantineSteps.Record(disabled ? HostEvents.ServiceDisabled : HostEvents.ServiceEnabled, row.Node, state,
            new ServiceRecord(service.Host, Word(request), given, found ? true : null)) with
        {
            Event = new EventFields { HostId = row.Node, Message = $"compute service {service.Host} was {Word(request)}d" },
        });
    }

    /// <summary>What is not ours stays as it is. Told once.</summary>
    public static ServiceStep Leave(HostQuarantineState row, ServiceFacts? service, ServiceRequest request, string problem, DateTimeOffset now)
    {
        bool undoes = request == ServiceRequest.Enable;
        HostQuarantineState state = Closed(row) with { DisabledService = null, NextLookAt = undoes ? null : now + s_looks, ServiceProblem = undoes ? null : problem };
        HistoryRecord? record = row.ServiceProblem == problem && row.DisabledService is null && row.Pending == ServiceRequest.None
            ? null : QuarantineSteps.Record(HostEvents.ServiceKept, row.Node, state, new ServiceRecord(service?.Host, Word(request), problem));
        return new(state, record);
    }

    /// <summary>Nothing to do, and nothing to tell.</summary>
    public static ServiceStep Settle(HostQuarantineState row, DateTimeOffset now) =>
        new(Closed(row) with { NextLookAt = ServiceRules.IsWanted(row) ? now + s_looks : null, ServiceProblem = ServiceRules.IsWanted(row) ? row.ServiceProblem : null });

    /// <summary>Nova did not do it, or nobody knows whether it did: looked at again before anything is sent again.</summary>
    public static ServiceStep Fail(HostQuarantineState row, string code, string detail, DateTimeOffset now)
    {
        int failures = Math.Min(row.Failures + 1, 1_000_000);
        HostQuarantineState state = row with { Failures = failures, NextLookAt = now + s_waits[Math.Min(failures, s_waits.Length) - 1] };
        // That nobody could look at what is as it should be is no news, and does not take away what was found before.
        if ((row.Pending == ServiceRequest.None && ServiceRules.IsWanted(row) == row.DisabledService is not null) || row.ServiceProblem == ServiceProblems.EnabledByOther)
            return new(state);
        state = state with { ServiceProblem = ServiceProblems.Failed };
        string request = Word(row.Pending != ServiceRequest.None ? row.Pending : ServiceRules.IsWanted(row) ? ServiceRequest.Disable : ServiceRequest.Enable);
        // The same again every hour tells nothing new.
        HistoryRecord? record = row.Failures > 0 ? null
            : QuarantineSteps.Record(HostEvents.ServiceFailed, row.Node, state, new ServiceFailedRecord(request, code, detail.Length <= LongestDetail ? detail : detail[..LongestDetail])) with
            {
                Event = new EventFields { HostId = row.Node, IsAlert = true, Succeeded = false, Message = $"the compute service of host {row.Node} could not be {request}d: {code}" },
            };
        return new(state, record);
    }

    /// <summary>Whoever wrote meanwhile that something else is wanted now wants it soon.</summary>
    private static DateTimeOffset? LookAfter(HostQuarantineState row, DateTimeOffset? next) =>
        ServiceRules.IsWanted(row) == (next is not null) ? next : null;

    /// <summary>What Nova is given with a request now.</summary>
    public static string? ReasonFor(HostQuarantineState row, ServiceRequest request) => request == ServiceRequest.Disable ? ServiceFacts.ReasonOf(row.Reason) : null;

    private static HostQuarantineState Closed(HostQuarantineState row) => row with { Pending = ServiceRequest.None, PendingSince = null, Failures = 0 };
}
