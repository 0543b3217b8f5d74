using System.Threading.RateLimiting;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Conventions;

/// <summary>A bucket of requests for each caller; for whoever has not authenticated, for his address.</summary>
public sealed class RateLimitMiddleware : IDisposable
{
    private readonly RequestDelegate next;
    private readonly PartitionedRateLimiter<HttpContext>? limiter;

    public RateLimitMiddleware(RequestDelegate next, ApiOptions options)
    {
        this.next = next;
        if (options.RequestsPerSecond == 0)
            return;
        var bucket = new TokenBucketRateLimiterOptions
        {
            TokenLimit = options.RequestsPerSecond * 2,
            TokensPerPeriod = options.RequestsPerSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            AutoReplenishment = false,
            QueueLimit = 0,
        };
        limiter = PartitionedRateLimiter.Create<HttpContext, string>(
            context => RateLimitPartition.GetTokenBucketLimiter(PartitionOf(context), _ => bucket));
    }

    public Task InvokeAsync(HttpContext context)
    {
        if (limiter is not null)
        {
            // A bucket's lease holds nothing back until it is disposed of, so it need not live as long as the request.
            using RateLimitLease lease = limiter.AttemptAcquire(context);
            if (!lease.IsAcquired)
            {
                TimeSpan wait = lease.TryGetMetadata(MetadataName.RetryAfter, out TimeSpan asked) ? asked : TimeSpan.FromSeconds(1);
                throw new ApiException(RequestErrors.TooManyRequests, "too many requests in a second; wait, then go on slower") { RetryAfter = wait };
            }
        }

        return next(context);
    }

    public void Dispose() => limiter?.Dispose();

    private static string PartitionOf(HttpContext context) => context.Features.Get<Caller>() switch
    {
        { Node: { } node } => $"node {node}",
        { Instance: { } instance } => $"instance {instance}",
        { } caller => $"user {caller.UserId} {caller.ProjectId}",
        null => $"address {context.Connection.RemoteIpAddress}",
    };
}
