using System.Text.Json;
using OpenStackSev.Inspection;

namespace OpenStackSev.Cli.Validation;

/// <summary>Why something is no JSON: the parser's first sentence, and no more of it than a message should have, since it quotes what it read.</summary>
internal static class JsonReason
{
    private const int Longest = 120;

    public static string Of(JsonException e)
    {
        string sentence = e.Message.Split(". ", 2)[0].TrimEnd('.');
        return Printable.Of(sentence.Length <= Longest ? sentence : sentence[..Longest] + "…");
    }
}
