using System.CommandLine;
using OpenStackSev.Cli.Validation;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
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
        release ??= await ReleaseOption.OfCloudAsync(cloud, console, ct);
        ExplainedServer? server = parsed.GetValue(_server) is { } named ? await ExplainedServer.ReadAsync(cloud, named, ct) : null;
        FlavorSpec? flavor = parsed.GetValue(_flavor) is { } f ? await cloud.FlavorAsync(f, ct) : null;
        ImageSpec? image = parsed.GetValue(_image) is { } i ? await cloud.ImageAsync(i, ct) : null;

        var explaining = new CloudExplaining(cloud, console.WriteProgress, token => FilterView.ReadAsync(parsed, token));
        OperationAnswer? answer = operation is not { } asked ? null
            : server is null ? OperationJudgement.Of(asked, new("SERVER", null, flavor!, image!, release))
            : await explaining.AnswerAsync(asked, server, flavor, image, release, ct);
        Explained? explained = null;
        // Where an operation looks for another host, the question is whether there is one.
        if (answer is null || (server is not null && operation is ServerOperation.LiveMigrate or ServerOperation.Resize or ServerOperation.Evacuate))
        {
            explained = await explaining.ExplainAsync(
                new(flavor ?? server!.Flavor, image ?? server!.Image, release, server, parsed.GetValue(_zone), parsed.GetValue(_host), Leaves: operation is not null), ct);
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

    private static Option<string> Text(string name, string helpName, string description) => new(name) { Description = description, HelpName = helpName };
}
