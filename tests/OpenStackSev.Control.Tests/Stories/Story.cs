using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>One story: what holds before, and requests with the answers that are expected, in order.</summary>
/// <param name="Title">A sentence.</param>
internal sealed record Story(string Title, IReadOnlyList<StoryStep> Steps, StoryGiven? Given = null)
{
    private static readonly JsonSerializerOptions s_reading = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        ReadCommentHandling = JsonCommentHandling.Skip,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        IncludeFields = false,
    };

    [JsonIgnore]
    public string File { get; private set; } = "";

    /// <summary>All stories of all files; each file is a list.</summary>
    public static IReadOnlyList<Story> All { get; } = [.. Directory.GetFiles(Folder, "*.json").Order(StringComparer.Ordinal).SelectMany(Read)];

    private static string Folder => Path.Join(Repository.Root, "tests", "OpenStackSev.Control.Tests", "Stories");

    private static IEnumerable<Story> Read(string file)
    {
        Story[] stories = JsonSerializer.Deserialize<Story[]>(System.IO.File.ReadAllBytes(file), s_reading)!;
        foreach (Story story in stories)
            story.File = Path.GetFileNameWithoutExtension(file);
        return stories;
    }
}

/// <summary>What holds before the first request.</summary>
internal sealed record StoryGiven
{
    /// <summary>Settings by <c>section.key</c>; <c>{folder}</c> stands for a folder of the story's own.</summary>
    public Dictionary<string, string> Settings { get; set; } = [];

    /// <summary>Rules of policy.yaml.</summary>
    public Dictionary<string, string> Policy { get; set; } = [];

    /// <summary>Files in the story's folder.</summary>
    public Dictionary<string, string> Files { get; set; } = [];

    /// <summary><c>away</c>, or <c>refuses_service</c>.</summary>
    public string? Keystone { get; set; }

    /// <summary><c>hangs</c>: Nova answers nothing until the story is over.</summary>
    public string? Cloud { get; set; }

    /// <summary>
    /// TLS, and a node CA: <c>whole</c>, <c>without_key</c> or <c>without_list</c>. Callers are then also those of <see cref="StoryNodes"/>.
    /// </summary>
    public string? NodeCa { get; set; }

    /// <summary>A defect inside: whoever sends a token gets an exception thrown at him.</summary>
    public bool Defect { get; set; }
}

/// <summary>One request, or some time that passes.</summary>
internal sealed record StoryStep
{
    /// <summary>Method and path; <c>{name}</c> stands for what an earlier answer had there.</summary>
    public string? Send { get; set; }

    /// <summary>One of <see cref="StoryCallers"/>, or of <see cref="StoryNodes"/>.</summary>
    public string As { get; set; } = "nobody";

    public Dictionary<string, string> Headers { get; set; } = [];
    public JsonNode? Body { get; set; }

    /// <summary>Instead of <see cref="Body"/>: a text as it is sent.</summary>
    public string? Text { get; set; }

    /// <summary>Instead of <see cref="Body"/>: a body of so many bytes.</summary>
    public int? Bytes { get; set; }

    /// <summary>Sends the same so often before this; only the last answer is looked at.</summary>
    public int Repeat { get; set; } = 1;

    /// <summary>Repeats until the answer is as expected: for what goes on in the background, or depends on how fast requests come.</summary>
    public bool Eventually { get; set; }

    /// <summary>Seconds that pass before.</summary>
    public int Wait { get; set; }

    /// <summary>A token, or all certificates of a node, are revoked before: those of a caller.</summary>
    public string? Revoke { get; set; }

    public StoryAnswer? Expect { get; set; }
}

/// <summary>What an answer has to have; more is allowed.</summary>
internal sealed record StoryAnswer(int Status)
{
    /// <summary>Of <c>errors[0]</c>.</summary>
    public string? Code { get; set; }

    /// <summary>Exact values; <c>*</c> for any. Null for a header that must be absent.</summary>
    public Dictionary<string, string?> Headers { get; set; } = [];

    /// <summary>Objects may have more; lists may not. <c>"*"</c> is anything, <c>"{name}"</c> anything, kept under that name.</summary>
    public JsonNode? Body { get; set; }

    /// <summary>The body as text.</summary>
    public string? Text { get; set; }

    /// <summary>Parts of the body's text.</summary>
    public List<string> Contains { get; set; } = [];
}
