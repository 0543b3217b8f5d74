using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Attestation;

/// <summary>What an instance finds about this service: below <see cref="Name"/> in vendor_data2.json, whatever the operator called the target.</summary>
/// <param name="Url">Of the control plane, without <c>/v1</c>.</param>
/// <param name="Ticket">The instance's secret towards the control plane, and nobody else's: printable ASCII, at most 255 characters. It goes into <c>Authorization: Bearer</c>.</param>
/// <param name="Instance">Nova's UUID of the server.</param>
/// <param name="Ca">PEM of the authorities that the control plane's certificate comes from; null for those of the system.</param>
/// <remarks>Trust: the host reads it too. A ticket keeps other tenants from answering in an instance's name, not the host.</remarks>
public sealed record GuestInstructions(Uri Url, string Ticket, Guid Instance, string? Ca = null)
{
    /// <summary>The one property of our part of vendor_data2.json.</summary>
    public const string Name = "openstack_sev";

    /// <summary>Keys of server metadata, where vendordata is not configured: the same URL and ticket.</summary>
    public const string UrlKey = "openstack_sev_url", TicketKey = "openstack_sev_ticket";

    /// <summary>Key of server metadata: a decimal number, at most 64 bits. A guest that sees it grow answers a challenge at once.</summary>
    public const string NudgeKey = "openstack_sev_nudge";

    /// <summary>In characters.</summary>
    public const int LongestTicket = 255;

    /// <summary>Without the ticket, which must not get into a log by way of a message.</summary>
    public override string ToString() => $"{Url} for instance {Instance}";
}

/// <summary>Our whole part of vendor_data2.json.</summary>
/// <param name="OpenstackSev">Null for an instance that asks for no memory encryption: <c>{}</c>.</param>
public sealed record VendordataAnswer(GuestInstructions? OpenstackSev = null);

/// <summary>Asks for a challenge. The ticket says for whom; the body says it again, so that a mistake is told apart from an attack.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ChallengeRequest(Guid Instance);

/// <summary>To be answered once, in time.</summary>
/// <param name="Id">Names it in the answer.</param>
/// <param name="Nonce">32 bytes, base64: a secret of the two parties until it is answered.</param>
/// <param name="ExpiresIn">Seconds.</param>
public sealed record Challenge(Guid Id, Guid Instance, byte[] Nonce, int ExpiresIn);

/// <summary>The answer to a challenge.</summary>
/// <param name="Challenge">Its id.</param>
/// <param name="Report">ATTESTATION_REPORT, 1184 bytes, base64. Its REPORT_DATA is <see cref="ReportData.Of"/>.</param>
/// <param name="PublicKey">DER SubjectPublicKeyInfo on P-384 or P-256, base64; null for none, and then no result can be more than a warning.</param>
/// <param name="Certificates">Certificate table of the extended report, base64, at most 64 KiB; null where the host gives none.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record Evidence(Guid Challenge, Guid Instance, byte[] Report, byte[]? PublicKey = null, byte[]? Certificates = null)
{
    /// <summary>In bytes.</summary>
    public const int MaximumReportBytes = 4096, MaximumKeyBytes = 512, MaximumCertificatesBytes = 64 * 1024;
}

/// <summary>What was found.</summary>
/// <param name="Verdict"><c>affirming</c>, <c>warning</c>, <c>contraindicated</c> or <c>none</c>.</param>
/// <param name="Findings">Stable codes of what speaks against it, e.g. <c>snp.tcb.minimum</c>; what stands behind each is the tenant's and the operator's to read.</param>
/// <param name="NextRoundIn">Seconds until the next challenge is to be asked for.</param>
/// <param name="Token">EAR, a signed JWT; null where the guest gave no key.</param>
/// <param name="TokenExpiresIn">Seconds.</param>
public sealed record EvidenceAnswer(string Verdict, IReadOnlyList<string> Findings, int NextRoundIn, string? Token = null, int? TokenExpiresIn = null);
