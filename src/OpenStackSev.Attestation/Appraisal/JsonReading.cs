using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>A value of a document, and where it stands.</summary>
internal readonly record struct JsonPlace(JsonElement Value, string Path)
{
    public JsonPlace At(int index, JsonElement item) => new(item, $"{Path}[{index}]");
    public JsonPlace Of(string key, JsonElement member) => new(member, $"{Path}.{key}");
}

/// <summary>Reads values of a document as what they must be, and keeps a list of all that is not so.</summary>
internal sealed class JsonReading
{
    /// <summary>Beyond it a list of problems helps nobody.</summary>
    public const int MaximumProblems = 200;

    private const int MaximumQuote = 60;
    private readonly List<PolicyProblem> _problems = [];

    public IReadOnlyList<PolicyProblem> Problems => _problems;

    public void Wrong(string path, string wrong, string remedy)
    {
        if (_problems.Count < MaximumProblems)
            _problems.Add(new(path, wrong, remedy));
    }

    /// <summary>The document, when it is JSON that can be walked without an exception.</summary>
    public JsonDocument? Parse(ReadOnlySpan<byte> json, int maximumSize, int maximumDepth)
    {
        if (json.Length > maximumSize)
        {
            Wrong("$", $"{json.Length} bytes", $"write at most {maximumSize}");
            return null;
        }
        if (!Utf8.IsValid(json))
        {
            Wrong("$", "not UTF-8", "save the document as UTF-8");
            return null;
        }
        if (json.StartsWith("\uFEFF"u8))
        {
            Wrong("$", "begins with a byte order mark", "save the document as UTF-8 without one");
            return null;
        }
        try
        {
            Utf8JsonReader reader = new(json, new JsonReaderOptions { MaxDepth = maximumDepth });
            while (reader.Read())
            {
                // Half of a surrogate pair is JSON, and no text: it is met here and not in the middle of reading.
                if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && reader.ValueIsEscaped)
                    _ = reader.GetString();
            }
            return JsonDocument.Parse(json.ToArray(), new JsonDocumentOptions { MaxDepth = maximumDepth });
        }
        catch (JsonException e)
        {
            Wrong("$", $"not JSON, or nested deeper than {maximumDepth}, at line {e.LineNumber + 1}, byte {e.BytePositionInLine + 1}",
                "write one JSON object without comments, trailing commas or anything after it");
        }
        catch (InvalidOperationException)
        {
            Wrong("$", "a text has half of a surrogate pair", "write whole characters");
        }
        return null;
    }

    /// <summary>The members of an object by key. Keys that are not known or come twice are problems.</summary>
    public Dictionary<string, JsonPlace> Members(JsonPlace place, IReadOnlyCollection<string> known)
    {
        Dictionary<string, JsonPlace> members = new(StringComparer.Ordinal);
        if (place.Value.ValueKind != JsonValueKind.Object)
        {
            Wrong(place.Path, Kind(place.Value), "write an object: { … }");
            return members;
        }
        foreach (JsonProperty member in place.Value.EnumerateObject())
        {
            string key = member.Name;
            JsonPlace at = place.Of(Quote(key), member.Value);
            if (!known.Contains(key))
                Wrong(at.Path, "unknown key", Suggestion(key, known));
            else if (!members.TryAdd(key, at))
                Wrong(at.Path, "the key comes twice", "keep one of them");
        }
        return members;
    }

    public IEnumerable<JsonPlace> Items(JsonPlace place)
    {
        if (place.Value.ValueKind == JsonValueKind.Array)
            return place.Value.EnumerateArray().Select((item, index) => place.At(index, item));
        Wrong(place.Path, Kind(place.Value), "write a list: [ … ]");
        return [];
    }

    /// <summary>A list in which nothing comes twice; items that are wrong are left out.</summary>
    public List<T> Distinct<T>(JsonPlace place, Func<JsonPlace, T?> read) where T : class
    {
        List<T> values = [];
        HashSet<T> seen = [];
        foreach (JsonPlace item in Items(place))
        {
            if (read(item) is not { } value)
                continue;
            if (seen.Add(value))
                values.Add(value);
            else
                Wrong(item.Path, $"{Quote(item.Value)} comes twice", "keep one of them");
        }
        return values;
    }

    /// <summary>A list of words, each once.</summary>
    public List<T> Words<T>(JsonPlace place, IReadOnlyDictionary<string, T> words) where T : struct =>
        [.. Distinct(place, item => Word(item, words) is null ? null : item.Value.GetString()).Select(word => words[word])];

    /// <summary>One of some words; null when it is none.</summary>
    public T? Word<T>(JsonPlace place, IReadOnlyDictionary<string, T> words) where T : struct
    {
        if (place.Value.ValueKind == JsonValueKind.String && words.TryGetValue(place.Value.GetString()!, out T value))
            return value;
        Wrong(place.Path, place.Value.ValueKind == JsonValueKind.String ? Quote(place.Value) : Kind(place.Value),
            "write " + string.Join(" or ", words.Keys.Select(word => $"\"{word}\"")));
        return null;
    }

    /// <summary>A whole number written in digits; null when it is none, or out of range.</summary>
    public uint? Number(JsonPlace place, uint minimum, uint maximum)
    {
        if (place.Value.ValueKind == JsonValueKind.Number && place.Value.TryGetUInt32(out uint value) && value >= minimum && value <= maximum)
            return value;
        Wrong(place.Path, place.Value.ValueKind == JsonValueKind.Number ? Quote(place.Value) : Kind(place.Value),
            $"write a whole number from {minimum} to {maximum}");
        return null;
    }

    public bool? Truth(JsonPlace place)
    {
        if (place.Value.ValueKind is JsonValueKind.True or JsonValueKind.False)
            return place.Value.GetBoolean();
        Wrong(place.Path, Kind(place.Value), "write true or false");
        return null;
    }

    /// <summary>A line of text that is not blank.</summary>
    public string? Line(JsonPlace place, int maximumLength)
    {
        if (place.Value.ValueKind != JsonValueKind.String)
        {
            Wrong(place.Path, Kind(place.Value), $"write a text of 1 to {maximumLength} characters");
            return null;
        }
        string text = place.Value.GetString()!;
        if (text.Length > 0 && text.Length <= maximumLength && !text.Any(char.IsControl) && !char.IsWhiteSpace(text[0]) && !char.IsWhiteSpace(text[^1]))
            return text;
        Wrong(place.Path, text.Length == 0 ? "empty" : $"a text of {text.Length} characters",
            $"write 1 to {maximumLength} characters on one line, without space around them");
        return null;
    }

    /// <summary>Hexadecimal digits without a prefix, in lower case whatever case they had.</summary>
    /// <param name="lengths">How many digits there may be.</param>
    public string? Hexadecimal(JsonPlace place, params ReadOnlySpan<int> lengths)
    {
        string remedy = $"write {string.Join(" or ", lengths.ToArray())} hexadecimal digits";
        if (place.Value.ValueKind != JsonValueKind.String)
        {
            Wrong(place.Path, Kind(place.Value), remedy);
            return null;
        }
        string text = place.Value.GetString()!;
        if (lengths.Contains(text.Length) && text.All(char.IsAsciiHexDigit))
            return text.ToLowerInvariant();
        Wrong(place.Path, text.All(char.IsAsciiHexDigit) ? $"{text.Length} hexadecimal digits" : $"{Quote(place.Value)} is not hexadecimal", remedy);
        return null;
    }

    /// <summary>What a value is, for people.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.Null => "null",
        _ => "true or false",
    };

    public static string Quote(JsonElement value) => Quote(value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText());

    /// <summary>A text of the document, bounded and without what would move a terminal's cursor.</summary>
    public static string Quote(string text)
    {
        StringBuilder quote = new();
        foreach (char c in text.AsSpan(0, Math.Min(text.Length, MaximumQuote)))
            quote.Append(char.IsAscii(c) && !char.IsControl(c) ? c : '?');
        if (text.Length > MaximumQuote)
            quote.Append('…');
        return quote.ToString();
    }

    private static string Suggestion(string key, IReadOnlyCollection<string> known)
    {
        string? nearest = known.MinBy(candidate => Distance(key, candidate));
        return nearest is not null && Distance(key, nearest) <= Math.Max(2, nearest.Length / 3)
            ? $"did you mean '{nearest}'?"
            : "remove it, or write one of " + string.Join(", ", known);
    }

    // Levenshtein; a key that is longer than any known one is not compared to its end.
    private static int Distance(string one, string other)
    {
        one = one.Length > MaximumQuote ? one[..MaximumQuote] : one;
        int[] row = [.. Enumerable.Range(0, other.Length + 1)];
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.Length; j++)
            {
                int above = row[j];
                row[j] = Math.Min(Math.Min(row[j] + 1, row[j - 1] + 1), diagonal + (char.ToLowerInvariant(one[i - 1]) == other[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }
        return row[other.Length];
    }
}
