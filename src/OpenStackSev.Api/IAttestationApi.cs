using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Hosts;
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

    [Get("/v1/sweep")]
    Task<SweepStatus> GetSweepAsync(CancellationToken ct = default);

    /// <summary>Opens a round now, and nudges the guest.</summary>
    [Post("/v1/instances/{instance}/attestation")]
    Task<OpenedRound> OpenRoundAsync(Guid instance, CancellationToken ct = default);
}
