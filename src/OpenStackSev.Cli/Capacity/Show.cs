using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Cli.Capacity;

/// <summary><c>osev capacity show</c>: the true count of ASIDs beside Nova's own, and who holds them.</summary>
internal static class Show
{
    private const int NovaUnlimited = int.MaxValue;

    public static Command Create(CommandConsole console)
    {
        var node = new Argument<string?>("node") { Description = "Compute node, by Nova's hypervisor_hostname; all of them when left out.", Arity = ArgumentArity.ZeroOrOne };
        OsevCommand command = new("show", "Show ASIDs by compute node: total, reserved, used, traits, and the servers that hold them.",
            "osev capacity show",
            "osev capacity show compute1",
            "osev capacity show --format json")
        {
            node,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using OpenStackConnection cloud = parsed.Connect();
            IReadOnlyList<NodeCapacity> nodes = await new CapacityReading(cloud).ReadAsync(parsed.GetValue(node), ct);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(new CapacityDocument(nodes), CapacityJson.Default.CapacityDocument);
            else if (nodes.Count == 0)
                console.WriteLine("Placement has no compute node");
            else
                console.WriteTree(nodes.Select(Branch));
            return ExitCode.Ok;
        });
        return command;
    }

    private static TreeNode Branch(NodeCapacity node)
    {
        var children = new List<TreeNode>();
        if (node.Traits.Count > 0)
            children.Add(new TreeNode("traits: " + string.Join(' ', node.Traits), []));
        foreach (NovaNumber nova in node.Nova)
        {
            string total = nova.Total == NovaUnlimited ? "unlimited" : nova.Total.ToString();
            children.Add(new TreeNode($"Nova's own: {nova.Provider} MEM_ENCRYPTION_CONTEXT ({nova.Model}) total {total} used {nova.Used}", []));
        }

        foreach (GuardCapacity guard in node.Providers)
        {
            string numbers = guard.Total == 0 ? "no inventory" : $"total {guard.Total} reserved {guard.Reserved} used {guard.Used} free {guard.Free}";
            children.Add(new TreeNode($"{guard.Name}  {guard.ResourceClass}: {numbers}", [
                new TreeNode("traits: " + string.Join(' ', guard.Traits), []),
                .. guard.Servers.Select(server => new TreeNode(
                    server.Name is null ? $"held by {server.Id} (a migration, or a server that Nova does not list)" : $"server {server.Name} {server.Status} {server.Id}", [])),
            ]));
        }

        if (node.Providers.Count == 0)
            children.Add(new TreeNode("nothing published by openstack-sev-agent", []));
        return new TreeNode(node.Name, children, "bold");
    }
}

/// <summary>Result of <c>capacity show</c> as JSON. Members are only ever added.</summary>
internal sealed record CapacityDocument(IReadOnlyList<NodeCapacity> Nodes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(CapacityDocument))]
internal sealed partial class CapacityJson : JsonSerializerContext;
