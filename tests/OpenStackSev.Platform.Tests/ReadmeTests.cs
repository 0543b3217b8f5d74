using System.Text.RegularExpressions;

namespace OpenStackSev.Platform.Tests;

public partial class ReadmeTests
{
    [Fact]
    public void Every_code_has_its_line_in_order_with_meaning_and_remedy() =>
        Assert.Equal(PlatformCodes.All,
            File.ReadLines(Readme()).Select(line => CodeLine().Match(line)).Where(m => m.Success).Select(m => m.Groups["code"].Value));

    private static string Readme() => Path.Join(Repository.Root, "src", "OpenStackSev.Platform", "README.md");

    [GeneratedRegex(@"^\| `(?<code>platform\.[a-z_.]+)` \| [^|]*\S[^|]* \| [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeLine();
}
