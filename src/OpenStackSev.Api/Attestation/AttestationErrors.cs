using OpenStackSev.Api.Errors;

namespace OpenStackSev.Api.Attestation;

/// <summary>What can be wrong with requests of guests, and with those that look at instances.</summary>
/// <remarks>Evidence that ends in one of these is no answer: the challenge stays open and the instance's verdict stays what it was.</remarks>
public static class AttestationErrors
{
    public static readonly ErrorCode EvidenceMalformed = new("attestation.evidence.malformed", 400, "Bad Request",
        "the report, the public key or the certificates have a size or a form that none has; the detail names which");

    public static readonly ErrorCode TicketMissing = new("attestation.ticket.missing", 401, "Unauthorized",
        "this is for instances: bring the ticket of vendor_data2.json in `Authorization: Bearer`");

    public static readonly ErrorCode TicketInvalid = new("attestation.ticket.invalid", 401, "Unauthorized",
        "this cloud made no such ticket, or its key is gone: read vendor_data2.json again");

    public static readonly ErrorCode TicketOtherInstance = new("attestation.ticket.other_instance", 403, "Forbidden",
        "the ticket is another instance's than the one that the body names");

    public static readonly ErrorCode InstanceNotFound = new("attestation.instance.not_found", 404, "Not Found",
        "there is no such instance, or it asks for no memory encryption, or it is another project's");

    public static readonly ErrorCode EvidenceNotFound = new("attestation.evidence.not_found", 404, "Not Found",
        "the instance has given no evidence that was judged yet");

    public static readonly ErrorCode IncidentNotFound = new("attestation.incident.not_found", 404, "Not Found",
        "no incident has this number, or it is of a host or of another project");

    public static readonly ErrorCode WithoutReports = new("attestation.instance.without_reports", 409, "Conflict",
        "guests of this model cannot ask for a report; only those of amd-sev-snp can");

    public static readonly ErrorCode ChallengeForeign = new("attestation.challenge.foreign", 409, "Conflict",
        "the challenge is not this instance's: another one's, or nobody's; ask for one");

    public static readonly ErrorCode ChallengeUsed = new("attestation.challenge.used", 409, "Conflict",
        "the challenge was answered already, and is good for one answer; ask for a new one");

    public static readonly ErrorCode ChallengeLate = new("attestation.challenge.late", 409, "Conflict",
        "the challenge has expired; ask for a new one and answer at once");

    public static readonly ErrorCode EvidenceNotAuthentic = new("attestation.evidence.not_authentic", 422, "Unprocessable Content",
        "no security processor of AMD's made this report as it is; the detail begins with the code of what does not hold");

    public static readonly ErrorCode EvidenceReplayed = new("attestation.evidence.replayed", 422, "Unprocessable Content",
        "the report is the one that answered an earlier challenge");

    public static readonly ErrorCode EvidenceForeign = new("attestation.evidence.foreign", 422, "Unprocessable Content",
        "the report was made for another nonce, instance or key: its REPORT_DATA is not what the challenge asks for");

    public static readonly ErrorCode EvidenceWrongChip = new("attestation.evidence.wrong_chip", 422, "Unprocessable Content",
        "the report is of a chip that is not an approved one of the host on which Nova has the instance");

    public static readonly ErrorCode TooManyOfGuest = new("attestation.guest.too_many", 429, "Too Many Requests",
        "more requests than one instance, one project's instances, or an address without a good ticket may send; wait for `Retry-After`");

    public static readonly ErrorCode EndorsementsUnavailable = new("attestation.endorsements.unavailable", 503, "Service Unavailable",
        "the certificates or the revocation list that the report is to be verified with are not there yet; the challenge stays open, send the same again");

    public static readonly ErrorCode KeysUnavailable = new("attestation.keys.unavailable", 503, "Service Unavailable",
        "the service lacks a key or the URL that guests are to use: `openstack-sev-control manage db sync`, `[reattestation] guest_url`; the log says which");

    /// <summary>In the order of their status.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        EvidenceMalformed, TicketMissing, TicketInvalid, TicketOtherInstance, InstanceNotFound, EvidenceNotFound, IncidentNotFound, WithoutReports,
        ChallengeForeign, ChallengeUsed, ChallengeLate, EvidenceNotAuthentic, EvidenceReplayed, EvidenceForeign, EvidenceWrongChip,
        TooManyOfGuest, EndorsementsUnavailable, KeysUnavailable,
    ];
}
