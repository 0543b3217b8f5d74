using System.Net;
using System.Text.Json;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Validation;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Reattestation.Instances;

/// <summary>One instance as Nova has it now.</summary>
internal sealed class NovaInstance(ServiceCloud cloud, HostStates hosts, GateWatch gates, TimeProvider time)
{
    private static readonly ImageSpec s_noImage = new("none", null, new Dictionary<string, string>());

    /// <summary>What Nova says of an instance that asks for memory encryption; null for any other, and for none.</summary>
    /// <param name="known">What was known of it, which is kept where Nova has no word; null for nothing.</param>
    /// <exception cref="OpenStackApiException">Nova or Glance does not say.</exception>
    /// <exception cref="Persistence.StorageException">The gate that it names was not kept.</exception>
    public async Task<InstanceState?> AskAsync(Guid instance, InstanceState? known, CancellationToken ct)
    {
        Server server;
        try
        {
            server = (await cloud.Connection.Nova.GetServerAsync(instance, ct)).Server;
        }
        catch (OpenStackApiException e) when (e is { Service: "compute", Status: HttpStatusCode.NotFound })
        {
            return null;
        }

        if (server.Id != instance || server.ProjectId is not { Length: > 0 and <= 64 } project || await ModelAsync(server, ct) is not { } model)
            return null;
        // Its guest is here before the next listing is.
        if (NamedGate.Of(server) is { } gate)
            await gates.NoticeAsync([gate], ct);
        return await StateAsync(server, project, model, known, ct);
    }

    private async Task<InstanceState> StateAsync(Server server, string project, string model, InstanceState? known, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        string? host = server.HypervisorHostname ?? server.Host;
        HostState? node = host is null ? null : await hosts.FindAsync(host, ct);
        InstanceState state = known ?? new InstanceState
        {
            Instance = server.Id,
            Project = project,
            Name = server.Name,
            Model = model,
            Status = server.Status,
            FirstSeenAt = now,
            SeenAt = now,
            NextRoundAt = now,
        };
        return state with
        {
            Project = project,
            Name = Bounded(server.Name, InstanceState.MaximumNameLength),
            Model = Bounded(model, 32),
            Status = Bounded(server.Status, 32),
            HostName = host is null ? null : Bounded(host, 255),
            Node = node?.Node,
            Flavor = server.Flavor?.OriginalName is { } flavor ? Bounded(flavor, 255) : state.Flavor,
            Image = ImageOf(server) ?? state.Image,
            SeenAt = now,
            GoneAt = null,
        };
    }

    /// <summary>The model that Nova launched it with; null where it asks for no encryption.</summary>
    private async Task<string?> ModelAsync(Server server, CancellationToken ct)
    {
        var flavor = new FlavorSpec(server.Flavor?.OriginalName ?? "unknown", null, server.Flavor?.ExtraSpecs ?? new Dictionary<string, string>());
        Microversion? version = await cloud.Connection.MicroversionAsync(ServiceType.Compute, ct);
        ComputeRelease release = version is { } spoken ? ComputeRelease.OfMicroversion(spoken.Minor) : ComputeRelease.Zed;
        MemoryEncryptionRequest request = MemoryEncryptionRequest.From(flavor, await ImageAsync(server, ct), release);
        return request.Encrypted ? request.Model : null;
    }

    /// <summary>Its properties as they were at boot where Nova tells them (2.98), else as Glance has them now; those of an image that is gone are unknown.</summary>
    private async Task<ImageSpec> ImageAsync(Server server, CancellationToken ct)
    {
        if (server.Image is not { ValueKind: JsonValueKind.Object } image)
            return s_noImage;
        if (image.TryGetProperty("properties", out _) && ImageSpec.TryParse(image, out ImageSpec? told, out _))
            return told;
        if (ImageOf(server) is not { } id)
            return s_noImage;
        try
        {
            return await cloud.Connection.ImageAsync(id.ToString(), ct);
        }
        catch (InspectionException)
        {
            return s_noImage;
        }
    }

    private static Guid? ImageOf(Server server) =>
        server.Image is { ValueKind: JsonValueKind.Object } image && image.TryGetProperty("id", out JsonElement value)
        && value.ValueKind == JsonValueKind.String && Guid.TryParse(value.GetString(), out Guid id) ? id : null;

    private static string Bounded(string text, int longest) => text.Length <= longest ? text : text[..longest];
}
