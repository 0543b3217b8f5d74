using System.Text.RegularExpressions;

namespace OpenStackSev.Platform.Tests;

public partial class ReadmeTests
{
    [Fact]
    public void Every_code_has_its_line_in_order_with_meaning_and_remedy() =>
        Assert.Equal(PlatformCodes.All,
            File.ReadLines(Readme()).Select(line => CodeLine().Match(line)).Where(m => m.Success).Select(m => m.Groups["code"].Value));

    private static string Readme()
    {
        string? folder = AppContext.BaseDirectory;
        while (folder is not null && !File.Exists(Path.Join(folder, "OpenStackSev.sln")))
            folder = Path.GetDirectoryName(folder);
        Assert.NotNull(folder);
        return Path.Join(folder, "src", "OpenStackSev.Platform", "README.md");
    }

    [GeneratedRegex(@"^\| `(?<code>platform\.[a-z_.]+)` \| [^|]*\S[^|]* \| [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeLine();
}
