using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Gates;

/// <summary>Rows as the API shows them. Pure. Hosts are named nowhere: tenants read it.</summary>
internal static class GateViews
{
    public static IReadOnlyDictionary<string, GateStanding> Standings { get; } =
        Enum.GetValues<GateStanding>().ToDictionary(Word, standing => standing, StringComparer.Ordinal);

    public static string Word(GateStanding standing) => JsonNamingPolicy.SnakeCaseLower.ConvertName(standing.ToString());

    public static InstanceGate Of(GateState gate) => new(
        gate.Instance, gate.Project, gate.Stack, gate.Resource, Word(gate.Standing), gate.Since, gate.Code, gate.Detail, gate.FailureCode, gate.FailureDetail,
        gate.IsOpen && gate.FailureCode is not null ? gate.NextLookAt : null, gate.EndedAt);
}
