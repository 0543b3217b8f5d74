using System.Text.Json;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Trust;

/// <summary>What is to be written of a host.</summary>
/// <param name="Record">Null where history has nothing to add: only times moved.</param>
internal sealed record TrustStep(HostTrustState State, HistoryRecord? Record);

/// <summary>From facts to a host's level of trust. Pure.</summary>
internal static class TrustRules
{
    /// <summary>An end of trust that moves by less than this part of the shortest lifetime is not written again, unless the old one has come.</summary>
    private const int Part = 8;

    /// <returns>Null where nothing is to be written.</returns>
    public static TrustStep? Decide(TrustFacts facts, TrustMoment moment)
    {
        TrustRecord? before = facts.Before is { } row ? TrustRecord.Of(row) : null;
        TrustRecord found = Find(facts, before, moment, out TrustLevel level, out DateTimeOffset? expires);
        HostTrustState state = State(facts, found, level, expires, moment.Now);
        if (facts.Before is null || facts.Before.Level != level || !SaysTheSame(before!, found))
            return new(state, Record(state, found, facts.Before));
        TimeSpan shortest = moment.Lifetime < moment.Silence ? moment.Lifetime : moment.Silence;
        bool moved = expires is { } end && end != facts.Before.ExpiresAt && (facts.Before.ExpiresAt <= moment.Now || !(facts.Before.ExpiresAt >= end - (shortest / Part)));
        return moved || before!.SilentAt != found.SilentAt || before.SpentAt != found.SpentAt ? new(state, null) : null;
    }

    private static TrustRecord Find(TrustFacts facts, TrustRecord? before, TrustMoment moment, out TrustLevel level, out DateTimeOffset? expires)
    {
        ProofRecord? proof = facts.Proof;
        AttestationReport? report = null;
        if (proof is not null && !AttestationReport.TryParse(proof.Report, null, out report, out _))
            proof = null;
        bool spent = proof is not null && (proof.At <= before?.SpentAt || moment.Now >= proof.At + moment.Lifetime);
        bool counts = proof is not null && !spent;
        bool silent = moment.Now >= facts.Host.LastSeenAt + moment.Silence || (facts.Host.LastSeenAt <= before?.SilentAt);
        HostAppraisalResult appraisal = HostAppraisal.Appraise(new(HostClaims.Of(facts.Report), counts
            ? new PlatformProof(report!, proof!.At, proof.Simulated, IsContemporary(facts.Host, proof, moment)) : null), moment.Policy);
        bool simulated = facts.Report.Facts.Simulated || (counts && proof!.Simulated);
        bool byWord = moment.Policy.Hosts.EarnedBy == HostEvidenceKind.Platform;
        Finding[] findings = [.. Identity(facts, simulated, silent, moment), .. appraisal.Findings, .. counts || byWord ? [] : Proof(proof, moment)];
        Verdict verdict = Verdicts.Of(findings);
        level = facts.IsQuarantined ? TrustLevel.Quarantined
            : verdict == Verdict.Contraindicated ? TrustLevel.Untrusted
            : verdict == Verdict.None ? TrustLevel.Unknown
            : TrustLevel.Trusted;
        // By its own word it is trusted as long as it speaks; what its chip signed may last longer than that.
        expires = level != TrustLevel.Trusted ? null
            : counts ? Later(proof!.At + moment.Lifetime, byWord ? facts.Host.LastSeenAt + moment.Silence : null)
            : facts.Host.LastSeenAt + moment.Silence;
        bool enough = counts || byWord;
        return new TrustRecord(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(appraisal.Evidence.ToString()), simulated, [.. findings.Select(Of)],
            [.. appraisal.Bulletins.Where(one => enough && one.State == BulletinState.Mitigated).Select(one => SevTraits.BaselineOf(one.Bulletin.Id)).Distinct(StringComparer.Ordinal)],
            [.. appraisal.Bulletins.Select(one => new BulletinStanding(
                one.Bulletin.Id, one.Bulletin.Title, one.Bulletin.Cves, JsonNamingPolicy.SnakeCaseLower.ConvertName(one.State.ToString()), one.Missing))],
            proof, spent ? proof!.At : before?.SpentAt, silent ? facts.Host.LastSeenAt : null);
    }

    private static IEnumerable<Finding> Identity(TrustFacts facts, bool simulated, bool silent, TrustMoment moment)
    {
        if (silent)
            yield return TrustCodes.Silent.Finds("agent", $"heard within {moment.Silence.TotalSeconds:0} s", $"last heard {facts.Host.LastSeenAt.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
        if (simulated && moment.Policy.SimulatedRoots.Count == 0)
            yield return TrustCodes.Simulated.Finds("host", "a machine", "a simulated host, and no simulated root is named");
        PlatformClaims claims = HostClaims.Of(facts.Report);
        if (claims.StartsEncryptedGuests == false)
            yield return TrustCodes.EncryptionOff.Finds("kvm_amd", "sev, sev_es or sev_snp on", "all off");
        switch (facts.Enrolment)
        {
            case EnrolmentState.NoChips:
                yield return TrustCodes.ChipNone.Finds("CHIP_ID", "of each socket", "none could be read there");
                break;
            case EnrolmentState.Pending:
                yield return TrustCodes.ChipPending.Finds("CHIP_ID", "approved", "waits for an administrator");
                break;
            case EnrolmentState.Changed:
                yield return TrustCodes.ChipChanged.Finds("CHIP_ID", "the chips that were approved", "another one, not approved");
                break;
            case EnrolmentState.Conflict:
                yield return TrustCodes.ChipConflict.Finds("CHIP_ID", "chips of its own", "a chip of another host");
                break;
        }
    }

    private static Finding[] Proof(ProofRecord? proof, TrustMoment moment) =>
    [
        proof is null
            ? TrustCodes.ProofMissing.Finds("ATTESTATION_REPORT", "signed by a chip of this host", "none")
            : TrustCodes.ProofExpired.Finds("ATTESTATION_REPORT", $"at most {moment.Lifetime.TotalSeconds:0} s old", $"of {proof.At.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}"),
    ];

    /// <summary>The host said what it says now before the report came, and had time to say it again since.</summary>
    private static bool IsContemporary(HostOutline host, ProofRecord proof, TrustMoment moment) =>
        host.FactsChangedAt <= proof.At && host.LastSeenAt > proof.At + moment.Heartbeat;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    private static HostTrustState State(TrustFacts facts, TrustRecord found, TrustLevel level, DateTimeOffset? expires, DateTimeOffset now)
    {
        bool counts = found.Proof is not null && found.SpentAt != found.Proof.At;
        HostTrustState row = facts.Before ?? new HostTrustState { Node = facts.Host.Node, Name = facts.Host.Name, Level = level, Since = now, JudgedAt = now, Result = [] };
        return row with
        {
            Name = facts.Host.Name,
            Since = row.Level == level ? row.Since : now,
            Level = level,
            JudgedAt = now,
            Result = found.Bytes(),
            ProvenAt = counts ? found.Proof!.At : row.ProvenAt,
            ProvenBy = counts ? found.Proof!.Instance : row.ProvenBy,
            ExpiresAt = expires,
        };
    }

    /// <summary>The same but for times.</summary>
    private static bool SaysTheSame(TrustRecord one, TrustRecord other) =>
        one.Evidence == other.Evidence && one.Simulated == other.Simulated && one.Findings.Select(Timeless).SequenceEqual(other.Findings.Select(Timeless))
        && one.Baselines.SequenceEqual(other.Baselines) && one.Bulletins.Select(Settled).SequenceEqual(other.Bulletins.Select(Settled));

    private static HostFinding Timeless(HostFinding finding) =>
        finding.Code == TrustCodes.Silent.Code || finding.Code == TrustCodes.ProofExpired.Code ? finding with { Actual = "", Expected = "" } : finding;

    private static (string, string, string?) Settled(BulletinStanding standing) => (standing.Bulletin, standing.Standing, standing.Missing);

    private static HostFinding Of(Finding finding) => new(finding.Code, finding.Tier.ToString().ToLowerInvariant(), finding.Subject, finding.Expected, finding.Actual);

    private static HistoryRecord Record(HostTrustState state, TrustRecord found, HostTrustState? before)
    {
        string level = Word(state.Level);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new TrustChangedRecord(level, before is null ? null : Word(before.Level), found.Evidence, found.Simulated, found.Findings, state.ProvenAt, state.ProvenBy, found.Baselines),
            TrustJson.Default.TrustChangedRecord);
        return new(HostEvents.TrustChanged, state.Node, null, body)
        {
            Changes = [state],
            Event = new EventFields
            {
                IsAlert = state.Level is TrustLevel.Untrusted && before?.Level != state.Level,
                HostName = state.Name,
                Message = $"host {state.Name} is {level}" + (found.Findings is [var first, ..] ? $": {first.Code}" : ""),
            },
        };
    }

    public static string Word(TrustLevel level) => level.ToString().ToLowerInvariant();
}
