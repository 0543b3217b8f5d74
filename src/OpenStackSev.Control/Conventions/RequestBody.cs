using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.Net.Http.Headers;
using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Conventions;

/// <summary>Reads a JSON body, and says where it is wrong when it is.</summary>
public static class RequestBody
{
    /// <param name="type">Strict: it refuses unknown and repeated properties.</param>
    /// <exception cref="ApiException">415, 413 or 400.</exception>
    public static async Task<T> ReadAsync<T>(HttpContext context, JsonTypeInfo<T> type)
        where T : class
    {
        RequireJson(context.Request);
        try
        {
            return await WholeAsync(context.Request.BodyReader, type, context.RequestAborted)
                ?? throw new ApiException(RequestErrors.Invalid, "the body is null");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ApiException(RequestErrors.Invalid, Place(e as JsonException), e);
        }
    }

    /// <summary>A JSON body as it was sent, for one that is kept as it is. What it says is not looked at.</summary>
    /// <exception cref="ApiException">415 or 413.</exception>
    public static async Task<byte[]> ReadBytesAsync(HttpContext context, int maximumBytes)
    {
        RequireJson(context.Request);
        if (context.Request.ContentLength > maximumBytes)
            throw new ApiException(RequestErrors.BodyTooLarge, $"the body is larger than {maximumBytes} bytes");
        // One byte more than is taken tells that there is more.
        byte[] buffer = new byte[Math.Min(context.Request.ContentLength ?? maximumBytes, maximumBytes) + 1];
        int length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        return length <= maximumBytes ? buffer[..length] : throw new ApiException(RequestErrors.BodyTooLarge, $"the body is larger than {maximumBytes} bytes");
    }

    /// <summary>Parses when all of it is there, which spares a parser that can stop anywhere. The server refuses a body that is too large while it comes.</summary>
    private static async ValueTask<T?> WholeAsync<T>(PipeReader body, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        ReadResult read = await body.ReadAsync(ct);
        while (!read.IsCompleted)
        {
            body.AdvanceTo(read.Buffer.Start, read.Buffer.End);
            read = await body.ReadAsync(ct);
        }

        try
        {
            return Parsed(read.Buffer, type);
        }
        finally
        {
            body.AdvanceTo(read.Buffer.End);
        }
    }

    private static T? Parsed<T>(in ReadOnlySequence<byte> bytes, JsonTypeInfo<T> type)
        where T : class
    {
        ReadOnlySpan<byte> whole = bytes.IsSingleSegment ? bytes.FirstSpan : bytes.ToArray();
        return JsonSerializer.Deserialize(whole.StartsWith(ByteOrderMark) ? whole[ByteOrderMark.Length..] : whole, type);
    }

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    private static void RequireJson(HttpRequest request)
    {
        // As nearly every client writes it.
        if (request.ContentType == "application/json" && request.Headers.ContentEncoding.Count == 0)
            return;
        bool isJson = MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase));
        if (!isJson || request.Headers.ContentEncoding.Count > 0)
            throw new ApiException(RequestErrors.UnsupportedMediaType, "a body has to be application/json in UTF-8, not compressed");
    }

    /// <summary>The reader's own words name our types; the place is what the caller needs.</summary>
    private static string Place(JsonException? e)
    {
        if (e is null)
            return "the body has text that is not Unicode";
        string place = $"at {(string.IsNullOrEmpty(e.Path) ? "$" : e.Path)}, line {e.LineNumber + 1 ?? 1}, byte {e.BytePositionInLine ?? 0}";
        return e.Message.Contains("missing required properties", StringComparison.Ordinal)
            ? $"the body lacks what is required: {Quoted(e.Message)} ({place})"
            : e.Message.Contains("could not be mapped", StringComparison.Ordinal)
                ? $"the body has a property that this request does not take ({place})"
                : $"the body is not JSON of the form that this request takes ({place})";
    }

    private static string Quoted(string message)
    {
        int from = message.IndexOf("including: ", StringComparison.Ordinal);
        return from < 0 ? "see the OpenAPI document" : message[(from + "including: ".Length)..].Split('.')[0];
    }
}
