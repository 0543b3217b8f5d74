using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Reattestation.Tickets;

namespace OpenStackSev.Control.Identity;

/// <summary>Finds out who is asking. Whatever is not public by its own word needs a caller, unknown paths included.</summary>
public sealed class CallerMiddleware(RequestDelegate next, IEnumerable<ICallerSource> sources, KeystoneOptions options)
{
    private readonly ICallerSource[] sources = [.. sources];
    private readonly string challenge = $"Keystone uri=\"{(options.WwwAuthenticateUri ?? options.AuthUrl)?.AbsoluteUri.TrimEnd('/')}\"";

    public Task InvokeAsync(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata.GetMetadata<PublicEndpoint>() is not null)
            return next(context);
        ValueTask<Caller> caller = CallerOfAsync(context);
        if (!caller.IsCompletedSuccessfully)
            return WaitedForAsync(context, caller);
        Acts(context, caller.Result);
        return next(context);
    }

    private static void Acts(HttpContext context, Caller caller)
    {
        context.Features.Set(caller);
        Caller.Current = caller;
    }

    private async Task WaitedForAsync(HttpContext context, ValueTask<Caller> caller)
    {
        Acts(context, await caller);
        await next(context);
    }

    private async ValueTask<Caller> CallerOfAsync(HttpContext context)
    {
        try
        {
            foreach (ICallerSource source in sources)
            {
                if (await source.CallerOfAsync(context) is { } caller)
                    return caller;
            }

            throw new ApiException(RequestErrors.TokenMissing, "this needs a token in X-Auth-Token");
        }
        catch (ApiException e) when (e.Error.Status == StatusCodes.Status401Unauthorized)
        {
            context.Response.Headers.WWWAuthenticate = context.GetEndpoint()?.Metadata.GetMetadata<GuestEndpoint>() is null ? challenge : "Bearer";
            throw;
        }
    }
}

/// <summary>One way of saying who one is: a token, a certificate.</summary>
public interface ICallerSource
{
    /// <summary>Null when the request does not try this way.</summary>
    /// <exception cref="ApiException">It tries and fails (401), or nobody can say now (503).</exception>
    ValueTask<Caller?> CallerOfAsync(HttpContext context);
}
