using System.Net;

namespace OpenStackSev.Api;

/// <summary>The control plane answered with an error, or did not answer.</summary>
/// <param name="request">Method and URL without its query.</param>
/// <param name="status">Null when no answer came.</param>
/// <param name="code">From the answer's <c>errors[].code</c>, or one of <see cref="ClientCodes"/>.</param>
/// <param name="requestId">For the control plane's logs.</param>
/// <param name="detail">Its own text, or what happened on the way; bounded, without secrets.</param>
/// <param name="retryAfter">How long it asks to be left alone; null when it does not say.</param>
public sealed class AttestationApiException(
    string request, HttpStatusCode? status, string? code, string? requestId, string detail, Exception? inner = null, TimeSpan? retryAfter = null)
    : Exception(Format(request, status, code, requestId, detail), inner)
{
    public string Request { get; } = request;

    /// <summary>Null when no answer came.</summary>
    public HttpStatusCode? Status { get; } = status;

    /// <summary>Branch on this, never on the message.</summary>
    public string? Code { get; } = code;

    public string? RequestId { get; } = requestId;
    public string Detail { get; } = detail;

    /// <summary>As it was asked for, at least zero; null when nothing was. The caller bounds it.</summary>
    public TimeSpan? RetryAfter { get; } = retryAfter;

    /// <summary>True when the same request may succeed later.</summary>
    public bool IsTransient => this is { Status: null, Code: null }
        || Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError;

    private static string Format(string request, HttpStatusCode? status, string? code, string? requestId, string detail)
    {
        string outcome = status is { } answered ? $"{(int)answered} {code}".TrimEnd() : code ?? "unreachable";
        return $"attestation {outcome}: {detail} ({request}{(requestId is null ? "" : ", request " + requestId)})";
    }
}

/// <summary>Codes of failures that are noticed on this side. None of them is transient.</summary>
public static class ClientCodes
{
    /// <summary>The answer is larger than <see cref="Client.AttestationClientOptions.MaximumResponseBytes"/>.</summary>
    public const string AnswerTooLarge = "answer_too_large";

    /// <summary>The status says success, but the body is not what this request gets.</summary>
    public const string MalformedAnswer = "malformed_answer";
}
