using System.Text.RegularExpressions;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements.Tests;

public partial class ReadmeTests
{
    [Fact]
    public void Every_code_has_its_line_in_order_with_meaning_and_remedy() =>
        Assert.Equal([.. KdsCodes.All, .. EndorsementCodes.All.Select(check => check.Code)], Lines().Select(match => match.Groups["code"].Value));

    [Fact]
    public void Findings_mean_what_the_code_says() =>
        Assert.Equal(EndorsementCodes.All.Select(check => check.Meaning), Lines().Skip(KdsCodes.All.Count).Select(match => match.Groups["meaning"].Value));

    private static IEnumerable<Match> Lines() =>
        File.ReadLines(Path.Join(Repository.Root, "src", "OpenStackSev.Endorsements", "README.md")).Select(line => CodeLine().Match(line)).Where(match => match.Success);

    [GeneratedRegex(@"^\| `(?<code>(kds|endorsements)\.[a-z_.]+)` \| (?<meaning>[^|]*\S[^|]*?) \| [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeLine();
}
