using System.Text.Json.Serialization;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Api.Policies;
using OpenStackSev.Api.Validation;

namespace OpenStackSev.Api;

/// <summary>How the bodies of our own API are read and written: snake case, enumerations as words, nothing for null.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    RespectRequiredConstructorParameters = true,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false,
    Converters = [typeof(EnrolmentStateWord), typeof(TrustLevelWord)],
    MaxDepth = 16)]
[JsonSerializable(typeof(ErrorBody))]
[JsonSerializable(typeof(ValidationRequest))]
[JsonSerializable(typeof(AuditRequest))]
[JsonSerializable(typeof(ExplanationRequest))]
[JsonSerializable(typeof(ValidationReport))]
[JsonSerializable(typeof(AuditAnswer))]
[JsonSerializable(typeof(AuditList))]
[JsonSerializable(typeof(Explanation))]
[JsonSerializable(typeof(HostReport))]
[JsonSerializable(typeof(HostReportAnswer))]
[JsonSerializable(typeof(HostList))]
[JsonSerializable(typeof(HostDetails))]
[JsonSerializable(typeof(HostHistory))]
[JsonSerializable(typeof(HostApproval))]
[JsonSerializable(typeof(HostWithdrawal))]
[JsonSerializable(typeof(QuarantineRequest))]
[JsonSerializable(typeof(DrainPlan))]
[JsonSerializable(typeof(UpgradeCheck))]
[JsonSerializable(typeof(HostEndorsements))]
[JsonSerializable(typeof(HostEndorsementsAnswer))]
[JsonSerializable(typeof(PolicyList))]
[JsonSerializable(typeof(PolicyDetails))]
[JsonSerializable(typeof(PolicyActivation))]
[JsonSerializable(typeof(System.Text.Json.JsonElement))]
[JsonSerializable(typeof(DryRunRequest))]
[JsonSerializable(typeof(DryRunPage))]
[JsonSerializable(typeof(NewReferenceValues))]
[JsonSerializable(typeof(ReferenceValueBody))]
[JsonSerializable(typeof(ReferenceValueList))]
[JsonSerializable(typeof(CertificateRenewal))]
[JsonSerializable(typeof(RenewedCertificate))]
[JsonSerializable(typeof(VendordataAnswer))]
[JsonSerializable(typeof(ChallengeRequest))]
[JsonSerializable(typeof(Challenge))]
[JsonSerializable(typeof(Evidence))]
[JsonSerializable(typeof(EvidenceAnswer))]
[JsonSerializable(typeof(InstanceList))]
[JsonSerializable(typeof(InstanceAttestation))]
[JsonSerializable(typeof(GateList))]
[JsonSerializable(typeof(InstanceHistory))]
[JsonSerializable(typeof(InstanceEvidenceBundle))]
[JsonSerializable(typeof(IncidentRecord))]
[JsonSerializable(typeof(IncidentList))]
[JsonSerializable(typeof(SweepStatus))]
[JsonSerializable(typeof(EnforcementStatus))]
[JsonSerializable(typeof(EnforcementInstanceList))]
[JsonSerializable(typeof(EnforcementInstance))]
[JsonSerializable(typeof(EnforcementResume))]
[JsonSerializable(typeof(EnforcementRelease))]
[JsonSerializable(typeof(OpenedRound))]
public sealed partial class AttestationJson : JsonSerializerContext;

/// <summary><c>no_chips</c>, <c>pending</c>, …</summary>
internal sealed class EnrolmentStateWord() : JsonStringEnumConverter<EnrolmentState>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);

/// <summary><c>trusted</c>, <c>untrusted</c>, <c>quarantined</c>, <c>unknown</c>.</summary>
internal sealed class TrustLevelWord() : JsonStringEnumConverter<TrustLevel>(System.Text.Json.JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false);
