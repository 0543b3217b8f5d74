namespace OpenStackSev.Api.Hosts;

/// <summary>Error codes of requests that concern hosts, in <c>errors[].code</c>. Once shipped, never changed.</summary>
public static class HostCodes
{
    private const string Prefix = "openstack-sev.";

    /// <summary>401: neither a certificate of a node nor a token.</summary>
    public const string CertificateMissing = Prefix + "node_certificate.missing";

    /// <summary>401: not signed by this cloud's own node CA.</summary>
    public const string CertificateUntrusted = Prefix + "node_certificate.untrusted";

    public const string CertificateExpired = Prefix + "node_certificate.expired";
    public const string CertificateNotYetValid = Prefix + "node_certificate.not_yet_valid";
    public const string CertificateRevoked = Prefix + "node_certificate.revoked";

    /// <summary>401: not for TLS clients, or a CA's own.</summary>
    public const string CertificateWrongPurpose = Prefix + "node_certificate.wrong_purpose";

    /// <summary>401: its SAN is not exactly one <c>urn:uuid:</c>.</summary>
    public const string CertificateWithoutNode = Prefix + "node_certificate.without_node";

    /// <summary>403: speaks for a node that is not its own.</summary>
    public const string CertificateOtherNode = Prefix + "node_certificate.other_node";

    /// <summary>503: the CA's files cannot be read, so that no certificate is believed.</summary>
    public const string AuthorityUnavailable = Prefix + "node_certificate.authority_unavailable";

    /// <summary>404: the control plane has no CA key; an administrator issues certificates.</summary>
    public const string RenewalNotOffered = Prefix + "node_certificate.renewal_not_offered";

    /// <summary>400: no certificate can be made for what was sent.</summary>
    public const string CertificateRequestRefused = Prefix + "node_certificate.request_refused";

    /// <summary>404: no host of that UUID or name has reported.</summary>
    public const string HostNotFound = Prefix + "host.not_found";

    /// <summary>400: a field of a report is out of bounds.</summary>
    public const string ReportInvalid = Prefix + "host.report.invalid";

    /// <summary>409: a reported chip belongs to another host.</summary>
    public const string ChipConflict = Prefix + "host.chip.conflict";

    /// <summary>409: a chip to approve is not among those that the host reports.</summary>
    public const string ChipNotReported = Prefix + "host.chip.not_reported";

    /// <summary>Every code, in the order of the README.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        CertificateMissing, CertificateUntrusted, CertificateExpired, CertificateNotYetValid, CertificateRevoked, CertificateWrongPurpose,
        CertificateWithoutNode, CertificateOtherNode, AuthorityUnavailable, RenewalNotOffered, CertificateRequestRefused,
        HostNotFound, ReportInvalid, ChipConflict, ChipNotReported,
    ];
}
