namespace OpenStackSev.Control.Identity;

/// <summary>A user with a Keystone token in <c>X-Auth-Token</c>.</summary>
public sealed class TokenCaller(KeystoneTokens tokens) : ICallerSource
{
    public ValueTask<Caller?> CallerOfAsync(HttpContext context)
    {
        string? token = context.Request.Headers["X-Auth-Token"];
        if (string.IsNullOrEmpty(token))
            return ValueTask.FromResult<Caller?>(null);
        string? serviceToken = context.Request.Headers["X-Service-Token"];
        ValueTask<Caller> caller = tokens.CheckAsync(token, string.IsNullOrEmpty(serviceToken) ? null : serviceToken, context.RequestAborted);
        return caller.IsCompletedSuccessfully ? ValueTask.FromResult<Caller?>(caller.Result) : WaitedForAsync(caller);
    }

    private static async ValueTask<Caller?> WaitedForAsync(ValueTask<Caller> caller) => await caller;
}
