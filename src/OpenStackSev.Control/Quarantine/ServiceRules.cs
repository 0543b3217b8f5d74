using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Why a compute service is not as a quarantine wants it. Once shipped, never changed.</summary>
public static class ServiceProblems
{
    /// <summary>Nova has no compute service for the node.</summary>
    public const string NotFound = "host.service.not_found";

    /// <summary>The service runs other nodes too, which are not in quarantine.</summary>
    public const string Shared = "host.service.shared";

    /// <summary>Somebody else has disabled it, or has given another reason since: it is his to enable.</summary>
    public const string DisabledByOther = "host.service.disabled_by_other";

    /// <summary>Somebody has enabled it though we had disabled it: that is his will.</summary>
    public const string EnabledByOther = "host.service.enabled_by_other";

    /// <summary>Nova refused or did not answer; it is tried again.</summary>
    public const string Failed = "host.service.failed";
}

/// <summary>A compute service as Nova shows it now.</summary>
/// <param name="Id">Of the service.</param>
/// <param name="Host">Nova's name of where it runs.</param>
/// <param name="Nodes">Compute nodes that it runs.</param>
internal sealed record ServiceFacts(Guid Id, string Host, bool IsDisabled, string? Reason, int Nodes)
{
    /// <summary>Begins every reason of ours.</summary>
    public const string ReasonPrefix = "openstack-sev: ";

    private const int LongestReason = 255;

    /// <summary>It has the very reason that we gave. Only where nobody knows which that was, since a request is open or none was kept, its beginning is enough.</summary>
    public bool IsDisabledFor(HostQuarantineState row) => IsDisabled && Reason is { } reason
        && (reason == ReasonOf(row.Reason) || reason == row.DisabledReason
            || ((row.DisabledReason is null || row.Pending == ServiceRequest.Disable) && reason.StartsWith(ReasonPrefix, StringComparison.Ordinal)));

    /// <summary>What Nova is given for a quarantine's reason.</summary>
    public static string ReasonOf(string reason)
    {
        string whole = ReasonPrefix + reason;
        return whole.Length <= LongestReason ? whole : whole[..LongestReason];
    }
}

internal enum ServiceOutcomeKind
{
    /// <summary>It is as it should be; looked at again later.</summary>
    Settled,

    /// <summary>What was asked of Nova is so.</summary>
    Confirm,
    Send,

    /// <summary>Not ours, or not ours any more.</summary>
    Leave,
}

internal sealed record ServiceOutcome(ServiceOutcomeKind Kind, ServiceRequest Request = ServiceRequest.None, string? Problem = null)
{
    public static ServiceOutcome Settled { get; } = new(ServiceOutcomeKind.Settled);

    public static ServiceOutcome Confirm(ServiceRequest request) => new(ServiceOutcomeKind.Confirm, request);

    public static ServiceOutcome Send(ServiceRequest request) => new(ServiceOutcomeKind.Send, request);

    public static ServiceOutcome Leave(ServiceRequest request, string problem) => new(ServiceOutcomeKind.Leave, request, problem);
}

/// <summary>What becomes of a host's compute service. Pure. Only what we disabled, and what still has our reason, is ever enabled.</summary>
internal static class ServiceRules
{
    public static bool IsWanted(HostQuarantineState row) => row is { Since: not null, DisablesService: true };

    /// <param name="service">Null when Nova has none for the node.</param>
    public static ServiceOutcome Decide(HostQuarantineState row, ServiceFacts? service) =>
        IsWanted(row) ? ToDisable(row, service) : IsOurs(row) ? ToEnable(row, service) : ServiceOutcome.Settled;

    /// <summary>We disabled it, or may have: a request is open whose end nobody wrote.</summary>
    private static bool IsOurs(HostQuarantineState row) => row.DisabledService is not null || row.Pending != ServiceRequest.None;

    private static ServiceOutcome ToDisable(HostQuarantineState row, ServiceFacts? service)
    {
        if (service is null)
            return ServiceOutcome.Leave(ServiceRequest.Disable, ServiceProblems.NotFound);
        if (service.IsDisabledFor(row))
        {
            if (service.Reason != ServiceFacts.ReasonOf(row.Reason))
                return ServiceOutcome.Send(ServiceRequest.Disable);
            return row.DisabledService == service.Host && row.Pending == ServiceRequest.None ? ServiceOutcome.Settled : ServiceOutcome.Confirm(ServiceRequest.Disable);
        }

        if (service.IsDisabled)
            return ServiceOutcome.Leave(ServiceRequest.Disable, ServiceProblems.DisabledByOther);
        if (row.ServiceProblem == ServiceProblems.EnabledByOther || (row.DisabledService is not null && row.Pending == ServiceRequest.None))
            return ServiceOutcome.Leave(ServiceRequest.Disable, ServiceProblems.EnabledByOther);
        return service.Nodes == 1 ? ServiceOutcome.Send(ServiceRequest.Disable) : ServiceOutcome.Leave(ServiceRequest.Disable, ServiceProblems.Shared);
    }

    private static ServiceOutcome ToEnable(HostQuarantineState row, ServiceFacts? service)
    {
        if (service is null)
            return ServiceOutcome.Leave(ServiceRequest.Enable, ServiceProblems.NotFound);
        if (service.IsDisabledFor(row))
            return ServiceOutcome.Send(ServiceRequest.Enable);
        if (service.IsDisabled)
            return ServiceOutcome.Leave(ServiceRequest.Enable, ServiceProblems.DisabledByOther);
        // A request to disable it that never arrived leaves nothing to undo, and nothing to tell.
        return row is { DisabledService: null, Pending: ServiceRequest.Disable } ? ServiceOutcome.Settled : ServiceOutcome.Confirm(ServiceRequest.Enable);
    }
}
