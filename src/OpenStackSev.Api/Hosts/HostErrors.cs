using OpenStackSev.Api.Errors;

namespace OpenStackSev.Api.Hosts;

/// <summary>What can be wrong with requests that concern hosts, and with the certificates of nodes.</summary>
public static class HostErrors
{
    public static readonly ErrorCode ReportInvalid = new("attestation.host.report_invalid", 400, "Bad Request",
        "a field of a host's report is out of its bounds; the detail names it");

    public static readonly ErrorCode EndorsementsInvalid = new("attestation.host.endorsements_invalid", 400, "Bad Request",
        "more certificates than a host may bring at once, or one that is too long");

    public static readonly ErrorCode CertificateRequestInvalid = new("attestation.node_certificate.request_invalid", 400, "Bad Request",
        "a renewal needs a PKCS#10 request in PEM, signed by its own key of P-256 or P-384; the detail says what this one is not");

    public static readonly ErrorCode CertificateMissing = new("attestation.node_certificate.missing", 401, "Unauthorized",
        "this is for the node itself: connect with its certificate, or as a service user where `[hosts] allow_service_user` says so");

    public static readonly ErrorCode CertificateUntrusted = new("attestation.node_certificate.untrusted", 401, "Unauthorized",
        "the cloud's own node CA did not sign this certificate");

    public static readonly ErrorCode CertificateWrongPurpose = new("attestation.node_certificate.wrong_purpose", 401, "Unauthorized",
        "the certificate is not for TLS clients, or is a CA's own");

    public static readonly ErrorCode CertificateWithoutNode = new("attestation.node_certificate.without_node", 401, "Unauthorized",
        "the certificate's SAN is not exactly one `urn:uuid:` of a compute node");

    public static readonly ErrorCode CertificateNotYetValid = new("attestation.node_certificate.not_yet_valid", 401, "Unauthorized",
        "the certificate begins later: compare the clocks");

    public static readonly ErrorCode CertificateExpired = new("attestation.node_certificate.expired", 401, "Unauthorized",
        "the certificate has ended: `osev host certificate renew`");

    public static readonly ErrorCode CertificateRevoked = new("attestation.node_certificate.revoked", 401, "Unauthorized",
        "the certificate is revoked, by an administrator or since its successor is in use: `osev host certificate issue` gives a new one");

    public static readonly ErrorCode CertificateOtherNode = new("attestation.node_certificate.other_node", 403, "Forbidden",
        "a node speaks for itself only, and this certificate is another node's");

    public static readonly ErrorCode RenewalOff = new("attestation.node_certificate.renewal_off", 403, "Forbidden",
        "this control plane cannot read `ca.key` of `[hosts] node_ca`, and so signs nothing: `osev host certificate renew`, where the key is");

    public static readonly ErrorCode NotFound = new("attestation.host.not_found", 404, "Not Found",
        "no host of that UUID has reported");

    public static readonly ErrorCode ChipConflict = new("attestation.host.chip_conflict", 409, "Conflict",
        "the host reports a chip that belongs to another host; nothing of the report was taken");

    public static readonly ErrorCode ChipNotReported = new("attestation.host.chip_not_reported", 409, "Conflict",
        "a chip to approve is not in the host's last report: look again at what it reports");

    public static readonly ErrorCode StillReports = new("attestation.host.still_reports", 409, "Conflict",
        "chips are withdrawn only from a host that is silent: one that reports has them, and is set aside by a quarantine");

    public static readonly ErrorCode NotQuarantined = new("attestation.host.not_quarantined", 409, "Conflict",
        "the host is in no quarantine that could be ended");

    public static readonly ErrorCode NotRenewable = new("attestation.node_certificate.not_renewable", 409, "Conflict",
        "this certificate cannot be renewed, or not yet; the detail says why");

    public static readonly ErrorCode AuthorityUnavailable = new("attestation.node_certificate.authority_unavailable", 503, "Service Unavailable",
        "the files of the node CA cannot be read or written, so that no certificate is believed, or none signed; the log says why");

    public static readonly ErrorCode NotJudged = new("attestation.hosts.not_judged", 503, "Service Unavailable",
        "hosts are not judged by this control plane now, so that nothing fresh can be said of them: `[trust] enabled`, or the log says what fails");

    /// <summary>In the order of their status.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        ReportInvalid, EndorsementsInvalid, CertificateRequestInvalid, CertificateMissing, CertificateUntrusted, CertificateWrongPurpose, CertificateWithoutNode,
        CertificateNotYetValid, CertificateExpired, CertificateRevoked, CertificateOtherNode, RenewalOff, NotFound, ChipConflict, ChipNotReported,
        StillReports, NotQuarantined, NotRenewable, AuthorityUnavailable, NotJudged,
    ];
}
