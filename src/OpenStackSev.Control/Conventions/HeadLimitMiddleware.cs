using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Conventions;

/// <summary>Refuses headers that are larger than any client of ours sends, in words.</summary>
/// <remarks>The web server reads twice as much before it refuses by itself, without a body: what is only a little too large gets an explanation.</remarks>
public sealed class HeadLimitMiddleware(RequestDelegate next)
{
    /// <summary>A token has under 2 KiB, a client's cookies have no business here.</summary>
    public const int MaximumBytes = 32 * 1024;

    /// <summary>The web server's own bound.</summary>
    public const int ReadBytes = 2 * MaximumBytes;

    /// <summary>Colon, space and the line's end.</summary>
    private const int PerLine = 4;

    public Task InvokeAsync(HttpContext context) => SizeOf(context.Request.Headers) <= MaximumBytes
        ? next(context)
        : throw new ApiException(RequestErrors.HeadTooLarge, $"the headers have more than {MaximumBytes} bytes");

    private static long SizeOf(IHeaderDictionary headers)
    {
        long size = 0;
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues values) in headers)
        {
            foreach (string? value in values)
                size += name.Length + (value?.Length ?? 0) + PerLine;
        }

        return size;
    }
}
