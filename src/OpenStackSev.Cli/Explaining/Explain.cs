using System.CommandLine;
using OpenStackSev.Cli.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Cli.Explaining;

/// <summary><c>osev explain</c>: why a flavor and an image find no host, host by host, and what operations do to an encrypted server.</summary>
internal sealed class Explain
{
    /// <summary>None fits; or the operation is refused, or turns the encryption off.</summary>
    private const int NoHost = 2;

    private static readonly Dictionary<string, ServerOperation> s_operations = new(StringComparer.Ordinal)
    {
        ["live-migrate"] = ServerOperation.LiveMigrate,
        ["suspend"] = ServerOperation.Suspend,
        ["rebuild"] = ServerOperation.Rebuild,
        ["resize"] = ServerOperation.Resize,
        ["evacuate"] = ServerOperation.Evacuate,
    };

    private readonly Option<string> _flavor = Text("--flavor", "NAME|ID", "Flavor of the cloud; with --server, the new one of a resize.");
    private readonly Option<string> _image = Text("--image", "NAME|ID", "Image of the cloud; with --server, the new one of a rebuild.");
    private readonly Option<string> _server = Text("--server", "NAME|ID", "A server, most often one in ERROR: its flavor, its image, its fault.");
    private readonly Option<string> _zone = Text("--availability-zone", "ZONE", "Availability zone to ask for; a server's own is known.");
    private readonly Option<string[]> _host = new("--host")
    {
        Description = "Only this compute node, by Nova's hypervisor_hostname; may be repeated.",
        HelpName = "NODE",
        AllowMultipleArgumentsPerToken = false,
    };
    private readonly Option<string> _operation = new("--operation")
    {
        Description = "What Nova answers to an operation on such a server, and what to do instead.",
        HelpName = string.Join('|', s_operations.Keys),
    };
    private readonly Option<string> _release = ReleaseOption.Create();

    private readonly CommandConsole console;

    private Explain(CommandConsole console)
    {
        this.console = console;
        _operation.AcceptOnlyFromAmong([.. s_operations.Keys]);
    }

    public static Command Create(CommandConsole console)
    {
        Explain explain = new(console);
        OsevCommand command = new("explain",
            "Explain \"No valid host\": what each host lacks for a flavor and an image, or for a server that failed. "
                + "Exit code: 0 a host fits, 2 none does; of an operation 0 done and as encrypted as before, 2 not.",
            "osev explain --flavor snp.small --image debian-13",
            "osev explain --server f0f0b9a5-7b5c-4bd8-a9f5-2f3f7a3b0d55",
            "osev explain --flavor snp.small --image debian-13 --availability-zone az1 -f json",
            "osev explain --flavor snp.small --image debian-13 --operation suspend",
            "osev explain --server web-1 --operation resize --flavor plain.large",
            "osev explain --server web-1 --operation rebuild --image debian-13")
        {
            explain._flavor, explain._image, explain._server, explain._zone, explain._host, explain._operation, explain._release,
        };
        command.SetAction(explain.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken ct)
    {
        ComputeRelease? release = parsed.Named(_release);
        ServerOperation? operation = parsed.GetValue(_operation) is { } name ? s_operations[name] : null;
        Check(parsed, operation);
        using OpenStackConnection cloud = parsed.Connect();
        release ??= await cloud.ReleaseAsync(console, ct);
        ExplainedServer? server = parsed.GetValue(_server) is { } named ? await ExplainedServer.ReadAsync(cloud, named, ct) : null;
        FlavorSpec? flavor = parsed.GetValue(_flavor) is { } f ? await cloud.FlavorAsync(f, ct) : null;
        ImageSpec? image = parsed.GetValue(_image) is { } i ? await cloud.ImageAsync(i, ct) : null;

        OperationAnswer? answer = operation is { } asked ? await AnswerAsync(cloud, asked, server, flavor, image, release, ct) : null;
        Explained? explained = null;
        // Where an operation looks for another host, the question is whether there is one.
        if (answer is null || (server is not null && operation is ServerOperation.LiveMigrate or ServerOperation.Resize or ServerOperation.Evacuate))
        {
            explained = await ExplainAsync(cloud, parsed, flavor ?? server!.Flavor, image ?? server!.Image, release, server, leave: operation is not null, ct);
        }

        var document = ExplainDocument.Of(server, explained, answer);
        if (parsed.Format() == OutputFormat.Json)
            console.WriteJson(document, ExplainJson.Default.ExplainDocument);
        else
            ExplainTable.Write(console, document);
        return answer is { IsSafe: false } || explained is { Explanation.Fits: false } ? NoHost : ExitCode.Ok;
    }

    private void Check(ParseResult parsed, ServerOperation? operation)
    {
        bool server = parsed.GetValue(_server) is not null, flavor = parsed.GetValue(_flavor) is not null, image = parsed.GetValue(_image) is not null;
        if (!server && !(flavor && image))
            throw CommandException.BadUsage($"{(flavor ? "--image" : image ? "--flavor" : "--server, or --flavor and --image,")} is missing", "osev explain --flavor F --image I, or osev explain --server S");
        if (server && flavor && operation != ServerOperation.Resize)
            throw CommandException.BadUsage("--flavor beside --server is the new one of a resize", "add --operation resize, or leave --server out");
        if (server && image && operation != ServerOperation.Rebuild)
            throw CommandException.BadUsage("--image beside --server is the new one of a rebuild", "add --operation rebuild, or leave --server out");
    }

    private static async Task<OperationAnswer> AnswerAsync(
        OpenStackConnection cloud, ServerOperation operation, ExplainedServer? server, FlavorSpec? flavor, ImageSpec? image, ComputeRelease release, CancellationToken ct)
    {
        if (server is null)
            return OperationJudgement.Of(operation, new("SERVER", null, flavor!, image!, release));
        string? host = server.Server.Host;
        bool? up = null;
        if (host is not null)
            up = (await cloud.Nova.ListServicesAsync("nova-compute", host, ct)).Services.Any(service => service.State == "up");
        return OperationJudgement.Of(operation,
            new(server.Server.Name, server.Server.Id, server.Flavor, server.Image, release, host, up, NewFlavor: flavor, NewImage: image));
    }

    /// <param name="leave">The server's own host does not count: it is to go to another.</param>
    private async Task<Explained> ExplainAsync(
        OpenStackConnection cloud, ParseResult parsed, FlavorSpec flavor, ImageSpec image, ComputeRelease release, ExplainedServer? server, bool leave, CancellationToken ct)
    {
        CloudHosts hosts = await new HostReading(cloud, console).ReadAsync(parsed.GetValue(_host) ?? [], ct);
        string? zone = parsed.GetValue(_zone) ?? server?.Zone;
        Circumstances circumstances = new(server?.BootsFromVolume ?? false, server?.FurtherDiskGibibytes ?? 0,
            zone is null ? null : await ZoneAsync(cloud, zone, ct), release.NovaMajor >= 34 && hosts.OwnedRoots);
        SchedulingRequest request = SchedulingRequest.From(flavor, image, release, circumstances);
        NodeFacts[] nodes = [.. hosts.Nodes.Where(node => !leave || node.Name != server?.Server.HypervisorHostname)];
        PlacementVocabulary known = new(
            (await cloud.Placement.ListResourceClassesAsync(ct)).ResourceClasses.Select(known => known.Name).ToHashSet(StringComparer.Ordinal),
            (await cloud.Placement.ListTraitsAsync(ct: ct)).Traits.ToHashSet(StringComparer.Ordinal));
        Explanation explanation = Explanation.Of(request, nodes, known);
        PlacementAnswer placement = await PlacementAnswer.AskAsync(cloud, request, nodes, ct);
        Finding[] refusals = [.. RequestRules.Check(flavor, image, release).Where(finding => finding.Level == FindingLevel.Error)];
        return new(explanation, placement, refusals, zone, hosts.Sharing);
    }

    /// <summary>What a zone means to Placement: nothing where no aggregate defines it, as Nova's default zone.</summary>
    private static async Task<IReadOnlyList<AggregateWish>> ZoneAsync(OpenStackConnection cloud, string zone, CancellationToken ct)
    {
        Aggregate[] aggregates = [.. (await cloud.Nova.ListAggregatesAsync(ct)).Aggregates.Where(aggregate => aggregate.AvailabilityZone == zone)];
        return aggregates.Length == 0 ? []
            : [new(aggregates.Select(aggregate => aggregate.Uuid).ToHashSet(), [.. aggregates.Select(aggregate => aggregate.Name)], "availability zone " + zone)];
    }

    private static Option<string> Text(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };
}

/// <summary>The explanation, and what stands beside it.</summary>
/// <param name="Findings">Errors of flavor and image: what Nova refuses before it schedules, and what it would not encrypt.</param>
/// <param name="Zone">Availability zone that was asked for; null for none.</param>
internal sealed record Explained(
    Explanation Explanation, PlacementAnswer Placement, IReadOnlyList<Finding> Findings, string? Zone, IReadOnlyList<string> Sharing);
