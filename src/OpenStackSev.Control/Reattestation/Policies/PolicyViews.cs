using System.Text.Json;
using OpenStackSev.Api.Policies;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Rows as the API shows them. Pure.</summary>
internal static class PolicyViews
{
    public static PolicySummary Summary(PolicyVersion version) => new(version.Number, version.Name, version.Digest, version.IsActive,
        version.StoredAt, version.StoredBy, version.ActivatedAt, version.ActivatedBy);

    /// <param name="active">No version is.</param>
    public static PolicySummary BuiltIn(bool active) =>
        new(PolicyInForce.BuiltIn, PolicyInForce.Default.Name, PolicyInForce.Default.Digest, active);

    public static PolicyDetails Details(PolicyVersion version) => new(Summary(version), Json(version.Document));

    public static PolicyDetails BuiltInDetails(bool active) => new(BuiltIn(active), Json(PolicyDocument.Write(AppraisalPolicy.Default)));

    public static ReferenceValueBody Body(ReferenceValue value) =>
        new(value.Digest, value.Name, value.CoversExecutables, value.AddedAt, value.AddedBy, value.RemovedAt, value.RemovedBy);

    public static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();

    private static JsonElement Json(byte[] document)
    {
        using JsonDocument json = JsonDocument.Parse(document);
        return json.RootElement.Clone();
    }
}
