using System.Globalization;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Conventions;

/// <summary>Writes <c>{"errors": […]}</c>.</summary>
internal static class ErrorAnswer
{
    private const int LongestDetail = 1000;

    private const int MostErrors = 100;

    /// <param name="further">What else is wrong, each as one more error; what is beyond <see cref="MostErrors"/> is left out.</param>
    public static Task WriteAsync(HttpContext context, ErrorCode error, string detail, TimeSpan? retryAfter = null, IReadOnlyList<string>? further = null)
    {
        HttpResponse response = context.Response;
        response.StatusCode = error.Status;
        response.ContentType = "application/json";
        if (retryAfter is { } wait)
            response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
        bool isVersion = error == RequestErrors.VersionUnsupported;
        ErrorItem Item(string text) => new(error.Status, error.Title, text.Length <= LongestDetail ? text : text[..LongestDetail] + "…", error.Code,
            context.Features.Get<RequestIds>()?.Local,
            isVersion ? Microversions.Minimum.ToString() : null, isVersion ? Microversions.Maximum.ToString() : null);
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(
            new ErrorBody([Item(detail), .. (further ?? []).Take(MostErrors - 1).Select(Item)]), AttestationJson.Default.ErrorBody);
        response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
