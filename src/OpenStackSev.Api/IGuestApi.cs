using OpenStackSev.Api.Attestation;
using Refit;

namespace OpenStackSev.Api;

/// <summary>What a guest asks of the control plane. Every failure is an <see cref="AttestationApiException"/>.</summary>
public interface IGuestApi
{
    /// <summary>The open challenge of the instance, or a new one.</summary>
    [Post("/v1/challenges")]
    Task<Challenge> AskAsync([Body] ChallengeRequest request, [Authorize("Bearer")] string ticket, CancellationToken ct = default);

    [Post("/v1/evidence")]
    Task<EvidenceAnswer> AnswerAsync([Body] Evidence evidence, [Authorize("Bearer")] string ticket, CancellationToken ct = default);
}
