using System.Globalization;
using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Conventions;

/// <summary>Parameters after the question mark.</summary>
internal static class RequestQuery
{
    /// <exception cref="ApiException">400.</exception>
    public static int? Number(HttpContext context, string name, int lowest, int highest) => (int?)Long(context, name, lowest, highest);

    /// <exception cref="ApiException">400.</exception>
    public static long? Long(HttpContext context, string name, long lowest, long highest) => Text(context, name) is not { } text ? null
        : long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number) && number >= lowest && number <= highest ? number
        : throw new ApiException(RequestErrors.Invalid, $"{name}: must be a whole number from {lowest} to {highest}");

    /// <exception cref="ApiException">400.</exception>
    public static Guid? Uuid(HttpContext context, string name) => Text(context, name) is not { } text ? null
        : Guid.TryParseExact(text, "D", out Guid uuid) ? uuid
        : throw new ApiException(RequestErrors.Invalid, $"{name}: must be a UUID, with hyphens");

    /// <exception cref="ApiException">400.</exception>
    public static bool Flag(HttpContext context, string name) => Text(context, name)?.ToLowerInvariant() switch
    {
        null or "false" => false,
        "true" => true,
        _ => throw new ApiException(RequestErrors.Invalid, $"{name}: must be true or false"),
    };

    /// <exception cref="ApiException">400: given, and empty or longer than any name.</exception>
    public static string? Word(HttpContext context, string name) => Text(context, name) is not { } text ? null
        : text.Length is > 0 and <= 64 ? text : throw new ApiException(RequestErrors.Invalid, $"{name}: must have 1 to 64 characters");

    private static string? Text(HttpContext context, string name) => context.Request.Query.TryGetValue(name, out var values) ? values.ToString() : null;
}
