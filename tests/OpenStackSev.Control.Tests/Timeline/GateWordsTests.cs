using System.Text.Json;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Tests.Timeline;

/// <summary>Every code and every kind of a gate has its words, and its line in the README.</summary>
public sealed class GateWordsTests
{
    private static readonly string s_readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "Gates", "README.md"));

    public static TheoryData<string> Codes { get; } = [.. GateCodes.All];

    public static TheoryData<string> Kinds { get; } = [GateEvents.Noticed, GateEvents.Intended, GateEvents.Opened, GateEvents.Closed, GateEvents.Refused, GateEvents.Ended, GateEvents.PutOff];

    [Theory, MemberData(nameof(Codes))]
    public void A_code_has_words_and_a_line(string code)
    {
        Assert.True(GateWords.Knows(code), code);
        Assert.Contains($"| `{code}` | ", s_readme, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void A_kind_has_a_sentence_and_a_line(string kind)
    {
        using JsonDocument body = JsonDocument.Parse("{}");
        Assert.NotEqual(kind, Sentences.Of(kind, body.RootElement));
        Assert.Contains($"`{kind}`", s_readme, StringComparison.Ordinal);
    }
}
