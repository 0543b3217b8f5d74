using Microsoft.Net.Http.Headers;
using OpenStackSev.Api.Errors;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Conventions;

/// <summary>Agrees on a microversion; what is public is the same in all of them, and never refused for it.</summary>
public sealed class MicroversionMiddleware(RequestDelegate next)
{
    private static readonly string s_minimum = $"{Microversions.Service} {Microversions.Minimum}";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.Headers.Append(HeaderNames.Vary, Microversions.Header);
        bool readable = Microversions.TryRead(context.Request.Headers[Microversions.Header], out Microversion version);
        bool spoken = readable && version >= Microversions.Minimum && version <= Microversions.Maximum;
        context.Response.Headers[Microversions.Header] = spoken && version != Microversions.Minimum ? $"{Microversions.Service} {version}" : s_minimum;
        if (spoken || context.GetEndpoint()?.Metadata.GetMetadata<PublicEndpoint>() is not null)
            return next(context);
        throw readable
            ? new ApiException(RequestErrors.VersionUnsupported,
                $"version {version} is not supported; the minimum is {Microversions.Minimum} and the maximum {Microversions.Maximum}")
            : new ApiException(RequestErrors.VersionMalformed,
                $"{Microversions.Header} has to be '{Microversions.Service} 1.N' or '{Microversions.Service} latest'");
    }
}

/// <summary>Metadata of an endpoint that anybody may ask: version, health, public keys and the API's own description.</summary>
public sealed class PublicEndpoint;

public static class PublicEndpointExtensions
{
    /// <summary>Answers without a token, in every microversion.</summary>
    public static TBuilder AllowUnauthenticated<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new PublicEndpoint());
}
