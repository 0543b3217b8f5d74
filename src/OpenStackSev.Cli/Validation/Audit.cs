using System.CommandLine;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Auditing;

namespace OpenStackSev.Cli.Validation;

/// <summary><c>osev audit</c>: every flavor of a cloud with every image. The exit code is the worst finding.</summary>
internal sealed class Audit
{
    /// <summary>A few bytes are kept of each combination.</summary>
    private const int MaximumPairs = 10_000_000;

    private readonly Option<string> _flavorsFile = new("--flavors-file")
    {
        Description = "Flavors as Nova answers GET /flavors/detail, instead of the cloud's; - is standard input.",
        HelpName = "FILE",
    };
    private readonly Option<string> _imagesFile = new("--images-file")
    {
        Description = "Images as Glance answers GET /v2/images, instead of the cloud's; - is standard input.",
        HelpName = "FILE",
    };
    private readonly Option<bool> _fix = new("--fix") { Description = "Print a script of all fixes, to read and then run. Nothing is changed." };
    private readonly Option<bool> _all = new("--all")
    {
        Description = "Judge also combinations whose flavor and image both come closer to booting with others, such as a SEV flavor with an image of plain ones.",
    };
    private readonly Option<string> _release = ReleaseOption.Create();

    public static Command Create(CommandConsole console)
    {
        Audit audit = new();
        OsevCommand command = new("audit",
            "Judge every flavor of a cloud with every image. Exit code: 0 no finding above hint, 1 warnings, 2 errors, 3 not all could be judged.",
            "osev audit",
            "osev audit --os-cloud production -f json",
            "osev audit --fix > fixes.sh",
            "osev audit --flavors-file flavors.json --images-file images.json --release zed")
        {
            audit._flavorsFile, audit._imagesFile, audit._fix, audit._all, audit._release,
        };
        command.FailureCode = ExitCode.NotJudged;
        command.SetAction((parsed, ct) => audit.RunAsync(parsed, console, ct));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandConsole console, CancellationToken ct)
    {
        ComputeRelease? release = parsed.Named(_release);
        string? flavorsFile = parsed.GetValue(_flavorsFile), imagesFile = parsed.GetValue(_imagesFile);
        if (flavorsFile == "-" && imagesFile == "-")
            throw CommandException.BadUsage("--flavors-file and --images-file are both standard input", "name a file for one of them");
        SpecList<FlavorSpec>? flavors = flavorsFile is null ? null : SpecLists.Flavors("--flavors-file", flavorsFile);
        SpecList<ImageSpec>? images = imagesFile is null ? null : SpecLists.Images("--images-file", imagesFile);
        CloudFacts? facts = null;
        if (flavors is null || images is null)
        {
            using OpenStackConnection cloud = parsed.Connect();
            release ??= await ReleaseOption.OfCloudAsync(cloud, console, ct);
            console.WriteProgress("reading flavors");
            flavors ??= await cloud.FlavorSpecsAsync(ct);
            console.WriteProgress("reading images");
            images ??= await cloud.ImageSpecsAsync(ct);
            facts = await cloud.FactsAsync(int.MaxValue, note => console.Error.WriteLine("note: " + note), console.WriteProgress, ct);
        }

        long pairs = (long)flavors.Specs.Count * images.Specs.Count;
        if (pairs > MaximumPairs)
            throw new CommandException($"{pairs} combinations are more than the {MaximumPairs} that are judged at once", "give parts of them as files");
        CloudAudit audit = CloudAudit.Of(flavors.Specs, images.Specs, release ?? ComputeRelease.Newest, facts, parsed.GetValue(_all),
            progress: part => console.WriteProgress($"judging {pairs} combinations: {part:P0}"), ct);
        console.WriteProgress("");
        string[] notJudged = [.. flavors.Problems, .. images.Problems];
        Write(parsed, console, audit, notJudged);
        foreach (string problem in notJudged)
            console.Error.WriteLine("note: not judged: " + problem);
        return notJudged.Length > 0 ? ExitCode.NotJudged
            : audit.Findings.Select(finding => Levels.ExitCodeOf(finding.Level)).DefaultIfEmpty(ExitCode.Ok).Max();
    }

    private void Write(ParseResult parsed, CommandConsole console, CloudAudit audit, IReadOnlyList<string> notJudged)
    {
        if (parsed.GetValue(_fix))
        {
            foreach (string line in FixScript.Lines(audit))
                console.WriteLine(line);
        }
        else if (parsed.Format() == OutputFormat.Json)
        {
            console.WriteJson(AuditDocument.Of(audit, notJudged), AuditJson.Default.AuditDocument);
        }
        else
        {
            AuditTable.Write(console, audit);
        }
    }
}
