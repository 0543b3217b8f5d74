namespace OpenStackSev.Api.Attestation;

/// <summary>The wait condition's handle that a server names in its metadata, and what became of it.</summary>
/// <param name="Stack">As the metadata has it.</param>
/// <param name="Resource">As the metadata has it.</param>
/// <param name="Standing">
/// <c>waiting</c>, <c>signalling</c>, <c>opened</c> (Heat has a SUCCESS), <c>closed</c> (a FAILURE), <c>refused</c> (what is named is no gate of this
/// server: never a signal), <c>ended</c> (over without one).
/// </param>
/// <param name="Code">Why it was closed, refused or ended; null for none.</param>
/// <param name="Failure">Code of the last failure while it waits, e.g. <c>identity.401</c>; null since something succeeded.</param>
/// <param name="NextLookAt">After a failure, when it is tried again.</param>
public sealed record InstanceGate(
    Guid Instance, string Project, string Stack, string Resource, string Standing, DateTimeOffset Since, string? Code = null, string? Detail = null,
    string? Failure = null, string? FailureDetail = null, DateTimeOffset? NextLookAt = null, DateTimeOffset? EndedAt = null);

/// <param name="Marker">Of the next page; null on the last one.</param>
public sealed record GateList(IReadOnlyList<InstanceGate> Gates, Guid? Marker = null);
