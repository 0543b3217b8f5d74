using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Attest;

public sealed class PolicyTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_sample_is_JSON_and_good_and_the_schema_is_JSON()
    {
        string sample = (await CommandLine.RunAsync("attest", "policy", "sample")).Succeeded().Out;
        CommandLine check = await CommandLine.RunAsync("attest", "policy", "check", Write(sample));
        Assert.Equal("policy 'sample' is good\n", check.Succeeded().Out);
        Assert.Equal(JsonValueKind.Object, (await CommandLine.RunAsync("attest", "policy", "schema")).Succeeded().Json().ValueKind);
    }

    [Fact]
    public async Task All_problems_are_listed_with_their_paths_and_the_code_is_2()
    {
        string file = Write("""{ "version": 1, "crll": "required", "vmpl": [9] }""");
        CommandLine json = await CommandLine.RunAsync("attest", "policy", "check", file, "-f", "json");
        Assert.Equal(2, json.ExitCode);
        JsonElement result = json.Json();
        Assert.Equal(["good", "name", "problems"], result.EnumerateObject().Select(member => member.Name));
        Assert.False(result.GetProperty("good").GetBoolean());
        Assert.Equal(["$.crll", "$.vmpl[0]"],
            result.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("path").GetString()!).Order(StringComparer.Ordinal));

        CommandLine table = await CommandLine.RunAsync("attest", "policy", "check", file);
        Assert.Equal(2, table.ExitCode);
        Assert.Contains("$.crll", table.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("policy /nowhere: there is no such file", "/nowhere")]
    [InlineData("policy /tmp: is a folder", "/tmp")]
    [InlineData("Required argument 'file' missing")]
    public async Task Bad_usage_is_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(["attest", "policy", "check", .. args])).AssertError(ExitCode.BadUsage, error);

    private string Write(string content)
    {
        File.WriteAllText(_folder.At("policy.json"), content);
        return _folder.At("policy.json");
    }
}
