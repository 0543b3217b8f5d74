namespace OpenStackSev.Api.Attestation;

/// <summary>How the control plane looks after the cloud's instances.</summary>
/// <param name="Enabled">False where another control plane does it.</param>
/// <param name="NextAt">When it looks again; null when it does not.</param>
/// <param name="Last">The last look; null before the first one since the start.</param>
/// <param name="Notifications">What is heard from Nova between two looks; null from a service that does not say.</param>
public sealed record SweepStatus(
    bool Enabled, SweptNumbers Instances, DateTimeOffset? NextAt = null, SweepTick? Last = null, NotificationStatus? Notifications = null);

/// <summary>How Nova's notifications are heard. Numbers are since the start of the service.</summary>
/// <param name="State"><c>off</c>, <c>connecting</c> or <c>connected</c>.</param>
/// <param name="Since">Since when it is so.</param>
/// <param name="Code">Why it is not connected, e.g. <c>notifications.exchange_absent</c>.</param>
/// <param name="Detail">The same in words.</param>
/// <param name="Broker">The node that is spoken to.</param>
/// <param name="Waiting">In the queue, when it was looked at last.</param>
/// <param name="LastAt">When the last one was taken.</param>
/// <param name="LagSeconds">How old it was then, by the clock of its sender.</param>
/// <param name="Handled">Something was looked at, or done.</param>
/// <param name="Ignored">Of events, or of instances, that nothing follows from.</param>
/// <param name="Unreadable">Were no notifications.</param>
/// <param name="Failed">Were given up: what they are about is found by the sweep.</param>
/// <param name="Returned">Were given back to the queue, since Nova or the database failed.</param>
/// <param name="FoundFull">How often the queue was found at its bound: then some were dropped, and the sweep looked.</param>
public sealed record NotificationStatus(
    string State, DateTimeOffset Since, string? Code = null, string? Detail = null, string? Broker = null, string? Queue = null, long? Waiting = null,
    DateTimeOffset? LastAt = null, double? LagSeconds = null, long Handled = 0, long Ignored = 0, long Unreadable = 0, long Failed = 0, long Returned = 0, long FoundFull = 0);

/// <summary>Instances that ask for memory encryption, as the database has them now.</summary>
/// <param name="Due">Their next round is to be opened.</param>
/// <param name="Open">An answer is awaited.</param>
/// <param name="Overdue">Of the open ones: no answer came before the time for a nudge.</param>
/// <param name="Silent">Of the open ones: the grace is over, and the silence was judged.</param>
public sealed record SweptNumbers(int Encrypted, int Due, int Open, int Overdue, int Silent);

/// <summary>One look at the cloud.</summary>
/// <param name="Listing"><c>full</c> or <c>changes</c>.</param>
/// <param name="IsComplete">False when the listing broke off: what was not listed counts as nothing, and is listed again.</param>
/// <param name="FullListingAt">Start of the last full listing that was complete.</param>
/// <param name="Listed">Servers that Nova listed, others than encrypted ones included.</param>
/// <param name="Encrypted">Of those: ask for memory encryption.</param>
/// <param name="New">Seen for the first time.</param>
/// <param name="Changed">Rebuilt, resized, or back again.</param>
/// <param name="Silent">Whose silence was judged now.</param>
/// <param name="Failures">What went wrong, by code; it is tried again at the next look.</param>
public sealed record SweepTick(
    DateTimeOffset StartedAt, DateTimeOffset FinishedAt, string Listing, bool IsComplete, int Listed, int Encrypted, int New, int Changed, int Moved, int Gone,
    int Opened, int Silent, int Nudged, IReadOnlyList<SweepFailure> Failures, DateTimeOffset? FullListingAt = null);

/// <param name="Code">e.g. <c>compute.503</c>, <c>compute.unreachable</c>, <c>storage.locked</c>.</param>
/// <param name="Detail">Of the last one.</param>
public sealed record SweepFailure(string Code, int Count, string Detail);

/// <summary>A round that was opened by request.</summary>
/// <param name="OpenedAt">Since when an answer is awaited: a verdict of this time or later is the answer.</param>
/// <param name="Nudged">The guest was told through the server's metadata; false: it was told shortly before, or Nova did not take it.</param>
public sealed record OpenedRound(Guid Instance, DateTimeOffset OpenedAt, bool Nudged);
