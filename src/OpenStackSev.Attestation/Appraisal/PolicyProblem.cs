namespace OpenStackSev.Attestation.Appraisal;

/// <summary>One thing that is wrong with a policy document.</summary>
/// <param name="Path">Where, as a JSON path from the document: <c>$.minimum_tcb.milan.snp</c>; <c>$</c> for the document itself.</param>
/// <param name="Wrong">What is there. May quote the document, bounded and without control characters.</param>
/// <param name="Remedy">What to write instead.</param>
public sealed record PolicyProblem(string Path, string Wrong, string Remedy)
{
    /// <summary>One line for people, e.g. <c>$.crll: unknown key; did you mean 'crl'?</c></summary>
    public override string ToString() => $"{Path}: {Wrong}; {Remedy}";
}
