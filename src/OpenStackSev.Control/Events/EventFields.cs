namespace OpenStackSev.Control.Events;

/// <summary>What an event says beside the record that it is of, in ECS fields.</summary>
public sealed record EventFields
{
    /// <summary>True: somebody should look at it (<c>event.kind: alert</c>).</summary>
    public bool IsAlert { get; init; }

    /// <summary>False: what was tried failed (<c>event.outcome</c>).</summary>
    public bool Succeeded { get; init; } = true;

    /// <summary>One line for people (<c>message</c>). Unset: the record's kind.</summary>
    public string? Message { get; init; }

    /// <summary>Compute node that it concerns (<c>host.id</c>). Unset: the subject, where the kind begins with <c>host.</c></summary>
    public Guid? HostId { get; init; }

    /// <summary><c>host.name</c>.</summary>
    public string? HostName { get; init; }

    /// <summary>Instance that it concerns (<c>cloud.instance.id</c>). Unset: the subject, where the kind begins with <c>instance.</c></summary>
    public Guid? InstanceId { get; init; }

    /// <summary>Keystone user, or compute node, who caused it (<c>user.id</c>). Unset: the caller of the request.</summary>
    public string? UserId { get; init; }

    /// <summary><c>user.name</c>.</summary>
    public string? UserName { get; init; }

    /// <summary>Of the certificate by which a node acted, hex (<c>tls.client.x509.serial_number</c>).</summary>
    public string? CertificateSerial { get; init; }

    /// <summary>The request that caused it (<c>http.request.id</c>, <c>trace.id</c>): the same in agent, control plane, Nova and Placement.</summary>
    public string? RequestId { get; init; }
}
