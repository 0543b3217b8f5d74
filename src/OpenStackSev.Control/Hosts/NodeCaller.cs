using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Hosts;

/// <summary>A compute node with its certificate. The TLS handshake takes any certificate, so that each refusal can say why.</summary>
/// <remarks>The handshake has shown that the peer holds the certificate's key; everything else is judged here.</remarks>
internal sealed class NodeCaller(NodeTrustFiles trust) : ICallerSource
{
    public async ValueTask<Caller?> CallerOfAsync(HttpContext context)
    {
        if (await context.Connection.GetClientCertificateAsync(context.RequestAborted) is not { } certificate)
        {
            return context.GetEndpoint()?.Metadata.GetMetadata<NodeEndpoint>() is null
                ? null
                : throw new ApiException(HostErrors.CertificateMissing, "the connection brings no certificate of a node, and the request no token");
        }

        NodeJudgement judged = trust.Judge(certificate.RawData);
        return judged.Refusal == NodeRefusal.None ? Caller.OfNode(judged.Node, judged.Serial, judged.NotAfter) : throw Refused(judged);
    }

    public static ApiException Refused(NodeJudgement judged) => judged.Refusal switch
    {
        NodeRefusal.WrongPurpose => new(HostErrors.CertificateWrongPurpose, "this certificate is not for TLS clients"),
        NodeRefusal.WithoutNode => new(HostErrors.CertificateWithoutNode, "this certificate's SAN is not exactly one urn:uuid: of a compute node"),
        NodeRefusal.NotYetValid => new(HostErrors.CertificateNotYetValid, $"the certificate of node {judged.Node} begins at {judged.NotBefore.UtcDateTime:O}"),
        NodeRefusal.Expired => new(HostErrors.CertificateExpired, $"the certificate of node {judged.Node} ended at {judged.NotAfter.UtcDateTime:O}"),
        NodeRefusal.Revoked => new(HostErrors.CertificateRevoked, $"certificate {judged.Serial} of node {judged.Node} is revoked"),
        _ => new(HostErrors.CertificateUntrusted, "this certificate was not signed by the cloud's own node CA"),
    };
}

/// <summary>Marks what is for nodes: whoever comes with nothing is told to bring a certificate, not a token.</summary>
internal sealed class NodeEndpoint
{
    /// <summary>A node speaks for itself only.</summary>
    /// <exception cref="ApiException">403, or 401 for a user where none may.</exception>
    public static void Require(HttpContext context, Guid node, HostsOptions options)
    {
        Caller caller = context.Caller();
        if (caller.Node is { } own)
        {
            if (own != node)
                throw OtherNode(own, node);
            return;
        }

        if (!options.AllowServiceUser)
            throw new ApiException(HostErrors.CertificateMissing, "a host's report needs the certificate of its node");
        context.Require(HostPolicies.Report);
    }

    /// <summary>The node by its own certificate, whatever <c>allow_service_user</c> says.</summary>
    /// <exception cref="ApiException">403, or 401 for a user.</exception>
    public static Caller RequireCertificate(HttpContext context, Guid node)
    {
        Caller caller = context.Caller();
        if (caller.Node is not { } own)
            throw new ApiException(HostErrors.CertificateMissing, "a certificate is renewed by itself: connect with it");
        return own == node ? caller : throw OtherNode(own, node);
    }

    private static ApiException OtherNode(Guid own, Guid node) =>
        new(HostErrors.CertificateOtherNode, $"the certificate is of node {own}, which cannot speak for node {node}");
}
