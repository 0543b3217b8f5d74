using OpenStackSev.OpenStack.Keystone;

namespace OpenStackSev.Control.Identity;

/// <summary>Who sent a request: a user of Keystone's with a scope and roles, a compute node with its certificate, or an instance with its ticket.</summary>
public sealed record Caller
{
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

    public static Caller OfNode(Guid node) => new() { Name = $"node {node}", Node = node };

    public static Caller OfInstance(Guid instance) => new() { Name = $"instance {instance}", Instance = instance };
}

public static class CallerExtensions
{
    /// <summary>Who sent this request. Only endpoints that anybody may ask have no caller.</summary>
    public static Caller Caller(this HttpContext context) =>
        context.Features.Get<Caller>() ?? throw new InvalidOperationException("this endpoint answers without a token and has no caller");
}
