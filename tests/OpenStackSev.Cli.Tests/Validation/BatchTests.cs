using System.Text;
using System.Text.Json;
using OpenStackSev.Cli.Validation;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Tests.Validation;

public sealed class BatchTests : IDisposable
{
    private static readonly string s_good = Pair(Bodies.Flavor(("hw:mem_encryption", "true")), Bodies.Image(("hw_firmware_type", "uefi"), ("hw_machine_type", "q35")));
    private static readonly string s_bad = Pair(Bodies.Flavor(("hw:mem_encryption", "true")), Bodies.Image());
    private readonly Bodies _bodies = new();

    public void Dispose() => _bodies.Dispose();

    [Fact]
    public async Task Every_line_is_answered_on_a_line_in_order()
    {
        CommandLine run = await RunAsync(string.Join('\n', Enumerable.Range(0, 100).Select(i =>
            Pair(Bodies.Flavor("f" + i, "f" + i), Bodies.Image("i" + i, "i" + i, ("trait:CUSTOM_N" + i, "required"))))));
        Assert.Equal("", run.Error);
        JsonElement[] answers = Answers(run);
        Assert.Equal(100, answers.Length);
        for (int i = 0; i < answers.Length; i++)
            Assert.Equal("CUSTOM_N" + i, answers[i].GetProperty("request").GetProperty("traits")[0].GetString());
    }

    [Fact]
    public async Task An_answer_is_that_of_the_same_pair_alone()
    {
        (string flavor, string image) = (Bodies.Flavor(("hw:mem_encryption", "true")), Bodies.Image());
        JsonElement alone = (await _bodies.ValidateAsync(flavor, image, "--release", "2025.2", "-f", "json")).Json();
        JsonElement answer = Assert.Single(Answers(await RunAsync(Pair(flavor, image), "--release", "2025.2")));
        Assert.True(JsonElement.DeepEquals(alone, answer), answer.ToString());
    }

    [Theory]
    [InlineData("", "the line is empty")]
    [InlineData("  \r", "the line is empty")]
    [InlineData("nonsense", "the line is not JSON that can be read, at byte 1")]
    [InlineData("[]", "the line is no object")]
    [InlineData("""{"image":{}}""", "the line has no 'flavor'")]
    [InlineData("""{"flavor":{"name":"x","extra_specs":{}}}""", "the line has no 'image'")]
    [InlineData("""{"flavor":7,"image":7}""", "the flavor is a number, and must be an object")]
    [InlineData("""{"flavor":{"name":"x","extra_specs":{}},"image":{}}""", "the image has neither name nor id")]
    [InlineData("""{"flavor":{"name":"\udfff","extra_specs":{}},"image":{}}""", "a text in the body has half of a surrogate pair")]
    public async Task A_bad_line_is_answered_in_its_place_and_the_rest_goes_on(string line, string error)
    {
        CommandLine run = await RunAsync($"{s_good}\n{line}\n{s_good}\n");
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        JsonElement[] answers = Answers(run);
        Assert.Equal([true, false, true], answers.Select(answer => answer.TryGetProperty("request", out _)));
        Assert.Equal(["error"], answers[1].EnumerateObject().Select(member => member.Name));
        Assert.Equal(2, answers[1].GetProperty("error").GetProperty("line").GetInt32());
        Assert.StartsWith(error, answers[1].GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Lines_that_are_deep_or_not_UTF_8_are_bad_lines()
    {
        byte[] latin1 = [.. "{\"flavor\":\""u8, 0xFF, .. "\"}\n"u8];
        string deep = """{"flavor":{"extra_specs":""" + new string('[', 100_000);
        using MemoryStream input = new([.. latin1, .. Encoding.UTF8.GetBytes($"{deep}\n{s_good}\n")]);
        (int code, JsonElement[] answers) = Run(input);
        Assert.Equal(ExitCode.NotJudged, code);
        Assert.Equal("the line is not UTF-8", answers[0].GetProperty("error").GetProperty("message").GetString());
        Assert.Contains("maximum configured depth", answers[1].GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True(answers[2].TryGetProperty("request", out _));
    }

    [Fact]
    public void A_byte_order_mark_and_the_line_ends_of_Windows_do_not_matter()
    {
        using MemoryStream input = new([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes($"{s_good}\r\n{s_good}")]);
        (_, JsonElement[] answers) = Run(input);
        Assert.Equal(2, answers.Length);
        Assert.All(answers, answer => Assert.True(answer.TryGetProperty("request", out _)));
    }

    [Fact]
    public async Task No_lines_are_no_answers_and_nothing_wrong()
    {
        Assert.Equal("", (await RunAsync("")).Succeeded().Out);
    }

    [Fact]
    public async Task The_exit_code_is_that_of_the_worst_finding() => Assert.Equal(2, (await RunAsync($"{s_good}\n{s_bad}\n{s_good}")).ExitCode);

    [Fact]
    public void A_line_of_a_hundred_megabytes_is_a_bad_line_and_no_more_than_the_bound_is_kept_of_it()
    {
        byte[] after = Encoding.UTF8.GetBytes($"\n{s_good}\n");
        using Repeated line = new("{\"flavor\":\""u8, "x"u8, 100_000_000);
        using MemoryStream rest = new(after);
        using Joined input = new(line, rest);
        long before = GC.GetAllocatedBytesForCurrentThread();
        (int code, JsonElement[] answers) = Run(input);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5L * Batch.MaximumLine);
        Assert.Equal(ExitCode.NotJudged, code);
        Assert.Contains("longer than the 2097152 bytes", answers[0].GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.True(answers[1].TryGetProperty("request", out _));
    }

    [Theory, InlineData(1), InlineData(2), InlineData(7), InlineData(100_000)]
    public void Lines_are_cut_alike_however_they_arrive(int atOnce)
    {
        string[] expected = ["a", "", "bc", "defghi", "\r", "end"];
        using Portions stream = new(Encoding.UTF8.GetBytes(string.Join('\n', expected)), atOnce);
        BoundedLines lines = new(stream, maximum: 6);
        List<string> read = [];
        while (lines.Read())
            read.Add(lines.IsTooLong ? "too long" : Encoding.UTF8.GetString(lines.Current.Span));
        Assert.Equal(expected, read);
    }

    [Theory, InlineData(1), InlineData(2), InlineData(100_000)]
    public void A_line_one_byte_too_long_is_told_from_one_that_is_not(int atOnce)
    {
        using Portions stream = new("1234567\n123456\n1234567"u8.ToArray(), atOnce);
        BoundedLines lines = new(stream, maximum: 6);
        List<bool> tooLong = [];
        while (lines.Read())
            tooLong.Add(lines.IsTooLong);
        Assert.Equal([true, false, true], tooLong);
    }

    [Fact]
    public void What_was_answered_is_written_before_more_is_waited_for()
    {
        using StringWriter output = new();
        List<int> written = [];
        using Portions stream = new(Encoding.UTF8.GetBytes($"{s_good}\n{s_good}\n"), Encoding.UTF8.GetByteCount(s_good) + 1,
            onRead: () => written.Add(output.ToString().Count(c => c == '\n')));
        new Batch(stream, output, ComputeRelease.Newest).Run();
        Assert.Equal([0, 1, 2], written);
    }

    private Task<CommandLine> RunAsync(string lines, params string[] more) =>
        CommandLine.RunAsync(["validate", "--batch", _bodies.File("pairs.jsonl", lines), "-f", "jsonl", .. more]);

    private static (int Code, JsonElement[] Answers) Run(Stream input)
    {
        using StringWriter output = new();
        int code = new Batch(input, output, ComputeRelease.Newest).Run();
        return (code, Answers(output.ToString()));
    }

    private static JsonElement[] Answers(CommandLine run) => Answers(run.Out);

    private static JsonElement[] Answers(string lines) =>
        [.. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static string Pair(string flavor, string image) => $$"""{"flavor":{{flavor}},"image":{{image}}}""";

    /// <summary>A stream that gives so many bytes at once.</summary>
    private sealed class Portions(byte[] content, int atOnce, Action? onRead = null) : MemoryStream(content)
    {
        public override int Read(byte[] buffer, int offset, int count)
        {
            onRead?.Invoke();
            return base.Read(buffer, offset, Math.Min(count, atOnce));
        }
    }

    /// <summary>One stream, then the other.</summary>
    private sealed class Joined(Stream first, Stream second) : MemoryStream
    {
        public override int Read(byte[] buffer, int offset, int count) =>
            first.Read(buffer, offset, count) is > 0 and var read ? read : second.Read(buffer, offset, count);
    }
}
