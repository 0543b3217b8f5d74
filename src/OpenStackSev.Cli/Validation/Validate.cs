using System.CommandLine;
using OpenStackSev.Cli.Validation.Heat;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary><c>osev validate</c>: judges a flavor and an image before anybody boots them. The exit code is the worst finding.</summary>
internal sealed class Validate
{
    private readonly Option<string> _flavor = Text("--flavor", "NAME|ID", "Flavor of the cloud.");
    private readonly Option<string> _image = Text("--image", "NAME|ID", "Image of the cloud.");
    private readonly Option<string> _flavorFile = Text("--flavor-file", "FILE", "The flavor as Nova answers it, or as openstack flavor show -f json prints it; - is standard input.");
    private readonly Option<string> _imageFile = Text("--image-file", "FILE", "The image as Glance answers it, or as openstack image show -f json prints it; - is standard input.");
    private readonly Option<string> _batch = Text("--batch", "FILE", """Many pairs, {"flavor": …, "image": …} a line, answered one a line; - is standard input.""");
    private readonly Option<string> _heat = Text("--heat", "TEMPLATE", "A Heat template: every flavor and image that it makes, or its servers name, and its gates.");
    private readonly Option<string[]> _environment = new("--environment", "-e") { Description = "Environment of --heat; repeatable, the later one wins.", HelpName = "FILE" };
    private readonly Option<string[]> _parameter = new("--parameter") { Description = "Parameter of --heat; repeatable.", HelpName = "KEY=VALUE" };
    private readonly Option<string> _release = ReleaseOption.Create();
    private readonly Option<string> _format = new("--format", "-f")
    {
        Description = "How to print the result: a table for people, JSON or YAML for programs; of a batch one JSON document a line.",
        HelpName = "table|json|yaml|jsonl",
    };

    public static Command Create(CommandConsole console)
    {
        Validate validate = new();
        validate._format.AcceptOnlyFromAmong("table", "json", "yaml", "jsonl");
        OsevCommand command = new("validate",
            "Judge a flavor and an image before anybody boots them. Exit code: 0 no finding above hint, 1 warnings, 2 errors, 3 could not be judged.",
            "osev validate --flavor sev.small --image debian-13",
            "osev validate --flavor sev.small --image debian-13 --release 2026.2 -f json",
            "osev validate --flavor-file flavor.json --image-file image.json --release zed",
            "osev validate --batch pairs.jsonl -f jsonl > answers.jsonl",
            "osev validate --heat tenant/confidential_server.yaml -e snp_env.yaml --os-cloud mine",
            "openstack flavor show sev.small -f json | osev validate --flavor-file - --image debian-13")
        {
            validate._flavor, validate._image, validate._flavorFile, validate._imageFile, validate._batch,
            validate._heat, validate._environment, validate._parameter, validate._release, validate._format,
        };
        command.FailureCode = ExitCode.NotJudged;
        command.SetAction((parsed, ct) => validate.RunAsync(parsed, console, ct));
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CommandConsole console, CancellationToken ct)
    {
        string? format = parsed.GetValue(_format);
        ComputeRelease? release = parsed.Named(_release);
        if (parsed.GetValue(_batch) is { } batch)
            return RunBatch(parsed, console, batch, format, release ?? ComputeRelease.Newest);
        if (parsed.GetValue(_heat) is { } template)
            return await RunHeatAsync(parsed, console, template, format, release, ct);
        if (((Option<string[]>[])[_environment, _parameter]).FirstOrDefault(option => parsed.GetValue(option) is { Length: > 0 }) is { } stray)
            throw CommandException.BadUsage($"{stray.Name} is for --heat", "name the template: --heat FILE");
        if (format == "jsonl")
            throw CommandException.BadUsage("-f jsonl is for --batch", "-f json prints one pair");

        Check(parsed, _flavor, _flavorFile);
        Check(parsed, _image, _imageFile);
        if (parsed.GetValue(_flavorFile) == "-" && parsed.GetValue(_imageFile) == "-")
            throw CommandException.BadUsage("--flavor-file and --image-file are both standard input", "name a file for one of them");
        FlavorSpec? flavor = parsed.GetValue(_flavorFile) is { } flavorFile ? SpecFile.Flavor("--flavor-file", flavorFile) : null;
        ImageSpec? image = parsed.GetValue(_imageFile) is { } imageFile ? SpecFile.Image("--image-file", imageFile) : null;
        CloudFacts? facts = null;
        if (flavor is null || image is null)
        {
            using OpenStackConnection cloud = parsed.Connect();
            flavor ??= await cloud.FlavorAsync(parsed.GetRequiredValue(_flavor), ct);
            image ??= await cloud.ImageAsync(parsed.GetRequiredValue(_image), ct);
            release ??= await ReleaseOption.OfCloudAsync(cloud, console, ct);
            facts = await cloud.FactsAsync(CloudFactsReading.MostProvidersOfOnePair, note => console.Error.WriteLine("note: " + note), console.WriteProgress, ct);
        }

        release ??= ComputeRelease.Newest;
        IReadOnlyList<Finding> findings = RequestRules.Check(flavor, image, release, facts);
        console.Format = format == "yaml" ? OutputFormat.Yaml : OutputFormat.Table;
        if (format is "json" or "yaml")
            console.WriteJson(ValidationDocument.Of(flavor, image, release, findings), ValidationJson.Default.ValidationDocument);
        else
            ValidationTable.Write(console, flavor, image, release, findings);
        return Levels.ExitCodeOf(findings);
    }

    private Task<int> RunHeatAsync(ParseResult parsed, CommandConsole console, string template, string? format, ComputeRelease? release, CancellationToken ct)
    {
        if (format == "jsonl")
            throw CommandException.BadUsage("-f jsonl is for --batch", "-f json prints what is said of a template");
        if (((Option<string>[])[_flavor, _image]).FirstOrDefault(option => parsed.GetValue(option) is not null) is { } other)
            throw CommandException.BadUsage($"{other.Name} is not for --heat", $"the template names it: --parameter {other.Name[2..]}=NAME, or {other.Name}-file FILE for one that is not in a cloud");
        var request = new TemplateRequest(template, parsed.GetValue(_environment) ?? [], parsed.GetValue(_parameter) ?? []);
        return ValidateTemplate.RunAsync(parsed, console, request, parsed.GetValue(_flavorFile), parsed.GetValue(_imageFile), release, format, ct);
    }

    private int RunBatch(ParseResult parsed, CommandConsole console, string path, string? format, ComputeRelease release)
    {
        if (format is not (null or "jsonl"))
            throw CommandException.BadUsage($"-f {format} is not for --batch", "a batch is answered line by line: -f jsonl");
        if (((Option<string>[])[_flavor, _image, _flavorFile, _imageFile, _heat]).FirstOrDefault(option => parsed.GetValue(option) is not null) is { } other)
            throw CommandException.BadUsage($"{other.Name} is not for --batch", "its lines have flavors and images");
        using Stream stream = InputFile.Open("--batch", path);
        try
        {
            return new Batch(stream, console.Out, release).Run();
        }
        catch (IOException e)
        {
            throw new CommandException($"--batch {path}: {e.Message.TrimEnd('.')}", "the answers before this are good", ExitCode.NotJudged, e);
        }
    }

    /// <summary>One of two.</summary>
    private static void Check(ParseResult parsed, Option<string> named, Option<string> file)
    {
        bool byName = parsed.GetValue(named) is not null, byFile = parsed.GetValue(file) is not null;
        if (byName && byFile)
            throw CommandException.BadUsage($"{named.Name} and {file.Name} are both given", "name it in the cloud, or give a file");
        if (!byName && !byFile)
            throw CommandException.BadUsage($"{named.Name} is missing", $"{named.Name} NAME of a cloud, or {file.Name} FILE without one; --batch FILE for many");
    }

    private static Option<string> Text(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };
}
