namespace OpenStackSev.Control.Identity;

/// <summary>A user with a Keystone token in <c>X-Auth-Token</c>.</summary>
public sealed class TokenCaller(KeystoneTokens tokens) : ICallerSource
{
    public async ValueTask<Caller?> CallerOfAsync(HttpContext context)
    {
        string? token = context.Request.Headers["X-Auth-Token"];
        if (string.IsNullOrEmpty(token))
            return null;
        string? serviceToken = context.Request.Headers["X-Service-Token"];
        return await tokens.CheckAsync(token, string.IsNullOrEmpty(serviceToken) ? null : serviceToken, context.RequestAborted);
    }
}
