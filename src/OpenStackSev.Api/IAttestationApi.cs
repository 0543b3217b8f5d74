using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Api.Policies;
using OpenStackSev.Api.Validation;
using Refit;

namespace OpenStackSev.Api;

/// <summary>The control plane. Every failure is an <see cref="AttestationApiException"/>.</summary>
public interface IAttestationApi
{
    /// <summary>An agent's report of its own node.</summary>
    [Put("/v1/hosts/{node}")]
    Task<HostReportAnswer> ReportHostAsync(Guid node, [Body] HostReport report, CancellationToken ct = default);

    /// <summary>One page of hosts, by UUID.</summary>
    [Get("/v1/hosts")]
    Task<HostList> ListHostsAsync([Query] int? limit = null, [Query] Guid? marker = null, CancellationToken ct = default);

    [Get("/v1/hosts/{node}")]
    Task<HostDetails> GetHostAsync(Guid node, CancellationToken ct = default);

    /// <summary>Newest first; <paramref name="before"/> is the id of the last record of the page before.</summary>
    [Get("/v1/hosts/{node}/history")]
    Task<HostHistory> GetHostHistoryAsync(Guid node, [Query] int? limit = null, [Query] long? before = null, CancellationToken ct = default);

    [Post("/v1/hosts/{node}/approval")]
    Task<HostDetails> ApproveHostAsync(Guid node, [Body] HostApproval approval, CancellationToken ct = default);

    /// <exception cref="AttestationApiException">Among others 409: the host still reports.</exception>
    [Post("/v1/hosts/{node}/withdrawal")]
    Task<HostDetails> WithdrawHostAsync(Guid node, [Body] HostWithdrawal withdrawal, CancellationToken ct = default);

    /// <summary>Sets a host aside; one that is in quarantine gets another reason. Administrators.</summary>
    [Post("/v1/hosts/{node}/quarantine")]
    Task<HostDetails> QuarantineHostAsync(Guid node, [Body] QuarantineRequest quarantine, CancellationToken ct = default);

    /// <exception cref="AttestationApiException">Among others 409: it is in no quarantine.</exception>
    [Delete("/v1/hosts/{node}/quarantine")]
    Task<HostDetails> ReleaseHostAsync(Guid node, CancellationToken ct = default);

    /// <summary>How the encrypted instances of a host can be moved away. Administrators.</summary>
    [Get("/v1/hosts/{node}/drain")]
    Task<DrainPlan> GetHostDrainAsync(Guid node, CancellationToken ct = default);

    /// <summary>What an update of a host's firmware takes away and brings. Administrators.</summary>
    /// <param name="tcb">CURRENT_TCB after it, 16 hex digits; null for the thresholds that are known.</param>
    /// <param name="firmware">SNP firmware after it, e.g. <c>1.55.40</c>.</param>
    [Get("/v1/hosts/{node}/upgrade-check")]
    Task<UpgradeCheck> CheckHostUpgradeAsync(Guid node, [Query] string? tcb = null, [Query] string? firmware = null, CancellationToken ct = default);

    /// <summary>The findings about one flavor and one image, each a name, an id or a body.</summary>
    [Post("/v1/validations")]
    Task<ValidationReport> ValidateAsync([Body] ValidationRequest request, CancellationToken ct = default);

    /// <summary>Asks for an audit of the whole cloud; it runs in the background.</summary>
    [Post("/v1/audits")]
    Task<AuditAnswer> CreateAuditAsync([Body] AuditRequest request, CancellationToken ct = default);

    /// <summary>Those that the caller may look at, without their results.</summary>
    [Get("/v1/audits")]
    Task<AuditList> ListAuditsAsync(CancellationToken ct = default);

    /// <summary>How far it is, and its result once it is done.</summary>
    [Get("/v1/audits/{id}")]
    Task<AuditAnswer> GetAuditAsync(Guid id, CancellationToken ct = default);

    /// <summary>One that is done stays.</summary>
    [Delete("/v1/audits/{id}")]
    Task CancelAuditAsync(Guid id, CancellationToken ct = default);

    /// <summary>Why there is no valid host, or what Nova answers to an operation. It reads the whole cloud: seconds.</summary>
    [Post("/v1/explanations")]
    Task<Explanation> ExplainAsync([Body] ExplanationRequest request, CancellationToken ct = default);

    /// <summary>An agent brings certificates of its own node's security processors.</summary>
    [Put("/v1/hosts/{node}/endorsements")]
    Task<HostEndorsementsAnswer> PutHostEndorsementsAsync(Guid node, [Body] HostEndorsements endorsements, CancellationToken ct = default);

    /// <summary>The newest first; <paramref name="marker"/> is that of the page before.</summary>
    [Get("/v1/policies")]
    Task<PolicyList> ListPoliciesAsync([Query] int? limit = null, [Query] int? marker = null, CancellationToken ct = default);

    [Get("/v1/policies/{number}")]
    Task<PolicyDetails> GetPolicyAsync(int number, CancellationToken ct = default);

    /// <param name="document">The bytes of a policy document, as <c>application/json</c>: they are kept as they are.</param>
    /// <returns>The new version, or the one that asks for the same.</returns>
    [Post("/v1/policies")]
    Task<PolicyDetails> StorePolicyAsync([Body] HttpContent document, CancellationToken ct = default);

    [Post("/v1/policies/{number}/activation")]
    Task<PolicyDetails> ActivatePolicyAsync(int number, [Body] PolicyActivation activation, CancellationToken ct = default);

    /// <summary>One page of instances, by UUID.</summary>
    [Post("/v1/policies/dry-runs")]
    Task<DryRunPage> TryPolicyAsync([Body] DryRunRequest request, [Query] int? limit = null, [Query] Guid? marker = null, CancellationToken ct = default);

    /// <param name="removed">Also those that were removed.</param>
    [Get("/v1/reference-values")]
    Task<ReferenceValueList> ListReferenceValuesAsync([Query] bool? removed = null, CancellationToken ct = default);

    [Post("/v1/reference-values")]
    Task<ReferenceValueList> AddReferenceValuesAsync([Body] NewReferenceValues values, CancellationToken ct = default);

    /// <param name="digest">96 hex digits.</param>
    /// <param name="allowUnchecked">Remove it also when it is the last one, so that no measurement is compared any more.</param>
    [Delete("/v1/reference-values/{digest}")]
    Task<ReferenceValueBody> RemoveReferenceValueAsync(string digest, [Query, AliasAs("allow_unchecked")] bool? allowUnchecked = null, CancellationToken ct = default);

    /// <summary>The successor of the certificate that this connection was made with, for its own node.</summary>
    [Post("/v1/hosts/{node}/certificate")]
    Task<RenewedCertificate> RenewCertificateAsync(Guid node, [Body] CertificateRenewal renewal, CancellationToken ct = default);

    /// <summary>One page of instances, by UUID: the project's own, or of all for those who may.</summary>
    [Get("/v1/instances")]
    Task<InstanceList> ListInstancesAsync([Query] int? limit = null, [Query] Guid? marker = null, [Query] string? project = null, CancellationToken ct = default);

    /// <summary>An instance and its last judgement.</summary>
    [Get("/v1/instances/{instance}/attestation")]
    Task<InstanceAttestation> GetInstanceAsync(Guid instance, CancellationToken ct = default);

    /// <summary>Newest first; <paramref name="before"/> is the id of the last record of the page before.</summary>
    [Get("/v1/instances/{instance}/history")]
    Task<InstanceHistory> GetInstanceHistoryAsync(Guid instance, [Query] int? limit = null, [Query] long? before = null, CancellationToken ct = default);

    /// <summary>What the last judgement rests on.</summary>
    [Get("/v1/instances/{instance}/evidence")]
    Task<InstanceEvidenceBundle> GetInstanceEvidenceAsync(Guid instance, CancellationToken ct = default);

    /// <summary>Times in which an instance was not to be trusted, the latest first.</summary>
    [Get("/v1/instances/{instance}/incidents")]
    Task<IncidentList> ListInstanceIncidentsAsync(Guid instance, CancellationToken ct = default);

    /// <summary>Times in which a host was not as it should be, the latest first.</summary>
    [Get("/v1/hosts/{node}/incidents")]
    Task<IncidentList> ListHostIncidentsAsync(Guid node, CancellationToken ct = default);

    [Get("/v1/incidents/{number}")]
    Task<IncidentRecord> GetIncidentAsync(long number, CancellationToken ct = default);

    [Get("/v1/sweep")]
    Task<SweepStatus> GetSweepAsync(CancellationToken ct = default);

    /// <summary>What follows from verdicts, and whether it stands still.</summary>
    [Get("/v1/enforcement")]
    Task<EnforcementStatus> GetEnforcementAsync(CancellationToken ct = default);

    /// <summary>Lets enforcement go on after too many turned bad at once.</summary>
    [Post("/v1/enforcement/resume")]
    Task<EnforcementStatus> ResumeEnforcementAsync([Body] EnforcementResume resume, CancellationToken ct = default);

    /// <summary>One page, by UUID: of the project's own instances, or of all for those who may.</summary>
    [Get("/v1/enforcement/instances")]
    Task<EnforcementInstanceList> ListEnforcementAsync(
        [Query] int? limit = null, [Query] Guid? marker = null, [Query] string? project = null, [Query] string? standing = null, CancellationToken ct = default);

    /// <summary>One page, by UUID of the server: gates of stacks that the project's own servers name, or those of all for those who may.</summary>
    [Get("/v1/gates")]
    Task<GateList> ListGatesAsync(
        [Query] int? limit = null, [Query] Guid? marker = null, [Query] string? project = null, [Query] string? standing = null, CancellationToken ct = default);

    /// <summary>Undoes what was done about an instance, and leaves it for some time.</summary>
    [Post("/v1/instances/{instance}/release")]
    Task<EnforcementInstance> ReleaseInstanceAsync(Guid instance, [Body] EnforcementRelease release, CancellationToken ct = default);

    /// <summary>Opens a round now, and nudges the guest.</summary>
    [Post("/v1/instances/{instance}/attestation")]
    Task<OpenedRound> OpenRoundAsync(Guid instance, CancellationToken ct = default);

    /// <summary>The trust of all hosts, for nova-scheduler: a signed snapshot, as <c>application/jose</c>.</summary>
    /// <param name="known">Entity tag, with its quotes, of the one that the caller has: while it says the same, the answer is 304 without a body.</param>
    [Get("/v1/scheduling/snapshot")]
    Task<HttpResponseMessage> GetSnapshotAsync([Header("If-None-Match")] string? known = null, CancellationToken ct = default);

    /// <summary>The keys that results and snapshots are verified with: a JWK Set.</summary>
    [Get("/.well-known/jwks.json")]
    Task<HttpResponseMessage> GetVerificationKeysAsync(CancellationToken ct = default);
}
