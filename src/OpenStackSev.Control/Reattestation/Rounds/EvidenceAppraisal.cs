using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Policies;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>What was found of evidence, and what it was found with.</summary>
/// <param name="Chip">Of the report: by CHIP_ID, or by the certificate where that is masked; null when nothing names one.</param>
internal sealed record Appraisal(RoundFacts Facts, PolicyInForce Policy, ReadOnlyMemory<byte>? Chip)
{
    public Judgement Judgement => RoundRules.Judge(Facts);
}

/// <summary>Brings together what a judgement rests on. It reads; it decides nothing and writes nothing.</summary>
internal sealed class EvidenceAppraisal(RoundEndorsements endorsements, ActivePolicy policies, ChipLookup chips, InstanceStates states, TimeProvider time)
{
    private const int ChipIdBytes = 64;

    /// <param name="key">The guest's; null when it gave none.</param>
    /// <param name="state">With a challenge that is open.</param>
    /// <exception cref="Persistence.StorageException">Something cannot be read.</exception>
    public async Task<Appraisal> AppraiseAsync(InstanceState state, Evidence evidence, ConfirmationKey? key, CancellationToken ct)
    {
        PolicyInForce policy = await policies.GetAsync(ct);
        byte[] expected = ReportData.Of(state.Nonce, state.Instance, evidence.PublicKey);
        EndorsementChain? chain = null;
        KnownChip? known = null;
        ReadOnlyMemory<byte>? named = null;
        if (AttestationReport.TryParse(evidence.Report, null, out AttestationReport? report, out _))
        {
            named = report.ChipIdMasked ? null : report.ChipId;
            known = named is { } id ? await chips.FindAsync(id, ct) : null;
            chain = await endorsements.ChainAsync(report, evidence.Report, evidence.Certificates, known, ct);
            if (named is null && chain?.Vek.ChipId is { } signer)
            {
                named = Padded(signer);
                known = await chips.FindAsync(named.Value, ct);
            }
        }

        AttestationResult result = Verifier.Appraise(evidence.Report, chain, policy.Policy, expected, time.GetUtcNow());
        return new Appraisal(
            new RoundFacts(state, result, known?.Row, named is not null, await LastReportDataAsync(state, result, ct), key)
            {
                IsAsHostReports = report is { SigningKey: SigningKey.Vcek, ChipIdMasked: false } && known?.ReportedTcb is { } tcb
                    && TcbVersion.Read(tcb, report.ReportedTcb.Layout, out _) == report.ReportedTcb,
            }, policy, named);
    }

    /// <summary>Read only where it tells something: an answer to this challenge is none to an earlier one.</summary>
    private async Task<ReadOnlyMemory<byte>?> LastReportDataAsync(InstanceState state, AttestationResult result, CancellationToken ct)
    {
        if (result.Findings.All(finding => finding.Code != OpenStackSev.Attestation.SnpCodes.ReportDataMismatch.Code))
            return null;
        return await states.EvidenceAsync(state.Instance, ct) is { } last ? ReportData.Of(last.Nonce, last.Instance, last.PublicKey) : null;
    }

    // From Turin on a chip's name has 8 bytes, and CHIP_ID the same with zeros after them.
    private static byte[] Padded(ReadOnlyMemory<byte> hardware)
    {
        byte[] chip = new byte[ChipIdBytes];
        hardware.CopyTo(chip);
        return chip;
    }
}
