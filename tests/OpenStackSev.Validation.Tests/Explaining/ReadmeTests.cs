using System.Reflection;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation.Tests.Explaining;

public sealed class ReadmeTests
{
    [Theory, InlineData(typeof(ExplainCodes)), InlineData(typeof(OperationCodes))]
    public async Task Every_code_has_one_line_in_the_readme(Type codes)
    {
        string[] lines = await File.ReadAllLinesAsync(
            Path.Join(Repository.Root, "src/OpenStackSev.Validation/Explaining/README.md"), TestContext.Current.CancellationToken);
        Assert.All(codes.GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!),
            code => Assert.Single(lines, line => line.StartsWith($"| `{code}` |", StringComparison.Ordinal)));
    }
}
