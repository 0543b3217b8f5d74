using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Repeats what failed in passing, a few times, with jitter, as late as the service asks by Retry-After.</summary>
/// <remarks>
/// Never a 409: the caller must read again first. A POST is repeated only when the service says that it did nothing (429, 503) or could
/// not be reached at all, since a repeated creation may find its own first half.
/// </remarks>
internal static class Retries
{
    private static readonly HttpRequestOptionsKey<long> BegunKey = new("openstack-begun");

    public static HttpMessageHandler Around(HttpMessageHandler inner, OpenStackConnectionOptions options)
    {
        var pipeline = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.Time };
        pipeline.AddTimeout(options.TotalTimeout);
        if (options.Retries > 0)
        {
            pipeline.AddRetry(new HttpRetryStrategyOptions
            {
                MaxRetryAttempts = options.Retries,
                Delay = options.RetryDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                // The strategy's own reading of Retry-After asks the system's clock for the date.
                ShouldRetryAfterHeader = false,
                DelayGenerator = arguments => ValueTask.FromResult(AskedFor(arguments.Outcome.Result, options.Time)),
                ShouldHandle = arguments => ValueTask.FromResult(MayRepeat(arguments) && !ComesTooLate(arguments, options)),
            });
        }

        return new BegunHandler(options.Time) { InnerHandler = new ResilienceHandler(pipeline.Build()) { InnerHandler = inner } };
    }

    private static bool MayRepeat(RetryPredicateArguments<HttpResponseMessage> arguments)
    {
        if (arguments.Context.CancellationToken.IsCancellationRequested)
            return false;
        bool repeatable = arguments.Context.GetRequestMessage()?.Method != HttpMethod.Post;
        return arguments.Outcome switch
        {
            { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } } => true,
            { Exception: HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } } => true,
            { Exception: HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } } => false,
            { Exception: HttpRequestException } => repeatable,
            { Result.StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable } => true,
            { Result.StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout } => repeatable,
            _ => false,
        };
    }

    /// <summary>A wait beyond the total time-out would only replace the service's own words by "no answer".</summary>
    private static bool ComesTooLate(RetryPredicateArguments<HttpResponseMessage> arguments, OpenStackConnectionOptions options)
    {
        TimeSpan wait = AskedFor(arguments.Outcome.Result, options.Time) ?? TimeSpan.Zero;
        long begun = 0;
        bool known = arguments.Context.GetRequestMessage()?.Options.TryGetValue(BegunKey, out begun) == true;
        return known && options.Time.GetElapsedTime(begun) + wait >= options.TotalTimeout;
    }

    /// <summary>The wait in Retry-After; null when there is none, for one of our own.</summary>
    private static TimeSpan? AskedFor(HttpResponseMessage? response, TimeProvider time)
    {
        TimeSpan? wait = response?.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => null,
        };
        return wait > TimeSpan.Zero ? wait : null;
    }

    /// <summary>Notes when the first attempt begins.</summary>
    private sealed class BegunHandler(TimeProvider time) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Options.Set(BegunKey, time.GetTimestamp());
            return base.SendAsync(request, cancellationToken);
        }
    }
}
