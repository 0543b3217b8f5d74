using System.Net;
using System.Text.Json;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Inspection;

/// <summary>A server with what it was made of: the flavor as it was then, and its image as it is now.</summary>
/// <param name="FurtherDiskGibibytes">Ephemeral disk and swap.</param>
/// <param name="Zone">Availability zone that was asked for; null for none.</param>
public sealed record ExplainedServer(Server Server, FlavorSpec Flavor, ImageSpec Image, bool BootsFromVolume, int FurtherDiskGibibytes, string? Zone)
{
    /// <exception cref="InspectionException">There is no such server, or not all that it was made of.</exception>
    /// <exception cref="OpenStackApiException"/>
    public static async Task<ExplainedServer> ReadAsync(OpenStackConnection cloud, string nameOrId, CancellationToken ct)
    {
        Server server = await FindAsync(cloud, nameOrId, ct);
        if (server.Flavor is not { ExtraSpecs: not null } flavor)
        {
            throw new InspectionException(InspectionProblem.Unreadable, $"server {server.Id} shows no extra specs of its flavor",
                "Nova tells them from microversion 2.47 on, to those who may see them; or name both: --flavor F --image I");
        }

        var spec = new FlavorSpec(flavor.OriginalName ?? "unknown", null, flavor.ExtraSpecs, flavor.Ram, flavor.Vcpus, flavor.Disk);
        bool volume = server.Image is not { ValueKind: JsonValueKind.Object };
        return new(server, spec, volume ? new("none, it boots from a volume", null, new Dictionary<string, string>()) : await ImageAsync(cloud, server, ct), volume,
            flavor.Ephemeral + ((flavor.Swap + 1023) / 1024),
            // A server with a host shows that host's zone, asked for or not.
            server.PinnedAvailabilityZone ?? (server.Host is null && server.AvailabilityZone is { Length: > 0 } zone ? zone : null));
    }

    private static async Task<Server> FindAsync(OpenStackConnection cloud, string nameOrId, CancellationToken ct)
    {
        if (Guid.TryParse(nameOrId, out Guid id))
        {
            try
            {
                return (await cloud.Nova.GetServerAsync(id, ct)).Server;
            }
            catch (OpenStackApiException e) when (e is { Service: "compute", Status: HttpStatusCode.NotFound })
            {
                throw new InspectionException(InspectionProblem.NotFound, $"there is no server {id} that this user may see", "osev server list shows which there are");
            }
        }

        var named = new List<Server>();
        await foreach (Server server in cloud.Nova.AllServersAsync(allTenants: true, ct: ct))
        {
            if (server.Name == nameOrId)
                named.Add(server);
        }

        return named switch
        {
            // A list leaves the fault out.
            [{ } one] => (await cloud.Nova.GetServerAsync(one.Id, ct)).Server,
            [] => throw new InspectionException(InspectionProblem.NotFound, $"there is no server '{Printable.Of(nameOrId)}' that this user may see", "osev server list shows which there are"),
            _ => throw new InspectionException(InspectionProblem.Ambiguous, $"{named.Count} servers are called '{Printable.Of(nameOrId)}'", "take the id: " + string.Join(", ", named.Take(5).Select(server => server.Id))),
        };
    }

    private static async Task<ImageSpec> ImageAsync(OpenStackConnection cloud, Server server, CancellationToken ct)
    {
        string id = server.Image!.Value.TryGetProperty("id", out JsonElement value) ? value.ToString() : "";
        try
        {
            return await cloud.ImageAsync(id, ct);
        }
        catch (InspectionException e)
        {
            throw new InspectionException(InspectionProblem.Unreadable, $"the image {Printable.Of(id)} of server {server.Id} cannot be read: {e.Message}",
                $"explain its flavor with another image: osev explain --flavor {server.Flavor?.OriginalName} --image IMAGE", e);
        }
    }
}
