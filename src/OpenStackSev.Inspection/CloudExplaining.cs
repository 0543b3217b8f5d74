using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>What is to be explained.</summary>
/// <param name="Server">Null where a flavor and an image were named.</param>
/// <param name="Zone">Availability zone to ask for; null for the server's own, or none.</param>
/// <param name="Hosts">Names of compute nodes; empty for all.</param>
/// <param name="Leaves">The server's own host does not count: it is to go to another.</param>
public sealed record ExplainQuestion(
    FlavorSpec Flavor, ImageSpec Image, ComputeRelease Release, ExplainedServer? Server = null, string? Zone = null,
    IReadOnlyList<string>? Hosts = null, bool Leaves = false);

/// <summary>The explanation, and what stands beside it.</summary>
/// <param name="Findings">Errors of flavor and image: what Nova refuses before it schedules, and what it would not encrypt.</param>
/// <param name="Zone">Availability zone that was asked for; null for none.</param>
/// <param name="TrustUnread">Why nobody knows what SevTrustFilter says; null when it is known, or nothing is asked of it.</param>
public sealed record Explained(
    Explanation Explanation, PlacementAnswer Placement, IReadOnlyList<Finding> Findings, string? Zone, IReadOnlyList<string> Sharing, string? TrustUnread = null);

/// <summary>Reads what an explanation needs, and explains.</summary>
/// <param name="progress">Told how far the reading has come, in words.</param>
/// <param name="trust">Asked when a request is one that SevTrustFilter judges; null where there is no control plane.</param>
public sealed class CloudExplaining(OpenStackConnection cloud, Action<string>? progress = null, Func<CancellationToken, Task<TrustReading>>? trust = null)
{
    /// <exception cref="InspectionException">A named host is not there.</exception>
    /// <exception cref="OpenStackApiException"/>
    public async Task<Explained> ExplainAsync(ExplainQuestion question, CancellationToken ct)
    {
        (FlavorSpec flavor, ImageSpec image, ComputeRelease release, ExplainedServer? server) = (question.Flavor, question.Image, question.Release, question.Server);
        CloudHosts hosts = await new HostReading(cloud, progress).ReadAsync(question.Hosts ?? [], ct);
        string? zone = question.Zone ?? server?.Zone;
        Circumstances circumstances = new(server?.BootsFromVolume ?? false, server?.FurtherDiskGibibytes ?? 0,
            zone is null ? null : await ZoneAsync(zone, ct), release.NovaMajor >= 34 && hosts.OwnedRoots);
        SchedulingRequest request = SchedulingRequest.From(flavor, image, release, circumstances);
        NodeFacts[] nodes = [.. hosts.Nodes.Where(node => !question.Leaves || node.Name != server?.Server.HypervisorHostname)];
        PlacementVocabulary known = new(
            (await cloud.Placement.ListResourceClassesAsync(ct)).ResourceClasses.Select(known => known.Name).ToHashSet(StringComparer.Ordinal),
            (await cloud.Placement.ListTraitsAsync(ct: ct)).Traits.ToHashSet(StringComparer.Ordinal));
        TrustReading? reading = !request.Trust.IsConfidential ? null : trust is null ? TrustReading.Failed("no control plane was asked") : await trust(ct);
        if (reading?.Hosts is { } trusted)
            nodes = [.. nodes.Select(node => node with { Trust = trusted.Of(node) })];
        Explanation explanation = Explanation.Of(request, nodes, known);
        PlacementAnswer placement = await PlacementAnswer.AskAsync(cloud, request, nodes, ct);
        Finding[] refusals = [.. RequestRules.Check(flavor, image, release).Where(finding => finding.Level == FindingLevel.Error)];
        return new(explanation, placement, refusals, zone, hosts.Sharing, reading?.Unread);
    }

    /// <summary>What Nova answers to an operation on a server.</summary>
    /// <param name="newFlavor">Of a resize.</param>
    /// <param name="newImage">Of a rebuild.</param>
    /// <exception cref="OpenStackApiException"/>
    public async Task<OperationAnswer> AnswerAsync(
        ServerOperation operation, ExplainedServer server, FlavorSpec? newFlavor, ImageSpec? newImage, ComputeRelease release, CancellationToken ct)
    {
        string? host = server.Server.Host;
        bool? up = null;
        if (host is not null)
            up = (await cloud.Nova.ListServicesAsync("nova-compute", host, ct)).Services.Any(service => service.State == "up");
        return OperationJudgement.Of(operation,
            new(server.Server.Name, server.Server.Id, server.Flavor, server.Image, release, host, up, NewFlavor: newFlavor, NewImage: newImage));
    }

    /// <summary>What a zone means to Placement: nothing where no aggregate defines it, as Nova's default zone.</summary>
    private async Task<IReadOnlyList<AggregateWish>> ZoneAsync(string zone, CancellationToken ct)
    {
        Aggregate[] aggregates = [.. (await cloud.Nova.ListAggregatesAsync(ct)).Aggregates.Where(aggregate => aggregate.AvailabilityZone == zone)];
        return aggregates.Length == 0 ? []
            : [new(aggregates.Select(aggregate => aggregate.Uuid).ToHashSet(), [.. aggregates.Select(aggregate => aggregate.Name)], "availability zone " + zone)];
    }
}
