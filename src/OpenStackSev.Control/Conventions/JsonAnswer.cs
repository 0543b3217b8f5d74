using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace OpenStackSev.Control.Conventions;

/// <summary>Writes a body whole, with its length.</summary>
public static class JsonAnswer
{
    public static async Task AnswerAsync<T>(this HttpContext context, T body, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK)
    {
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(body, type);
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }
}
