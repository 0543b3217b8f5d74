using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Cli.Servers;

/// <summary><c>osev server list</c>: servers, where they run, and whether their flavor asks for memory encryption.</summary>
internal static class List
{
    public static Command Create(CommandConsole console)
    {
        var mine = new Option<bool>("--project-only") { Description = "Only servers of the own project, for users who are no administrators." };
        OsevCommand command = new("list", "List servers with their node and what their flavor asks for.", "osev server list", "osev server list --format json")
        {
            mine, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using OpenStackConnection cloud = parsed.Connect();
            var servers = new List<ListedServer>();
            await foreach (Server server in cloud.Nova.AllServersAsync(allTenants: !parsed.GetValue(mine), ct: ct))
            {
                servers.Add(new ListedServer(server.Id, server.Name, server.Status, server.HypervisorHostname, server.Flavor?.OriginalName, AsksFor(server.Flavor),
                    server.Fault?.Message));
            }

            console.WriteList(new ServerListDocument(servers), ServerListJson.Default.ServerListDocument,
                ["ID", "NAME", "STATUS", "NODE", "FLAVOR", "ENCRYPTION ASKED BY FLAVOR", "FAULT"], servers
                    .OrderBy(server => server.Name, StringComparer.Ordinal)
                    .Select(server => new[]
                    {
                        server.Id.ToString(), server.Name, server.Status, server.Node ?? "", server.Flavor ?? "", server.EncryptionAsked ?? "unknown", server.Fault ?? "",
                    }));
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>What Nova reads: the flag decides, the model alone does nothing. An image may ask too, which is not looked at here.</summary>
    private static string? AsksFor(ServerFlavor? flavor)
    {
        if (flavor?.ExtraSpecs is not { } specs)
            return null;
        string flag = specs.GetValueOrDefault("hw:mem_encryption") ?? "";
        bool asked = flag.Trim().ToLowerInvariant() is "true" or "1" or "yes" or "on" or "t" or "y";
        return asked ? specs.GetValueOrDefault("hw:mem_encryption_model") ?? "amd-sev" : "no";
    }
}

internal sealed record ServerListDocument(IReadOnlyList<ListedServer> Servers);

internal sealed record ListedServer(Guid Id, string Name, string Status, string? Node, string? Flavor, string? EncryptionAsked, string? Fault);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ServerListDocument))]
internal sealed partial class ServerListJson : JsonSerializerContext;
