using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Reattestation.Results;

/// <summary>Rows as the API shows them: with hosts and chips for operators, without them for tenants. Pure.</summary>
internal static class InstanceViews
{
    /// <summary>What a record says of hosts stands below this name, whatever its kind.</summary>
    public const string HostMember = "host";

    private const string Hidden = "not shown";

    /// <summary>Findings whose texts quote a chip.</summary>
    private static readonly HashSet<string> s_quotingChips =
        new([SnpCodes.ChipDenied.Code, SnpCodes.ChipNotAllowed.Code, SnpCodes.ChipIdMismatch.Code], StringComparer.Ordinal);

    /// <summary>What it expected and got is not for tenants.</summary>
    public static bool QuotesChips(string code) => s_quotingChips.Contains(code);

    public static InstanceSummary Summary(InstanceState state, bool withHost) => Summary(state, StoredResult.Of(state)?.Judgement, withHost);

    public static InstanceAttestation Attestation(InstanceState state, EnforcementState? enforced, GateState? gate, bool withHost, DateTimeOffset now)
    {
        StoredResult? stored = StoredResult.Of(state);
        return new InstanceAttestation(Summary(state, stored?.Judgement, withHost), stored is null ? null : Judgement(stored, withHost, now),
            InstanceInWords.Of(state, stored?.Judgement, enforced, withHost), gate is null ? null : GateViews.Of(gate));
    }

    /// <summary>Body of a record, as one reader may see it.</summary>
    public static JsonElement Body(HistoryRow row, bool withHost)
    {
        JsonNode body = JsonNode.Parse(row.Body)!;
        if (!withHost)
            HideHost(body);
        return JsonSerializer.SerializeToElement(body, ViewJson.Default.JsonNode);
    }

    private static InstanceSummary Summary(InstanceState state, JudgementRecord? judgement, bool withHost) => new(
        state.Instance, state.Project, state.Name, state.Model, state.Status,
        [.. (judgement?.Findings ?? []).Select(finding => finding.Code).Distinct(StringComparer.Ordinal)], judgement?.Simulated == true,
        state.NextRoundAt == RoundTimes.Never ? null : state.NextRoundAt,
        state.Verdict is { } verdict ? JudgementRecord.Word(verdict) : null, state.JudgedAt, state.RoundOpenedAt, state.NoAnswerCode, withHost ? new InstanceHost(state.Node, state.HostName, judgement?.Host?.Chip) : null);

    private static InstanceJudgement Judgement(StoredResult stored, bool withHost, DateTimeOffset now)
    {
        JudgementRecord judgement = stored.Judgement;
        bool counts = stored.TokenExpiresAt > now;
        return new InstanceJudgement(
            [.. judgement.Findings.Select(finding => Finding(finding, withHost))], judgement.NotChecked, judgement.Evidence, judgement.BoundToChip,
            judgement.Policy is { } policy ? new InstancePolicy(policy.Number, policy.Name, policy.Digest) : null,
            judgement.Product, judgement.Tcb, judgement.Measurement, judgement.LaunchDigest, judgement.Key, counts ? stored.Token : null, counts ? stored.TokenExpiresAt : null);
    }

    private static InstanceFinding Finding(FindingRecord finding, bool withHost) => withHost || !s_quotingChips.Contains(finding.Code)
        ? new(finding.Code, finding.Tier, finding.Subject, finding.Expected, finding.Actual)
        : new(finding.Code, finding.Tier, finding.Subject, Hidden, Hidden);

    private static void HideHost(JsonNode body)
    {
        if (body is not JsonObject members)
            return;
        members.Remove(HostMember);
        foreach (JsonObject finding in (members["findings"] as JsonArray ?? []).OfType<JsonObject>())
        {
            if (finding["code"]?.ToString() is { } code && s_quotingChips.Contains(code))
                (finding["expected"], finding["actual"]) = (Hidden, Hidden);
        }
    }
}

[System.Text.Json.Serialization.JsonSerializable(typeof(JsonNode))]
internal sealed partial class ViewJson : System.Text.Json.Serialization.JsonSerializerContext;
