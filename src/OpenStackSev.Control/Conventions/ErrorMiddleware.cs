using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Endorsements;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Conventions;

/// <summary>However a request fails, it ends in the one form of an error; what went wrong inside stays in the log.</summary>
public sealed partial class ErrorMiddleware(RequestDelegate next, ILogger<ErrorMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            if (context.Response is { HasStarted: false, ContentType: null, ContentLength: null } && Unworded(context) is { } unworded)
                await ErrorAnswer.WriteAsync(context, unworded.Error, unworded.Detail);
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // Nobody is there to read an answer.
            context.Response.StatusCode = StatusCodes.Status499ClientClosedRequest;
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            ApiException failure = FailureOf(e);
            if (failure.Error.Status >= StatusCodes.Status500InternalServerError)
                LogFailed(log, failure.Error.Code, e);
            await ErrorAnswer.WriteAsync(context, failure.Error, failure.Detail, failure.RetryAfter, failure.Further);
        }
    }

    private static ApiException FailureOf(Exception e) => e switch
    {
        ApiException known => known,
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new(RequestErrors.BodyTooLarge, "the body is larger than this service takes", e),
        BadHttpRequestException => new(RequestErrors.Invalid, "the request breaks off, or is not HTTP", e),
        StorageException storage => new(RequestErrors.StorageUnavailable, storage.Detail, e) { RetryAfter = TimeSpan.FromSeconds(1) },
        EndorsementFolderException => new(RequestErrors.StorageUnavailable, "the endorsement folder cannot be read or written", e),
        InspectionException { Problem: InspectionProblem.NotFound } => new(ValidationErrors.NotInCloud, e.Message, e),
        InspectionException { Problem: InspectionProblem.Ambiguous } several => new(ValidationErrors.Ambiguous, $"{several.Message}; {several.Hint}", e),
        InspectionException => new(ValidationErrors.Unreadable, e.Message, e),
        OpenStackApiException cloud => new(RequestErrors.CloudUnavailable, DetailOf(cloud), e),
        _ => new(RequestErrors.Internal, "an unexpected error; the log has it under this request id", e),
    };

    /// <summary>The service and its answer, not its address: that is the operator's, and in the log.</summary>
    private static string DetailOf(OpenStackApiException e) => e.Status is { } status
        ? $"{e.Service} answered {(int)status}{(e.RequestId is null ? "" : $" to its request {e.RequestId}")}"
        : $"{e.Service} cannot be reached";

    /// <summary>What routing refused without a word.</summary>
    private static (ErrorCode Error, string Detail)? Unworded(HttpContext context) => context.Response.StatusCode switch
    {
        StatusCodes.Status404NotFound => (RequestErrors.NotFound, "there is no such path"),
        StatusCodes.Status405MethodNotAllowed => (RequestErrors.MethodNotAllowed, $"this path takes {context.Response.Headers.Allow}"),
        StatusCodes.Status415UnsupportedMediaType => (RequestErrors.UnsupportedMediaType, "a body has to be application/json"),
        _ => null,
    };

    [LoggerMessage(4002, LogLevel.Error, "a request failed with {Code}")]
    private static partial void LogFailed(ILogger logger, string code, Exception exception);
}
