using System.Xml.Linq;

namespace OpenStackSev.Architecture.Tests;

/// <summary>Which project may know which. An arrow that is not here needs a decision, not an edit in passing.</summary>
public sealed class Arrows
{
    private static readonly Dictionary<string, string[]> Allowed = new(StringComparer.Ordinal)
    {
        ["OpenStackSev.Attestation"] = [],
        ["OpenStackSev.Endorsements"] = ["OpenStackSev.Attestation"],
        ["OpenStackSev.Validation"] = [],
        ["OpenStackSev.Platform"] = [],
        ["OpenStackSev.OpenStack"] = [],
        ["OpenStackSev.Api"] = [],
        ["OpenStackSev.Configuration"] = [],
        ["OpenStackSev.Inspection"] = ["OpenStackSev.OpenStack", "OpenStackSev.Validation"],
        ["OpenStackSev.NodeCertificates"] = [],
        ["OpenStackSev.Simulation"] = [],
        ["OpenStackSev.Agent"] = ["OpenStackSev.Api", "OpenStackSev.Configuration", "OpenStackSev.OpenStack", "OpenStackSev.Platform"],
        ["OpenStackSev.Control"] =
        [
            "OpenStackSev.Api", "OpenStackSev.Configuration", "OpenStackSev.OpenStack", "OpenStackSev.Inspection", "OpenStackSev.Attestation",
            "OpenStackSev.Endorsements", "OpenStackSev.Validation", "OpenStackSev.NodeCertificates",
        ],
        ["OpenStackSev.Guest"] = ["OpenStackSev.Api"],
        ["OpenStackSev.Cli"] =
        [
            "OpenStackSev.Api", "OpenStackSev.OpenStack", "OpenStackSev.Platform", "OpenStackSev.Simulation",
            "OpenStackSev.Attestation", "OpenStackSev.Endorsements", "OpenStackSev.Validation", "OpenStackSev.Inspection", "OpenStackSev.NodeCertificates",
        ],
    };

    public static TheoryData<string> Projects => [.. Directory.GetFiles(Path.Join(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories)
        .Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal)];

    [Theory, MemberData(nameof(Projects))]
    public void A_project_refers_only_to_what_its_arrows_allow(string project)
    {
        Assert.True(Allowed.TryGetValue(project, out string[]? allowed), $"{project} has no line in the table of arrows");
        Assert.Empty(References(project).Except(allowed));
    }

    [Fact]
    public void Only_programs_name_the_logging_library()
    {
        string[] libraries =
        [
            "Attestation", "Endorsements", "Validation", "Platform", "OpenStack", "Api", "Configuration", "Inspection", "Simulation", "NodeCertificates",
        ];
        string[] offenders = [.. libraries.Select(name => Path.Join(Repository.Root, "src", "OpenStackSev." + name))
            .Where(Directory.Exists)
            .SelectMany(folder => Directory.GetFiles(folder, "*.cs", SearchOption.AllDirectories))
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Where(file => File.ReadAllText(file).Contains("Serilog", StringComparison.Ordinal))];
        Assert.Empty(offenders);
    }

    [Fact]
    public void Every_project_is_in_the_solution()
    {
        string solution = File.ReadAllText(Path.Join(Repository.Root, "OpenStackSev.sln"));
        string[] missing = [.. new[] { "src", "tests" }
            .SelectMany(folder => Directory.GetFiles(Path.Join(Repository.Root, folder), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetFileName(path)!)
            .Where(name => !solution.Contains("\\" + name, StringComparison.Ordinal))];
        Assert.Empty(missing);
    }

    [Fact]
    public void Every_pinned_package_says_why_it_is_there()
    {
        string[] silent = [.. File.ReadLines(Path.Join(Repository.Root, "Directory.Packages.props"))
            .Where(line => line.Contains("<PackageVersion ", StringComparison.Ordinal) && !line.Contains("<!-- ", StringComparison.Ordinal))];
        Assert.Empty(silent);
    }

    [Fact]
    public void The_READMEs_table_of_what_was_shown_names_every_acceptance_test()
    {
        string readme = File.ReadAllText(Path.Join(Repository.Root, "README.md"));
        string[] missing = [.. Directory.GetFiles(Path.Join(Repository.Root, "tests", "OpenStackSev.Acceptance", "MainJob"), "*.cs")
            .SelectMany(file => System.Text.RegularExpressions.Regex.Matches(
                File.ReadAllText(file), @"\[Fact\]\s+public async Task (?<name>\w+)\(", System.Text.RegularExpressions.RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1)))
            .Select(match => match.Groups["name"].Value.Replace('_', ' '))
            .Where(sentence => !readme.Contains($"| {sentence} |", StringComparison.Ordinal))];
        Assert.Empty(missing);
    }

    private static IEnumerable<string> References(string project) =>
        XDocument.Load(Path.Join(Repository.Root, "src", project, project + ".csproj"))
            .Descendants("ProjectReference")
            .Select(reference => Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value));
}
