using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Cli.Resource;

/// <summary><c>osev resource provider list</c>, as the <c>openstack</c> command has it.</summary>
internal static class ProviderList
{
    public static Command Create(CommandConsole console)
    {
        var name = new Option<string>("--name") { Description = "Only the provider of this name.", HelpName = "NAME" };
        var inTree = new Option<Guid?>("--in-tree") { Description = "Only the tree of this provider.", HelpName = "UUID" };
        OsevCommand command = new("list", "List Placement's resource providers.", "osev resource provider list", "osev resource provider list --name compute1")
        {
            name, inTree, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using OpenStackConnection cloud = parsed.Connect();
            ResourceProvider[] providers = [.. (await cloud.Placement.ListResourceProvidersAsync(parsed.GetValue(name), parsed.GetValue(inTree), ct: ct))
                .ResourceProviders.OrderBy(provider => provider.Name, StringComparer.Ordinal)];
            console.WriteList(
                new ProviderListDocument([.. providers.Select(provider =>
                    new ListedProvider(provider.Uuid, provider.Name, provider.Generation, provider.ParentProviderUuid))]),
                ProviderListJson.Default.ProviderListDocument,
                ["UUID", "NAME", "GENERATION", "PARENT"], providers.Select(provider => new[]
                {
                    provider.Uuid.ToString(), provider.Name, provider.Generation.ToString(), provider.ParentProviderUuid?.ToString() ?? "",
                }));
            return ExitCode.Ok;
        });
        return command;
    }
}

internal sealed record ProviderListDocument(IReadOnlyList<ListedProvider> ResourceProviders);

internal sealed record ListedProvider(Guid Uuid, string Name, int Generation, Guid? ParentProviderUuid);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ProviderListDocument))]
internal sealed partial class ProviderListJson : JsonSerializerContext;
