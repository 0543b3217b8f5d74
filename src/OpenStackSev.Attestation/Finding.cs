namespace OpenStackSev.Attestation;

/// <summary>One thing that is wrong with what was judged.</summary>
/// <param name="Code">Stable name of the check, e.g. <c>snp.chip_id.mismatch</c>. Branch on this, never on the text.</param>
/// <param name="Tier">What this finding alone makes of the result.</param>
/// <param name="Subject">The field or document that was judged, by its name in the specification, e.g. <c>REPORTED_TCB</c>.</param>
/// <param name="Expected">What would have passed.</param>
/// <param name="Actual">What was there. May quote the evidence: hexadecimal and bounded, never raw text of it.</param>
public sealed record Finding(string Code, Verdict Tier, string Subject, string Expected, string Actual);
