using System.CommandLine;
using System.Net.Http.Headers;

namespace OpenStackSev.Cli.Policies;

/// <summary><c>osev policy store</c>: keeps a document as a new version. It does not judge yet.</summary>
internal static class Store
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> file = new("file") { Description = "The policy document; - is standard input.", HelpName = "FILE" };
        OsevCommand command = new("store", "Store a policy document as a new version, which judges once it is activated.",
            "osev policy store policy.json", "osev policy show 3 | osev policy store -")
        {
            file, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            byte[] document = PolicyArgument.Document(parsed.GetRequiredValue(file));
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            using var content = new ByteArrayContent(document);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            Show.Write(console, (await control.Api.StorePolicyAsync(content, ct)).Policy);
            return ExitCode.Ok;
        });
        return command;
    }
}
