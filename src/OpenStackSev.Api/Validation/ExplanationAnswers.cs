namespace OpenStackSev.Api.Validation;

/// <summary>Answer of <c>POST /v1/explanations</c>: why there is no valid host, host by host, or what Nova answers to an operation.</summary>
/// <param name="Server">Null where a flavor and an image were named.</param>
/// <param name="Request">Null for an operation that looks for no host, as <paramref name="Hosts"/>.</param>
/// <param name="Operation">Null where none was named.</param>
public sealed record Explanation(
    ExplainedInstance? Server = null, ExplainedRequest? Request = null, ExplainedHosts? Hosts = null, ExplainedOperation? Operation = null);

/// <param name="Node">Name of its compute node; null while it has none.</param>
/// <param name="Fault">Nova's own words.</param>
public sealed record ExplainedInstance(Guid Id, string Name, string Status, string? Node = null, string? Fault = null);

/// <param name="Query">Of Placement's <c>GET /allocation_candidates</c>.</param>
/// <param name="Findings">What Nova refuses before it schedules, or would not encrypt.</param>
/// <param name="Ignored">Extra specs that Nova passes over, with the reason.</param>
/// <param name="NotLookedAt">What later stages judge and this does not.</param>
/// <param name="AskedOfFilter">What SevTrustFilter is asked for; empty for requests that it does not look at, null from an older service.</param>
public sealed record ExplainedRequest(
    string Flavor, string Image, string Release, bool Encrypted, IReadOnlyList<ExplainedGroup> Groups, string Query,
    IReadOnlyList<ExplainedRefusal> Findings, IReadOnlyList<string> Ignored, IReadOnlyList<string> NotLookedAt, string? Model = null,
    string? AvailabilityZone = null, IReadOnlyList<string>? AskedOfFilter = null);

public sealed record ExplainedGroup(
    string Suffix, IReadOnlyDictionary<string, int> Resources, IReadOnlyList<string> Required, IReadOnlyList<string> Forbidden);

public sealed record ExplainedRefusal(string Code, string Message, string? Fix = null);

/// <param name="Causes">What keeps out the hosts that come closest, or every host; empty when one fits.</param>
/// <param name="Hosts">The closest first.</param>
/// <param name="Doubts">What a host may object after it was chosen.</param>
public sealed record ExplainedHosts(
    bool Fits, string Summary, IReadOnlyList<ExplainedCause> Causes, IReadOnlyList<ExplainedHost> Hosts, IReadOnlyList<ExplainedObstacle> Doubts,
    ExplainedPlacement Placement);

public sealed record ExplainedCause(string Code, string Subject, IReadOnlyList<string> Hosts, ExplainedObstacle Example);

/// <param name="Distance">How much would have to change; 0 when it fits.</param>
public sealed record ExplainedHost(string Name, bool Fits, int Distance, IReadOnlyList<ExplainedObstacle> Obstacles);

/// <param name="Stage">Who objects, e.g. <c>placement</c>.</param>
/// <param name="Command">Null where no command mends it.</param>
public sealed record ExplainedObstacle(
    string Code, string Stage, string Subject, string Provider, string Message, string Origin, string Remedy, string? Command = null);

/// <param name="Offers">Hosts that Placement itself offers for the same query.</param>
/// <param name="Refusal">Its words when it refuses the query.</param>
/// <param name="Disagreement">Where the explanation is not what Placement does; null where they agree.</param>
public sealed record ExplainedPlacement(IReadOnlyList<string> Offers, string? Refusal = null, string? Disagreement = null);

/// <param name="Operation">As it was asked for.</param>
/// <param name="Status">HTTP status of Nova's answer.</param>
/// <param name="Safe">Nova does it, and the server is as encrypted as before.</param>
public sealed record ExplainedOperation(string Operation, int Status, bool Safe, IReadOnlyList<ExplainedPoint> Points, string? Text = null);

/// <param name="Level"><c>error</c>, <c>warning</c> or <c>hint</c>.</param>
public sealed record ExplainedPoint(string Code, string Level, string Message, string Remedy, string? Command = null);
