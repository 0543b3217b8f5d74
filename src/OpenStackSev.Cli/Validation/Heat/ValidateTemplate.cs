using System.CommandLine;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Validation.Heat;

/// <summary><c>osev validate --heat</c>: judges what a Heat template makes and names, before a stack of it is made.</summary>
internal static class ValidateTemplate
{
    private const int MostParameters = 500;
    private static readonly string[] s_cloudVariables = ["OS_CLOUD", "OS_AUTH_URL"];

    /// <param name="flavorFile">A flavor that the template names, where the cloud is not to be asked; null for none.</param>
    /// <param name="imageFile">An image that the template names; null for none.</param>
    /// <param name="named">Release of the command line; null for the cloud's, or the newest.</param>
    public static async Task<int> RunAsync(
        ParseResult parsed, CommandConsole console, TemplateRequest request, string? flavorFile, string? imageFile, ComputeRelease? named, string? format, CancellationToken ct)
    {
        TemplateFiles files = TemplateFolder.Read(request.Template, request.Environments);
        TemplateReading reading = TemplateReading.Of(files, Parameters(request.Parameters), out string? problem)
            ?? throw SpecFile.Malformed("--heat", request.Template, problem!, "nothing of it can be judged");
        var lookup = new TemplateLookup();
        if (flavorFile is not null)
            lookup.Add(SpecFile.Flavor("--flavor-file", flavorFile));
        if (imageFile is not null)
            lookup.Add(SpecFile.Image("--image-file", imageFile));
        ComputeRelease? release = named;
        CloudFacts? facts = null;
        if (IsCloudNamed(parsed) && (lookup.Misses(reading) || reading.Flavors.Count + reading.Images.Count > 0))
        {
            using OpenStackConnection cloud = parsed.Connect();
            await lookup.AskAsync(cloud, reading, ct);
            release ??= await ReleaseOption.OfCloudAsync(cloud, console, ct);
            facts = await cloud.FactsAsync(CloudFactsReading.MostProvidersOfOnePair, note => console.Error.WriteLine("note: " + note), console.WriteProgress, ct);
        }

        release ??= ComputeRelease.Newest;
        TemplateJudgement judgement = TemplateJudgement.Of(reading, lookup.Flavors, lookup.Images, release, facts);
        judgement = judgement with { NotJudged = [.. judgement.NotJudged, .. lookup.Problems] };
        console.Format = format == "yaml" ? OutputFormat.Yaml : OutputFormat.Table;
        if (format is "json" or "yaml")
            console.WriteJson(TemplateDocument.Of(request.Template, release, judgement), TemplateJson.Default.TemplateDocument);
        else
            TemplateTable.Write(console, request.Template, release, judgement);
        int worst = Math.Max(Levels.ExitCodeOf(judgement.Findings), judgement.Pairs.Select(pair => Levels.ExitCodeOf(pair.Findings)).DefaultIfEmpty(ExitCode.Ok).Max());
        return judgement.NotJudged.Count > 0 ? ExitCode.NotJudged : worst;
    }

    /// <summary>A template is judged without a cloud where none is named: what it makes needs none.</summary>
    private static bool IsCloudNamed(ParseResult parsed) =>
        parsed.GetValue(CloudOption.Instance) is not null || s_cloudVariables.Any(name => Environment.GetEnvironmentVariable(name) is { Length: > 0 });

    private static Dictionary<string, string> Parameters(IReadOnlyList<string> given)
    {
        if (given.Count > MostParameters)
            throw CommandException.BadUsage($"more than {MostParameters} parameters", "put them into an environment: -e FILE");
        var parameters = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string parameter in given)
        {
            string[] parts = parameter.Split('=', 2);
            if (parts is not [{ Length: > 0 } key, var value])
                throw CommandException.BadUsage($"--parameter {Printable.Of(parameter)}: is no KEY=VALUE", "write --parameter flavor=sev-snp.small");
            parameters[key] = value;
        }
        return parameters;
    }
}

/// <summary>A template of the command line.</summary>
internal sealed record TemplateRequest(string Template, IReadOnlyList<string> Environments, IReadOnlyList<string> Parameters);

/// <summary>Flavors and images that a template names and does not make.</summary>
internal sealed class TemplateLookup
{
    private readonly Dictionary<string, FlavorSpec> _flavors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImageSpec> _images = new(StringComparer.Ordinal);
    private readonly List<string> _problems = [];

    public IReadOnlyDictionary<string, FlavorSpec> Flavors => _flavors;
    public IReadOnlyDictionary<string, ImageSpec> Images => _images;

    /// <summary>Why one was not found in the cloud.</summary>
    public IReadOnlyList<string> Problems => _problems;

    public void Add(FlavorSpec flavor)
    {
        _flavors[flavor.Name] = flavor;
        if (flavor.Id is { } id)
            _flavors[id] = flavor;
    }

    public void Add(ImageSpec image)
    {
        _images[image.Name] = image;
        if (image.Id is { } id)
            _images[id] = image;
    }

    public bool Misses(TemplateReading reading) => MissingFlavors(reading).Any() || MissingImages(reading).Any();

    /// <exception cref="OpenStackApiException"/>
    public async Task AskAsync(OpenStackConnection cloud, TemplateReading reading, CancellationToken ct)
    {
        foreach (string name in MissingFlavors(reading).ToArray())
            await AskAsync(async () => _flavors[name] = await cloud.FlavorAsync(name, ct));
        foreach (string name in MissingImages(reading).ToArray())
            await AskAsync(async () => _images[name] = await cloud.ImageAsync(name, ct));
    }

    private async Task AskAsync(Func<Task> ask)
    {
        try
        {
            await ask();
        }
        catch (InspectionException e)
        {
            _problems.Add(e.Message);
        }
    }

    private IEnumerable<string> MissingFlavors(TemplateReading reading) => TemplateJudgement.FlavorsToLookUp(reading).Where(name => !_flavors.ContainsKey(name));

    private IEnumerable<string> MissingImages(TemplateReading reading) => TemplateJudgement.ImagesToLookUp(reading).Where(name => !_images.ContainsKey(name));
}
