using System.Text.Json.Serialization;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>Result of <c>osev explain</c> as JSON. Members are only ever added.</summary>
/// <param name="Server">Null where a flavor and an image were named.</param>
/// <param name="Hosts">Null for an operation that looks for no host.</param>
/// <param name="Operation">Null where none was named.</param>
public sealed record ExplainDocument(ServerDocument? Server, RequestDocument? Request, HostsDocument? Hosts, OperationDocument? Operation)
{
    public static ExplainDocument Of(ExplainedServer? server, Explained? explained, OperationAnswer? answer) => new(
        server is null ? null : ServerDocument.Of(server),
        explained is null ? null : RequestDocument.Of(explained),
        explained is null ? null : HostsDocument.Of(explained),
        answer is null ? null : OperationDocument.Of(answer));
}

public sealed record ServerDocument(Guid Id, string Name, string Status, string? Node, string? Fault)
{
    public static ServerDocument Of(ExplainedServer server) =>
        new(server.Server.Id, server.Server.Name, server.Server.Status, server.Server.HypervisorHostname, server.Server.Fault?.Message);
}

/// <param name="Findings">What Nova refuses before it schedules, or would not encrypt.</param>
/// <param name="Query">Of GET /allocation_candidates.</param>
/// <param name="Ignored">Extra specs that Nova passes over, with the reason.</param>
/// <param name="NotLookedAt">What later stages judge and this does not.</param>
/// <param name="AskedOfFilter">What SevTrustFilter is asked for; empty for requests that it does not look at.</param>
public sealed record RequestDocument(
    string Flavor, string Image, string Release, bool Encrypted, string? Model, string? AvailabilityZone, IReadOnlyList<GroupDocument> Groups,
    string Query, IReadOnlyList<RequestFindingDocument> Findings, IReadOnlyList<string> Ignored, IReadOnlyList<string> NotLookedAt, IReadOnlyList<string> AskedOfFilter)
{
    public static RequestDocument Of(Explained explained)
    {
        SchedulingRequest request = explained.Explanation.Request;
        MemoryEncryptionRequest encryption = MemoryEncryptionRequest.From(request.Flavor, request.Image, request.Release);
        return new(request.Flavor.Name, request.Image.Name, request.Release.Name, encryption.Encrypted, encryption.Model, explained.Zone,
            [.. request.Groups.Where(group => !group.IsEmpty).Select(GroupDocument.Of)], string.Join('&', request.ToQuery().Select(pair => $"{pair.Key}={pair.Value}")),
            [.. explained.Findings.Select(finding => new RequestFindingDocument(finding.Code, finding.Message, finding.Fix))], request.Ignored,
            [
                .. request.Unseen, .. explained.Sharing.Select(name => $"sharing provider {name}: what it lends is judged by Placement"),
                .. explained.TrustUnread is { } why ? [$"{string.Join(", ", request.Trust.InWords())}: judged by SevTrustFilter; {why}"] : Array.Empty<string>(),
            ],
            request.Trust.InWords());
    }
}

public sealed record GroupDocument(string Suffix, IReadOnlyDictionary<string, int> Resources, IReadOnlyList<string> Required, IReadOnlyList<string> Forbidden)
{
    public static GroupDocument Of(RequestGroup group) => new(group.Suffix, group.Resources.ToDictionary(wish => wish.Name, wish => wish.Amount),
        [.. group.Required.Select(trait => trait.Name)], [.. group.Forbidden.Select(trait => trait.Name)]);
}

public sealed record RequestFindingDocument(string Code, string Message, string? Fix);

/// <param name="Causes">What keeps out the hosts that come closest, or every host; empty when one fits.</param>
/// <param name="Hosts">The closest first.</param>
/// <param name="Doubts">What a host may object after it was chosen.</param>
public sealed record HostsDocument(
    bool Fits, string Summary, IReadOnlyList<CauseDocument> Causes, IReadOnlyList<HostDocument> Hosts, IReadOnlyList<ObstacleDocument> Doubts, PlacementDocument Placement)
{
    public static HostsDocument Of(Explained explained)
    {
        Explanation explanation = explained.Explanation;
        return new(explanation.Fits, explanation.Summary,
            [.. explanation.Causes.Select(cause => new CauseDocument(cause.Code, cause.Subject, cause.Nodes, ObstacleDocument.Of(cause.Example)))],
            [.. explanation.Nodes.Select(node => new HostDocument(node.Node.Name, node.Fits, node.Distance, [.. node.Obstacles.Select(ObstacleDocument.Of)]))],
            [.. explanation.Doubts.Select(ObstacleDocument.Of)],
            new(explained.Placement.Offers, explained.Placement.Refusal, explained.Placement.Disagreement(explanation)));
    }
}

public sealed record CauseDocument(string Code, string Subject, IReadOnlyList<string> Hosts, ObstacleDocument Example);

/// <param name="Distance">How much would have to change; 0 when it fits.</param>
public sealed record HostDocument(string Name, bool Fits, int Distance, IReadOnlyList<ObstacleDocument> Obstacles);

public sealed record ObstacleDocument(
    string Code, ObstacleStage Stage, string Subject, string Provider, string Message, string Origin, string Remedy, string? Command)
{
    public static ObstacleDocument Of(Obstacle obstacle) =>
        new(obstacle.Code, obstacle.Stage, obstacle.Subject, obstacle.Provider, obstacle.Message, obstacle.Origin, obstacle.Remedy, obstacle.Command);
}

/// <param name="Offers">Hosts that Placement itself offers for the same query.</param>
/// <param name="Refusal">Its words when it refuses the query.</param>
/// <param name="Disagreement">Where the explanation is not what Placement does; null where they agree.</param>
public sealed record PlacementDocument(IReadOnlyList<string> Offers, string? Refusal, string? Disagreement);

/// <param name="Status">HTTP status of Nova's answer.</param>
/// <param name="Safe">Nova does it, and the server is as encrypted as before.</param>
public sealed record OperationDocument(ServerOperation Operation, int Status, string? Text, bool Safe, IReadOnlyList<PointDocument> Points)
{
    public static OperationDocument Of(OperationAnswer answer) => new(answer.Operation, answer.Status, answer.Text, answer.IsSafe,
        [.. answer.Points.Select(point => new PointDocument(point.Code, point.Level, point.Message, point.Remedy, point.Command))]);
}

public sealed record PointDocument(string Code, FindingLevel Level, string Message, string Remedy, string? Command);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true, Converters = [
    typeof(LowerCase<ObstacleStage>), typeof(LowerCase<ServerOperation>), typeof(LowerCase<FindingLevel>)])]
[JsonSerializable(typeof(ExplainDocument))]
public sealed partial class ExplainJson : JsonSerializerContext;

/// <summary>Values as words of the command line: <c>live-migrate</c>.</summary>
public sealed class LowerCase<T>() : JsonStringEnumConverter<T>(System.Text.Json.JsonNamingPolicy.KebabCaseLower)
    where T : struct, Enum;
