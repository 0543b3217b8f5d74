using System.Globalization;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Conventions;

/// <summary>Writes <c>{"errors": […]}</c>.</summary>
internal static class ErrorAnswer
{
    private const int LongestDetail = 1000;

    public static Task WriteAsync(HttpContext context, ErrorCode error, string detail, TimeSpan? retryAfter = null)
    {
        HttpResponse response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        if (retryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        bool isVersion = error == RequestErrors.VersionUnsupported;
        var item = new ErrorItem(error.Status, error.Title, detail.Length <= LongestDetail ? detail : detail[..LongestDetail] + "…", error.Code,
            context.Features.Get<RequestIds>()?.Local,
            isVersion ? Microversions.Minimum.ToString() : null, isVersion ? Microversions.Maximum.ToString() : null);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(new ErrorBody([item]), AttestationJson.Default.ErrorBody);
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
