namespace OpenStackSev.Api.Attestation;

/// <summary>A time in which an instance or a host was not as it should be.</summary>
/// <param name="Number">The id of the history record that opened it.</param>
/// <param name="Kind"><c>instance</c> or <c>host</c>.</param>
/// <param name="Symptom">What was noticed first.</param>
/// <param name="Checked">The questions that were asked, in order, with what each found.</param>
/// <param name="Steps">What happened, the oldest first.</param>
/// <param name="Result">How it ended, or how it stands.</param>
/// <param name="Prevention">What keeps it from happening again.</param>
/// <param name="ClosedAt">Null while it lasts.</param>
public sealed record IncidentRecord(
    long Number, Guid Subject, string Kind, DateTimeOffset OpenedAt, string Symptom, IReadOnlyList<string> Checked, IReadOnlyList<IncidentStep> Steps, string Result,
    IReadOnlyList<string> Prevention, DateTimeOffset? ClosedAt = null);

/// <param name="What">A sentence.</param>
public sealed record IncidentStep(DateTimeOffset Time, string What);

/// <summary>The latest first.</summary>
/// <param name="Complete">False when the history of the subject is longer than what was looked through.</param>
public sealed record IncidentList(IReadOnlyList<IncidentRecord> Incidents, bool Complete);
