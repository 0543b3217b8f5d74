using System.Text.Json;
using System.Text.RegularExpressions;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Attestation.Tests;

/// <summary>README.md says what the code does.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string[] s_lines = File.ReadAllLines(Path.Join(Repository.Root, "src", "OpenStackSev.Attestation", "README.md"));

    [Fact]
    public void Every_code_has_its_line_in_order_with_meaning_and_remedy() =>
        Assert.Equal(SnpCodes.All.Select(check => $"| `{check.Code}` | {check.Stage} | {check.Tier} | {check.Meaning} |"),
            s_lines.Select(line => CodeLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["said"].Value));

    [Fact]
    public void Every_code_of_a_host_has_its_line_in_order_with_meaning_and_remedy() =>
        Assert.Equal(HostCodes.All.Select(check => $"| `{check.Code}` | {check.Stage} | {check.Tier} | {check.Meaning} |"),
            s_lines.Select(line => HostLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["said"].Value));

    [Fact]
    public void Every_code_of_a_signed_result_has_its_line_in_order_with_meaning_and_remedy() =>
        Assert.Equal(EarCodes.All.Select(check => $"| `{check.Code}` | {check.Meaning} |"),
            s_lines.Select(line => ResultLine().Match(line)).Where(match => match.Success).Select(match => match.Groups["said"].Value));

    [Fact]
    public void What_each_finding_says_of_the_vector_is_in_the_table()
    {
        Dictionary<string, string> table = new(StringComparer.Ordinal);
        foreach (Match line in s_lines.Select(line => VectorLine().Match(line)).Where(match => match.Success))
        {
            foreach (Capture code in line.Groups["code"].Captures)
                table.Add(code.Value, line.Groups["says"].Value);
        }
        Assert.Equal(SnpCodes.All.Select(check => check.Code).Order(StringComparer.Ordinal), table.Keys.Order(StringComparer.Ordinal));
        foreach ((string code, var says) in TrustworthinessTable.ByCode)
            Assert.Equal(string.Join(", ", says.Select(one => $"`{Name(one.Claim)}` {one.Value}")), table[code]);

        static string Name(TrustworthinessClaim claim) => Capital().Replace(claim.ToString(), "-$0").ToLowerInvariant()[1..];
    }

    [Fact]
    public void Every_built_in_bulletin_has_its_line() =>
        Assert.All(KnownBulletins.All, bulletin => Assert.Single(s_lines, line => line.StartsWith($"| `{bulletin.Id}` ", StringComparison.Ordinal)
            && bulletin.Cves.All(cve => line.Contains(cve, StringComparison.Ordinal))));

    [Fact]
    public void Every_key_of_a_policy_has_its_line()
    {
        using JsonDocument schema = JsonDocument.Parse(PolicyDocument.Schema);
        string text = string.Join('\n', s_lines.Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Split('|')[1]));
        Assert.All(schema.RootElement.GetProperty("properties").EnumerateObject().Select(key => key.Name).Except(["$schema", "version"]),
            key => Assert.Matches($@"`{key}(\.\w+)?`", text));
    }

    [GeneratedRegex(@"^(?<said>\| `snp\.[a-z_.]+` \| \w+ \| \w+ \| [^|]*\S \|) [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CodeLine();

    [GeneratedRegex(@"^(?<said>\| `host\.[a-z_.]+` \| \w+ \| \w+ \| [^|]*\S \|) [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex HostLine();

    [GeneratedRegex(@"^(?<said>\| `ear\.[a-z_.]+` \| [^|]*\S \|) [^|]*\S[^|]* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex ResultLine();

    [GeneratedRegex(@"^\| (?<says>`[a-z-]+` -?\d+(, `[a-z-]+` -?\d+)*) \| `(?<code>snp\.[a-z_.]+)`(, `(?<code>snp\.[a-z_.]+)`)* \|$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex VectorLine();

    [GeneratedRegex("[A-Z]", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Capital();
}
