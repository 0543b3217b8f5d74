using System.Text.Json;

namespace OpenStackSev.Control.Timeline;

/// <summary>A record's body, as somebody reads it who was not there when it was written: an earlier release may have left something out.</summary>
internal readonly struct RecordBody(JsonElement root)
{
    private const int LongestText = 300;

    /// <summary>What stands at a path, for people; null where there is nothing.</summary>
    public string? Text(params ReadOnlySpan<string> path) => At(path) is not { } found ? null : found.ValueKind switch
    {
        JsonValueKind.String => Short(found.GetString()!),
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        JsonValueKind.Number => found.GetRawText(),
        _ => null,
    };

    /// <summary>The elements of an array; none where there is no array.</summary>
    public IEnumerable<RecordBody> Each(string name) =>
        At(name) is { ValueKind: JsonValueKind.Array } array ? array.EnumerateArray().Select(one => new RecordBody(one)) : [];

    /// <summary>The strings of an array.</summary>
    public IReadOnlyList<string> Texts(string name) => [.. Each(name).Select(one => one.Text()).OfType<string>()];

    public DateTimeOffset? Time(string name) =>
        At(name) is { ValueKind: JsonValueKind.String } text && text.TryGetDateTimeOffset(out DateTimeOffset time) ? time : null;

    private JsonElement? At(params ReadOnlySpan<string> path)
    {
        JsonElement at = root;
        foreach (string name in path)
        {
            if (at.ValueKind != JsonValueKind.Object || !at.TryGetProperty(name, out at))
                return null;
        }

        return at;
    }

    /// <summary>Names of servers and of hosts are others' words: on one line, and no longer than a line.</summary>
    private static string Short(string text)
    {
        string line = new([.. text.Select(letter => char.IsControl(letter) ? ' ' : letter).Take(LongestText)]);
        return text.Length > LongestText ? line + "…" : line;
    }
}
