namespace OpenStackSev.Validation;

/// <summary>How bad a finding is.</summary>
public enum FindingLevel
{
    /// <summary>Works, and could be better.</summary>
    Hint,

    /// <summary>Works today, and may surprise: weaker than it seems, or gone after a rebuild or a resize.</summary>
    Warning,

    /// <summary>Will not boot, or will not be encrypted.</summary>
    Error,
}

/// <summary>What one rule has against a flavor and an image.</summary>
/// <param name="Code">Stable, e.g. <c>request.model.without_encryption</c>. Branch on this, never on the text.</param>
/// <param name="Subject">The extra spec or property, e.g. <c>flavor hw:mem_encryption</c>.</param>
/// <param name="Message">What is wrong, with the values: lower case, no full stop.</param>
/// <param name="Why">Why it matters, one paragraph; the rule's.</param>
/// <param name="Fix">A runnable <c>openstack</c> command; null where no command can mend it.</param>
/// <param name="Source">Where it is written: Nova's file or document.</param>
public sealed record Finding(string Code, FindingLevel Level, string Subject, string Message, string Why, string? Fix, string Source);
