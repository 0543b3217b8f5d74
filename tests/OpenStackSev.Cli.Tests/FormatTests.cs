using YamlDotNet.RepresentationModel;

namespace OpenStackSev.Cli.Tests;

public sealed class FormatTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task Yaml_says_what_json_says()
    {
        string[] command = ["simulate", "host", "--list"];
        System.Text.Json.JsonElement json = (await CommandLine.RunAsync([.. command, "-f", "json"])).Succeeded().Json();
        string yaml = (await CommandLine.RunAsync([.. command, "-f", "yaml"])).Succeeded().Out;
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var models = (YamlSequenceNode)stream.Documents[0].RootNode["models"];
        Assert.Equal(
            json.GetProperty("models").EnumerateArray().Select(model => (model.GetProperty("name").GetString(), model.GetProperty("summary").GetString())),
            models.Select(model => (((YamlScalarNode)model["name"]).Value, ((YamlScalarNode)model["summary"]).Value)));
        Assert.DoesNotContain("...", yaml, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("true", "\"true\""), InlineData("No", "\"No\""), InlineData("0017", "\"0017\""), InlineData("1.5", "\"1.5\""), InlineData("", "\"\"")]
    [InlineData("2026-11-25", "\"2026-11-25\""), InlineData("a: b", "\"a: b\""), InlineData("# x", "\"# x\""), InlineData("two\nlines", "\"two\\nlines\"")]
    [InlineData("plain text", "plain text"), InlineData("AMD EPYC", "AMD EPYC"), InlineData("~", "\"~\""), InlineData(" x", "\" x\"")]
    public void Text_that_yaml_could_take_for_something_else_is_quoted(string text, string expected)
    {
        using var document = System.Text.Json.JsonDocument.Parse(System.Text.Json.JsonSerializer.Serialize(new Dictionary<string, string> { ["value"] = text }));
        Assert.Equal($"value: {expected}\n", YamlText.Of(document.RootElement));
    }

    [Theory]
    [InlineData("plain", "plain"), InlineData("a,b", "\"a,b\""), InlineData("say \"hi\"", "\"say \"\"hi\"\"\""), InlineData("two\nlines", "\"two\nlines\""), InlineData("", "")]
    public void Csv_cells_are_quoted_where_they_have_to_be(string cell, string expected) => Assert.Equal(expected + ",x", CsvText.Line([cell, "x"]));

    [Fact]
    public async Task A_list_has_csv_and_columns()
    {
        await WriteChainAsync();
        string csv = (await ListAsync("-f", "csv")).Succeeded().Out;
        Assert.StartsWith("WHAT,LINE,CHIP OR PROVIDER,TCB,VALID UNTIL,ROOT\nARK,Turin,,", csv, StringComparison.Ordinal);
        Assert.Equal("ROOT,WHAT\nsimulated,ARK\n", string.Concat((await ListAsync("-f", "csv", "-c", "root", "-c", "What")).Succeeded().Out.Split('\n')[..2].Select(line => line + "\n")));
        Assert.Equal("VALID UNTIL", (await ListAsync("-c", "valid_until")).Succeeded().Out.Split('\n')[0]);
    }

    [Fact]
    public async Task Columns_of_json_are_objects_of_these_columns()
    {
        await WriteChainAsync();
        System.Text.Json.JsonElement first = (await ListAsync("-f", "json", "-c", "line", "-c", "VALID UNTIL")).Succeeded().Json()[0];
        Assert.Equal(["line", "valid_until"], first.EnumerateObject().Select(member => member.Name));
    }

    [Fact]
    public async Task A_column_that_is_none_is_told_with_those_that_are()
    {
        await WriteChainAsync();
        CommandLine run = await ListAsync("-c", "colour");
        run.AssertError(ExitCode.BadUsage, "there is no column 'colour'");
        Assert.Contains("what, line, chip_or_provider", run.Error, StringComparison.Ordinal);
    }

    private Task<CommandLine> ListAsync(params string[] args) =>
        CommandLine.RunAsync(["endorsements", "list", "--folder", folder.At("endorsements"), "--simulated-root", folder.At("amd/ark.pem"), .. args]);

    private async Task WriteChainAsync()
    {
        (await CommandLine.RunAsync("simulate", "chain", "--product", "turin", "--key-bits", "2048", "--out", folder.At("amd"))).Succeeded();
        (await CommandLine.RunAsync("endorsements", "import", "--folder", folder.At("endorsements"), "--simulated-root", folder.At("amd/ark.pem"), folder.At("amd/ark.pem"))).Succeeded();
    }
}
