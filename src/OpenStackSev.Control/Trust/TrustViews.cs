using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>A host's trust as the API shows it. Pure.</summary>
internal static class TrustViews
{
    /// <returns>Null for a host that was not judged yet and is in no quarantine.</returns>
    public static HostTrust? Of(HostTrustState? state, HostQuarantineState? quarantine)
    {
        if (state is null)
            return quarantine is { Since: { } asked } ? new(TrustLevel.Quarantined, "none", Simulated: false, [], [], [], asked, asked, Quarantine: Of(quarantine)) : null;
        TrustRecord found = TrustRecord.Of(state);
        return new HostTrust(
            LevelOf(state, quarantine), found.Evidence, found.Simulated, found.Findings, found.Baselines, found.Bulletins, state.Since, state.JudgedAt,
            state.ProvenAt, state.ProvenBy, state.ExpiresAt, Of(quarantine));
    }

    /// <summary>A quarantine holds from the moment that it was asked for, whatever was judged last.</summary>
    public static TrustLevel LevelOf(HostTrustState? state, HostQuarantineState? quarantine) =>
        quarantine is { Since: not null } ? TrustLevel.Quarantined : state?.Level switch
        {
            null => TrustLevel.Unknown,
            // Released, and not judged anew yet.
            TrustLevel.Quarantined => TrustLevel.Unknown,
            { } level => level,
        };

    private static HostQuarantine? Of(HostQuarantineState? quarantine) => quarantine is { Since: { } since }
        ? new(quarantine.Reason, quarantine.By, since, quarantine.DisablesService, quarantine.DisabledService is not null, quarantine.ByRule, quarantine.ServiceProblem) : null;
}
