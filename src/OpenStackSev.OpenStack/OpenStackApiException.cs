using System.Net;

namespace OpenStackSev.OpenStack;

/// <summary>An OpenStack service answered with an error, or did not answer.</summary>
/// <param name="service">Service type, e.g. <c>placement</c>.</param>
/// <param name="request">Method and URL without query secrets, e.g. <c>PUT http://…/resource_providers/…/traits</c>.</param>
/// <param name="status">Null when no answer came.</param>
/// <param name="code">The service's own error code, where it has one.</param>
/// <param name="requestId">The service's request id, for its logs.</param>
/// <param name="detail">The service's own text, or what happened on the way; bounded, without secrets.</param>
public sealed class OpenStackApiException(
    string service, string request, HttpStatusCode? status, string? code, string? requestId, string detail, Exception? inner = null)
    : Exception(Format(service, request, status, code, requestId, detail), inner)
{
    public string Service { get; } = service;
    public string Request { get; } = request;
    public HttpStatusCode? Status { get; } = status;

    /// <summary>Service error code, e.g. <c>placement.concurrent_update</c>. Branch on this, never on the message.</summary>
    public string? Code { get; } = code;

    public string? RequestId { get; } = requestId;
    public string Detail { get; } = detail;

    /// <summary>True when repeating the whole read-judge-write round may succeed.</summary>
    public bool IsTransient => Status is null or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError
        || Code == "placement.concurrent_update";

    private static string Format(string service, string request, HttpStatusCode? status, string? code, string? requestId, string detail) =>
        $"{service} {(status is { } known ? ((int)known).ToString() : "unreachable")}" +
        $"{(code is null or "placement.undefined_code" ? "" : " " + code)}: {detail} ({request}{(requestId is null ? "" : ", request " + requestId)})";
}
