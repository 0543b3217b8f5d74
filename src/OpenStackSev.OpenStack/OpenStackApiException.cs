using System.Net;

namespace OpenStackSev.OpenStack;

/// <summary>An OpenStack service answered with an error, or did not answer.</summary>
/// <param name="service">Service type, e.g. <c>placement</c>.</param>
/// <param name="request">Method and URL without its query, e.g. <c>PUT http://…/resource_providers/…/traits</c>.</param>
/// <param name="status">Null when no answer came.</param>
/// <param name="code">The service's own error code, where it has one, or one of <see cref="OpenStackCodes"/>.</param>
/// <param name="requestId">The service's request id, for its logs.</param>
/// <param name="detail">The service's own text, or what happened on the way; bounded, without secrets.</param>
public sealed class OpenStackApiException(
    string service, string request, HttpStatusCode? status, string? code, string? requestId, string detail, Exception? inner = null)
    : Exception(Format(service, request, status, code, requestId, detail), inner)
{
    public string Service { get; } = service;
    public string Request { get; } = request;

    /// <summary>Null when no answer came, or when nothing was asked: then <see cref="Code"/> says why.</summary>
    public HttpStatusCode? Status { get; } = status;

    /// <summary>Error code, e.g. <c>placement.concurrent_update</c>. Branch on this, never on the message.</summary>
    public string? Code { get; } = code;

    public string? RequestId { get; } = requestId;
    public string Detail { get; } = detail;

    /// <summary>True when repeating the whole read-judge-write round may succeed.</summary>
    public bool IsTransient => this is { Status: null, Code: null }
        || Status is HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError
        || Code == "placement.concurrent_update";

    /// <summary>Who failed and how, for metrics and history, e.g. <c>orchestration.503</c>, <c>compute.unreachable</c>.</summary>
    public string ShortCode => $"{Service}.{(Status is { } status and >= HttpStatusCode.BadRequest ? $"{(int)status}" : Code ?? "unreachable")}";

    private static string Format(string service, string request, HttpStatusCode? status, string? code, string? requestId, string detail)
    {
        string known = code == "placement.undefined_code" ? "" : code ?? "";
        string outcome = status is { } answered ? $"{(int)answered} {known}".TrimEnd() : known.Length > 0 ? known : "unreachable";
        return $"{service} {outcome}: {detail} ({request}{(requestId is null ? "" : ", request " + requestId)})";
    }
}

/// <summary>Codes of failures that are noticed on this side, in <see cref="OpenStackApiException.Code"/>. None of them is transient.</summary>
public static class OpenStackCodes
{
    /// <summary>The catalogue has no endpoint of the service, region and interface. Nothing was sent to the service.</summary>
    public const string EndpointNotFound = "endpoint_not_found";

    /// <summary>The service and this program have no microversion in common.</summary>
    public const string IncompatibleMicroversion = "incompatible_microversion";

    /// <summary>The answer is larger than <see cref="OpenStackConnectionOptions.MaximumResponseBytes"/>.</summary>
    public const string AnswerTooLarge = "answer_too_large";

    /// <summary>The status says success, but the body is not what this request gets.</summary>
    public const string MalformedAnswer = "malformed_answer";

    /// <summary>The credentials are bound to one project, and a token for another one is needed. Nothing was sent.</summary>
    public const string FixedScope = "fixed_scope";

    /// <summary>A list has no end: a page came a second time, or there are more than any cloud has.</summary>
    public const string EndlessList = "endless_list";
}
