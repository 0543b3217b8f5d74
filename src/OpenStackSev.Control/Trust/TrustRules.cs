using System.Text.Json;
using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Hosts;
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

    private const string Contraindicated = "contraindicated", None = "none";

    /// <returns>Null where nothing is to be written.</returns>
    public static TrustStep? Decide(TrustFacts facts, TrustMoment moment)
    {
        TrustRecord? before = facts.Before is { } row ? TrustRecord.Of(row) : null;
        TrustRecord found = Find(facts, before, moment, out TrustLevel level, out DateTimeOffset? expires);
        HostTrustState state = State(facts, found, level, expires, moment.Now);
        if (facts.Before is null || facts.Before.Level != level || !SaysTheSame(before!, found))
            return new(state, Record(state, found, facts.Before));
        TimeSpan shortest = moment.Lifetime < moment.Silence ? moment.Lifetime : moment.Silence;
        bool moved = expires is { } end && end != facts.Before.ExpiresAt && (end < facts.Before.ExpiresAt || facts.Before.ExpiresAt <= moment.Now || !(facts.Before.ExpiresAt >= end - (shortest / Part)));
        return moved || before!.SilentAt != found.SilentAt || before.SpentAt != found.SpentAt ? new(state, null) : null;
    }

    private static TrustRecord Find(TrustFacts facts, TrustRecord? before, TrustMoment moment, out TrustLevel level, out DateTimeOffset? expires)
    {
        PlatformProof? proof = Platform(facts.Proof);
        bool spent = facts.Proof is { } kept && (kept.At <= before?.SpentAt || moment.Now >= kept.At + moment.Lifetime || moment.IsAhead(kept.At));
        bool counts = proof is not null && !spent;
        bool silent = moment.Now >= facts.Host.LastSeenAt + moment.Silence || facts.Host.LastSeenAt <= before?.SilentAt || moment.IsAhead(facts.Host.LastSeenAt);
        PlatformClaims claims = HostClaims.Of(facts.Report);
        HostAppraisalResult appraisal = HostAppraisal.Appraise(new(claims, counts ? proof : null, Platform(facts.Witness)), moment.Policy);
        bool simulated = facts.Report.Facts.Simulated || (counts && proof!.Simulated);
        bool byWord = moment.Policy.Hosts.EarnedBy == HostEvidenceKind.Platform;
        HostFinding[] findings =
        [
            .. Identity(facts, claims, simulated, silent, moment).Concat(appraisal.Findings).Concat(counts || byWord ? [] : Proof(facts.Proof, moment)).Select(Of),
            .. Lasting(facts, before, spent ? proof : null, claims, moment),
        ];
        findings = [.. findings.DistinctBy(finding => (finding.Code, finding.Subject))];
        level = facts.IsQuarantined ? TrustLevel.Quarantined
            : findings.Any(finding => finding.Tier == Contraindicated) ? TrustLevel.Untrusted
            : findings.Any(finding => finding.Tier == None) ? TrustLevel.Unknown
            : TrustLevel.Trusted;
        // By its own word it is trusted as long as it speaks; what its chip signed may last longer than that.
        expires = level != TrustLevel.Trusted ? null
            : counts ? Later(proof!.At + moment.Lifetime, byWord ? facts.Host.LastSeenAt + moment.Silence : null)
            : facts.Host.LastSeenAt + moment.Silence;
        bool enough = counts || byWord;
        return new TrustRecord(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(appraisal.Evidence.ToString()), simulated, findings,
            [.. appraisal.Bulletins.Where(one => enough && one.State == BulletinState.Mitigated).Select(one => SevTraits.BaselineOf(one.Bulletin.Id)).Distinct(StringComparer.Ordinal)],
            [.. appraisal.Bulletins.Select(one => new BulletinStanding(
                one.Bulletin.Id, one.Bulletin.Title, one.Bulletin.Cves, JsonNamingPolicy.SnakeCaseLower.ConvertName(one.State.ToString()), one.Missing))],
            facts.Proof, spent ? facts.Proof!.At : before?.SpentAt, silent ? facts.Host.LastSeenAt : null);
    }

    /// <summary>
    /// What speaks against a host does not end because time passes: a lie, until the host says something else or a newer report bears it out; and what
    /// its chip signed last, until it signs something else or the host's facts change.
    /// </summary>
    private static IEnumerable<HostFinding> Lasting(TrustFacts facts, TrustRecord? before, PlatformProof? spent, PlatformClaims claims, TrustMoment moment)
    {
        if (facts.Witness is null && before?.Proof is { } then && facts.Host.FactsChangedAt <= then.At)
        {
            foreach (HostFinding finding in before.Findings.Where(finding => finding.Code == HostCodes.FactsContradicted.Code))
                yield return finding;
        }

        if (spent is null || facts.Host.FactsChangedAt > spent.At)
            yield break;
        foreach (Finding finding in HostAppraisal.Appraise(new(claims, spent), moment.Policy).Findings.Where(finding => finding.Tier == Verdict.Contraindicated))
            yield return Of(finding);
    }

    /// <returns>Null for what cannot be read.</returns>
    private static PlatformProof? Platform(ProofRecord? proof) =>
        proof is not null && AttestationReport.TryParse(proof.Report, proof.Line.Layout(), out AttestationReport? report, out _)
            ? new(report, proof.Line, proof.At, proof.Simulated) : null;

    private static IEnumerable<Finding> Identity(TrustFacts facts, PlatformClaims claims, bool simulated, bool silent, TrustMoment moment)
    {
        if (silent)
            yield return TrustCodes.Silent.Finds("agent", $"heard within {moment.Silence.TotalSeconds:0} s", $"last heard {facts.Host.LastSeenAt.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
        if (simulated && moment.Policy.SimulatedRoots.Count == 0)
            yield return TrustCodes.Simulated.Finds("host", "a machine", "a simulated host, and no simulated root is named");
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

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset? other) => other > one ? other.Value : one;

    private static HostTrustState State(TrustFacts facts, TrustRecord found, TrustLevel level, DateTimeOffset? expires, DateTimeOffset now)
    {
        HostTrustState row = facts.Before ?? new HostTrustState { Node = facts.Host.Node, Name = facts.Host.Name, Level = level, Since = now, JudgedAt = now, Result = [] };
        return row with
        {
            Name = facts.Host.Name,
            Since = row.Level == level ? row.Since : now,
            Level = level,
            JudgedAt = now,
            Result = found.Bytes(),
            // Also of a proof that has ended: when it was. Not of one whose chip the host no longer has.
            ProvenAt = found.Proof?.At,
            ProvenBy = found.Proof?.Instance,
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
