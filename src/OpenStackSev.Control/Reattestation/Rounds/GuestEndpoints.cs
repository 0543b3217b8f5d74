using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Features;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary><c>/v1/challenges</c> and <c>/v1/evidence</c>: for instances with their ticket.</summary>
internal static class GuestEndpoints
{
    private const int MaximumChallengeBytes = 1024;

    /// <summary>What the three byte texts have in base64, and room for the names.</summary>
    private const int MaximumEvidenceBytes = (Evidence.MaximumReportBytes + Evidence.MaximumKeyBytes + Evidence.MaximumCertificatesBytes) * 4 / 3 + 2048;

    public static async Task ChallengeAsync(HttpContext context)
    {
        Guid instance = InstanceOf(context);
        ChallengeRequest request = await ReadAsync(context, AttestationJson.Default.ChallengeRequest, MaximumChallengeBytes);
        Require(instance, request.Instance);
        await context.AnswerAsync(await RoundsOf(context).ChallengeAsync(instance, context.RequestAborted), AttestationJson.Default.Challenge);
    }

    public static async Task EvidenceAsync(HttpContext context)
    {
        Guid instance = InstanceOf(context);
        Evidence evidence = await ReadAsync(context, AttestationJson.Default.Evidence, MaximumEvidenceBytes);
        Require(instance, evidence.Instance);
        ConfirmationKey? key = KeyOf(evidence);
        // Once it is being judged it is judged to its end, even if the guest hangs up: what was used up is then also written.
        await context.AnswerAsync(await RoundsOf(context).AnswerAsync(instance, evidence, key, CancellationToken.None), AttestationJson.Default.EvidenceAnswer);
    }

    /// <exception cref="ApiException">400.</exception>
    private static ConfirmationKey? KeyOf(Evidence evidence)
    {
        if (evidence.Report.Length != AttestationReport.Size)
            throw Malformed($"report: has {evidence.Report.Length} bytes, and a report has {AttestationReport.Size}");
        if (evidence.Certificates is { Length: > Evidence.MaximumCertificatesBytes })
            throw Malformed($"certificates: more than {Evidence.MaximumCertificatesBytes} bytes");
        if (evidence.PublicKey is not { } der)
            return null;
        return der.Length <= Evidence.MaximumKeyBytes && ConfirmationKey.TryFromSubjectPublicKeyInfo(der, out ConfirmationKey? key)
            ? key
            : throw Malformed("public_key: is no DER SubjectPublicKeyInfo of a point on P-384 or P-256");
    }

    private static ApiException Malformed(string detail) => new(AttestationErrors.EvidenceMalformed, detail);

    private static Guid InstanceOf(HttpContext context) => context.Caller().Instance
        ?? throw new ApiException(AttestationErrors.TicketMissing, "this is for instances with their ticket, not for users");

    private static void Require(Guid ofTicket, Guid named)
    {
        if (named != ofTicket)
            throw new ApiException(AttestationErrors.TicketOtherInstance, "the ticket is not that of the instance in the body");
    }

    private static Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type, int maximumBytes)
        where T : class
    {
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = maximumBytes;
        return RequestBody.ReadAsync(context, type);
    }

    private static GuestRounds RoundsOf(HttpContext context) => context.RequestServices.GetRequiredService<GuestRounds>();
}
