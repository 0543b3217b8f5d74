namespace OpenStackSev.Api.Validation;

/// <summary>Answer of <c>POST /v1/validations</c>: what is said about one flavor and one image.</summary>
public sealed record ValidationReport(ValidatedRequest Request, IReadOnlyList<ValidationFinding> Findings);

/// <summary>What Nova makes of the pair, if it does not refuse it.</summary>
/// <param name="Model">Null when not encrypted.</param>
/// <param name="Resources">Amount by resource class; one of a suffixed group has the suffix in front: <c>_a:CUSTOM_X</c>.</param>
/// <param name="Traits">Required ones, and forbidden ones with <c>!</c> in front; likewise with a suffix.</param>
public sealed record ValidatedRequest(bool Encrypted, IReadOnlyDictionary<string, int> Resources, IReadOnlyList<string> Traits, string? Model = null);

/// <param name="Code">Stable, e.g. <c>request.model.without_encryption</c>. Branch on this, never on the text.</param>
/// <param name="Level"><c>error</c>, <c>warning</c> or <c>hint</c>.</param>
/// <param name="Subject">The extra spec or property, e.g. <c>flavor hw:mem_encryption</c>.</param>
/// <param name="Fix">A runnable <c>openstack</c> command; null where no command can mend it.</param>
/// <param name="Source">Where it is written: Nova's file or document.</param>
public sealed record ValidationFinding(string Code, string Level, string Subject, string Message, string Why, string Source, string? Fix = null);
