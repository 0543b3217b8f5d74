using System.Globalization;

namespace OpenStackSev.Configuration;

/// <summary>Values as OpenStack's configuration files write them.</summary>
internal static class Values
{
    /// <summary>oslo.config's words; null for any other.</summary>
    public static bool? Flag(string text) => text.ToLowerInvariant() switch
    {
        "true" or "1" or "on" or "yes" => true,
        "false" or "0" or "off" or "no" => false,
        _ => null,
    };

    /// <summary>TimeSpan's own reading of a bare number is days; everywhere else in OpenStack it is seconds.</summary>
    public static TimeSpan? Duration(string text)
    {
        if (text.Contains(':', StringComparison.Ordinal))
            return TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out TimeSpan span) ? span : null;
        return double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double seconds) && seconds < 1e9
            ? TimeSpan.FromSeconds(seconds)
            : null;
    }

    public static string Seconds(TimeSpan duration) => duration.TotalSeconds.ToString(CultureInfo.InvariantCulture);
}
