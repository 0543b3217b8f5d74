using OpenStackSev.OpenStack.Keystone;

namespace OpenStackSev.Control.Identity;

/// <summary>Who sent a request: a user of Keystone's with a scope and roles, a compute node with its certificate, or an instance with its ticket.</summary>
public sealed record Caller
{
    private static readonly AsyncLocal<Caller?> s_current = new();

    /// <summary>On whose behalf this code runs; null where a clock started it.</summary>
    public static Caller? Current
    {
        get => s_current.Value;
        set => s_current.Value = value;
    }

    /// <summary>Of the user, the node or the instance.</summary>
    public string? Id => UserId ?? (Node ?? Instance)?.ToString();

    /// <summary>For logs and audit: the user's name, <c>node UUID</c> or <c>instance UUID</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Null for a node.</summary>
    public string? UserId { get; init; }

    public string? UserDomainId { get; init; }

    /// <summary>Null for a token without a project.</summary>
    public string? ProjectId { get; init; }

    public string? ProjectName { get; init; }
    public string? ProjectDomainId { get; init; }

    /// <summary>Names of the roles in the token's scope, lower case, implied ones included.</summary>
    public IReadOnlySet<string> Roles { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>The compute node that a certificate speaks for; null for a user.</summary>
    public Guid? Node { get; init; }

    /// <summary>That certificate's serial, hex.</summary>
    public string? CertificateSerial { get; init; }

    /// <summary>That certificate's end.</summary>
    public DateTimeOffset? CertificateEnds { get; init; }

    /// <summary>The instance that a ticket speaks for; null for others.</summary>
    public Guid? Instance { get; init; }

    public static Caller OfToken(TokenBody token) => new()
    {
        Name = token.User.Name,
        UserId = token.User.Id,
        UserDomainId = token.User.Domain?.Id,
        ProjectId = token.Project?.Id,
        ProjectName = token.Project?.Name,
        ProjectDomainId = token.Project?.Domain?.Id,
        Roles = token.Roles.Where(role => role is not null).Select(role => role.Name.ToLowerInvariant()).ToHashSet(StringComparer.Ordinal),
    };

    public static Caller OfNode(Guid node, string serial, DateTimeOffset ends) =>
        new() { Name = $"node {node}", Node = node, CertificateSerial = serial, CertificateEnds = ends };

    public static Caller OfInstance(Guid instance) => new() { Name = $"instance {instance}", Instance = instance };
}

public static class CallerExtensions
{
    /// <summary>Who sent this request. Only endpoints that anybody may ask have no caller.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("this endpoint answers without a token and has no caller");
}
