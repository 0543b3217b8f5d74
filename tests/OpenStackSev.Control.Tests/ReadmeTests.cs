using OpenStackSev.Api.Errors;

namespace OpenStackSev.Control.Tests;

public sealed class ReadmeTests
{
    private static readonly string s_readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "README.md"));

    [Fact]
    public void The_README_has_the_table_of_error_codes()
    {
        string table = string.Concat(ErrorCodes.All.Select(error => $"| `{error.Code}` | {error.Status} | {error.Meaning} |\n"));
        Assert.Contains("| code | status | when, and what to do |\n|---|---|---|\n" + table + "\n", s_readme, StringComparison.Ordinal);
    }

    [Fact]
    public void A_code_is_there_once_and_belongs_to_the_service() =>
        Assert.Equal(ErrorCodes.All.Count, ErrorCodes.All.Select(error => error.Code).Where(code => code.StartsWith("attestation.", StringComparison.Ordinal)).Distinct().Count());
}
