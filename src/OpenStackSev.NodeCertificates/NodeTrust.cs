using System.Diagnostics.CodeAnalysis;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace OpenStackSev.NodeCertificates;

/// <summary>Why a node's certificate is not believed.</summary>
public enum NodeRefusal
{
    None,
    Untrusted,
    WrongPurpose,
    WithoutNode,
    NotYetValid,
    Expired,
    Revoked,
}

/// <summary>What a TLS client's certificate proves: a node, or why none.</summary>
public sealed record NodeJudgement(NodeRefusal Refusal, Guid Node, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>The CA's certificate and its CRL, and what they make of a certificate. Pure.</summary>
/// <remarks>
/// One CA and no intermediates: its key must have signed the certificate itself. That the peer holds the certificate's key was
/// shown by the TLS handshake.
/// </remarks>
public sealed class NodeTrust
{
    private readonly X509Certificate authority;
    private readonly AsymmetricKeyParameter authorityKey;
    private readonly HashSet<string> revoked;

    private NodeTrust(X509Certificate authority, HashSet<string> revoked) =>
        (this.authority, authorityKey, this.revoked) = (authority, authority.GetPublicKey(), revoked);

    /// <summary>Serials that were revoked.</summary>
    public int RevokedCount => revoked.Count;

    /// <param name="authority">DER.</param>
    /// <param name="revocations">CRL, DER; signed by the CA.</param>
    /// <returns>False with the reason; never throws on what is in the files.</returns>
    public static bool TryRead(
        byte[] authority, byte[] revocations, [NotNullWhen(true)] out NodeTrust? trust, [NotNullWhen(false)] out string? problem)
    {
        (trust, problem) = (null, null);
        try
        {
            var certificate = new X509Certificate(authority);
            if (certificate.GetBasicConstraints() < 0)
            {
                problem = "the certificate is not a CA's";
                return false;
            }

            X509Crl crl = new X509CrlParser().ReadCrl(revocations);
            if (!crl.IssuerDN.Equivalent(certificate.SubjectDN) || !crl.IsSignatureValid(certificate.GetPublicKey()))
            {
                problem = "the revocation list is not signed by this CA";
                return false;
            }

            trust = new NodeTrust(certificate,
                [.. (crl.GetRevokedCertificates() ?? (IEnumerable<X509CrlEntry>)[]).Select(entry => IssuedCertificate.SerialText(entry.SerialNumber))]);
            return true;
        }
        catch (Exception e) when (IsMalformed(e))
        {
            problem = $"the CA's certificate or its revocation list is malformed: {e.Message}";
            return false;
        }
    }

    /// <summary>Judges all but the connection. The first reason in the order of <see cref="NodeRefusal"/> is told.</summary>
    /// <param name="certificate">DER, as the peer sent it: hostile.</param>
    public NodeJudgement Judge(byte[] certificate, DateTimeOffset now)
    {
        try
        {
            var parsed = new X509Certificate(certificate);
            // The library checks the signature over its own encoding of what it read, which must be what was sent.
            bool asSent = parsed.CertificateStructure.GetDerEncoded().AsSpan().SequenceEqual(certificate);
            return asSent && Signed(parsed) ? At(Purpose(parsed), now) : Refused(NodeRefusal.Untrusted);
        }
        catch (Exception e) when (IsMalformed(e))
        {
            return Refused(NodeRefusal.Untrusted);
        }
    }

    /// <summary>Of a certificate that was judged before: what only time and the revocation list can have changed.</summary>
    public NodeJudgement Again(NodeJudgement before, DateTimeOffset now) => before.Refusal switch
    {
        NodeRefusal.Untrusted or NodeRefusal.WrongPurpose or NodeRefusal.WithoutNode => before,
        _ => before with { Refusal = OfTime(before.Serial, before.NotBefore, before.NotAfter, now) },
    };

    private bool Signed(X509Certificate certificate) =>
        certificate.IssuerDN.Equivalent(authority.SubjectDN) && certificate.IsSignatureValid(authorityKey);

    private static (NodeRefusal Refusal, IssuedCertificate? Certificate) Purpose(X509Certificate certificate)
    {
        bool forClients = certificate.GetBasicConstraints() < 0
            && certificate.GetExtendedKeyUsage() is { } usage && usage.Any(id => id.Equals(KeyPurposeID.id_kp_clientAuth));
        if (!forClients)
            return (NodeRefusal.WrongPurpose, null);
        return IssuedCertificate.Of(certificate) is { } issued ? (NodeRefusal.None, issued) : (NodeRefusal.WithoutNode, null);
    }

    private NodeJudgement At((NodeRefusal Refusal, IssuedCertificate? Certificate) read, DateTimeOffset now) => read.Certificate is { } certificate
        ? new(OfTime(certificate.Serial, certificate.NotBefore, certificate.NotAfter, now),
            certificate.Node, certificate.Serial, certificate.NotBefore, certificate.NotAfter)
        : Refused(read.Refusal);

    private NodeRefusal OfTime(string serial, DateTimeOffset notBefore, DateTimeOffset notAfter, DateTimeOffset now) =>
        now < notBefore ? NodeRefusal.NotYetValid
        : now > notAfter ? NodeRefusal.Expired
        : revoked.Contains(serial) ? NodeRefusal.Revoked
        : NodeRefusal.None;

    private static NodeJudgement Refused(NodeRefusal refusal) => new(refusal, Guid.Empty, "", default, default);

    private static bool IsMalformed(Exception e) => e is ArgumentException or IOException or FormatException or InvalidOperationException
        or InvalidCastException or ArithmeticException or GeneralSecurityException or CryptoException or NullReferenceException or IndexOutOfRangeException;
}
