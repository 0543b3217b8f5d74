using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary>Pairs of flavor and image, one a line, answered one a line and in order.</summary>
/// <remarks>Nothing is kept of a line that was answered, so that memory does not grow with the input.</remarks>
internal sealed class Batch(Stream input, TextWriter output, ComputeRelease release)
{
    /// <summary>Longest line: a flavor and an image at their own bounds.</summary>
    public const int MaximumLine = FlavorSpec.MaximumBytes + ImageSpec.MaximumBytes;

    // A body's own bound, and the object around both.
    private const int MaximumDepth = 18;
    private const int FlushAt = 64 * 1024;

    private static readonly byte[] s_byteOrderMark = [0xEF, 0xBB, 0xBF];

    private readonly ArrayBufferWriter<byte> _pending = new(2 * FlushAt);
    private long _line;
    private char[] _characters = [];

    /// <summary>Answers every line.</summary>
    /// <returns>The exit code: <see cref="ExitCode.NotJudged"/> when a line could not be judged, else that of the worst finding.</returns>
    /// <exception cref="IOException">Reading or writing failed; the lines before were answered.</exception>
    public int Run()
    {
        int worst = ExitCode.Ok;
        bool allJudged = true;
        using Utf8JsonWriter writer = new(_pending);
        BoundedLines lines = new(input, MaximumLine, beforeRead: Flush);
        while (lines.Read())
        {
            _line++;
            writer.Reset();
            if (Judge(lines, out string? problem) is { } pair)
            {
                IReadOnlyList<Finding> findings = RequestRules.Check(pair.Flavor, pair.Image, release);
                worst = Math.Max(worst, Levels.ExitCodeOf(findings));
                JsonSerializer.Serialize(
                    writer, ValidationDocument.Of(pair.Flavor, pair.Image, release, findings), ValidationLineJson.Default.ValidationDocument);
            }
            else
            {
                allJudged = false;
                JsonSerializer.Serialize(writer, new BatchError(new(_line, problem!)), ValidationLineJson.Default.BatchError);
            }
            writer.Flush();
            _pending.Write("\n"u8);
            if (_pending.WrittenCount >= FlushAt)
                Flush();
        }
        Flush();
        return allJudged ? worst : ExitCode.NotJudged;
    }

    private (FlavorSpec Flavor, ImageSpec Image)? Judge(BoundedLines lines, out string? problem)
    {
        ReadOnlyMemory<byte> line = lines.Current;
        if (_line == 1 && line.Span.StartsWith(s_byteOrderMark))
            line = line[s_byteOrderMark.Length..];
        problem = lines.IsTooLong ? $"the line is longer than the {MaximumLine} bytes that are read"
            : line.Span.Trim(" \t\r"u8).IsEmpty ? "the line is empty"
            : !Utf8.IsValid(line.Span) ? "the line is not UTF-8"
            : null;
        return problem is null ? Parse(line, out problem) : null;
    }

    private static (FlavorSpec Flavor, ImageSpec Image)? Parse(ReadOnlyMemory<byte> line, out string? problem)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(line, new() { MaxDepth = MaximumDepth });
            JsonElement pair = document.RootElement;
            problem = pair.ValueKind != JsonValueKind.Object ? """the line is no object as {"flavor": …, "image": …}""" : null;
            if (problem is null && !pair.TryGetProperty("flavor", out _))
                problem = "the line has no 'flavor'";
            if (problem is null && !pair.TryGetProperty("image", out _))
                problem = "the line has no 'image'";
            if (problem is null
                && FlavorSpec.TryParse(pair.GetProperty("flavor"), out FlavorSpec? flavor, out problem)
                && ImageSpec.TryParse(pair.GetProperty("image"), out ImageSpec? image, out problem))
            {
                return (flavor, image);
            }
        }
        catch (JsonException e)
        {
            problem = $"the line is not JSON that can be read, at byte {e.BytePositionInLine ?? 0}: {JsonReason.Of(e)}";
        }
        return null;
    }

    private void Flush()
    {
        if (_pending.WrittenCount == 0)
            return;
        int most = Encoding.UTF8.GetMaxCharCount(_pending.WrittenCount);
        if (_characters.Length < most)
            _characters = new char[most];
        int count = Encoding.UTF8.GetChars(_pending.WrittenSpan, _characters);
        output.Write(_characters, 0, count);
        output.Flush();
        _pending.ResetWrittenCount();
    }
}
