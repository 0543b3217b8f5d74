using System.Net;
using Microsoft.Extensions.Http.Resilience;
using Polly;
using Polly.Retry;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Repeats what failed in passing, a few times, with jitter, as long as the service asks by Retry-After.</summary>
/// <remarks>
/// Never a 409: the caller must read again first. A POST is repeated only when the service says that it did nothing (429, 503) or could
/// not be reached at all, since a repeated creation may find its own first half.
/// </remarks>
internal static class Retries
{
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
                ShouldRetryAfterHeader = true,
                ShouldHandle = arguments => ValueTask.FromResult(MayRepeat(arguments)),
            });
        }

        return new ResilienceHandler(pipeline.Build()) { InnerHandler = inner };
    }

    private static bool MayRepeat(RetryPredicateArguments<HttpResponseMessage> arguments)
    {
        if (arguments.Context.CancellationToken.IsCancellationRequested)
            return false;
        HttpMethod? method = arguments.Context.GetRequestMessage()?.Method;
        bool repeatable = method is null || method != HttpMethod.Post;
        return arguments.Outcome switch
        {
            { Exception: HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError } } => true,
            { Exception: HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } } => false,
            { Exception: HttpRequestException } => repeatable,
            { Result.StatusCode: HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable } => true,
            { Result.StatusCode: HttpStatusCode.BadGateway or HttpStatusCode.GatewayTimeout } => repeatable,
            _ => false,
        };
    }
}
