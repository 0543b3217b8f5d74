namespace OpenStackSev.Control.Identity;

/// <summary>What an operation is about, as far as rules look at it.</summary>
/// <param name="ProjectId">Project that the thing belongs to; null for a thing of the cloud.</param>
/// <param name="UserId">User that made it.</param>
public sealed record PolicyTarget(string? ProjectId = null, string? UserId = null)
{
    /// <summary>Nothing of anybody's own.</summary>
    public static PolicyTarget Cloud { get; } = new();

    /// <summary>What a rule may write as <c>%(name)s</c>.</summary>
    public static IReadOnlyDictionary<string, Func<PolicyTarget, string?>> Attributes { get; } =
        new Dictionary<string, Func<PolicyTarget, string?>>(StringComparer.Ordinal)
        {
            ["project_id"] = target => target.ProjectId,
            ["user_id"] = target => target.UserId,
        };
}

/// <summary>A parsed rule: asked about a caller and a target.</summary>
public abstract record PolicyCheck
{
    /// <summary>What of a caller a rule may compare.</summary>
    public static IReadOnlyDictionary<string, Func<Caller, string?>> CallerAttributes { get; } =
        new Dictionary<string, Func<Caller, string?>>(StringComparer.Ordinal)
        {
            ["user_id"] = caller => caller.UserId,
            ["user_domain_id"] = caller => caller.UserDomainId,
            ["project_id"] = caller => caller.ProjectId,
            ["project_domain_id"] = caller => caller.ProjectDomainId,
        };

    /// <param name="rules">The other rules, for <c>rule:name</c>.</param>
    public abstract bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules);

    /// <summary>Names of the rules that this one refers to.</summary>
    public virtual IEnumerable<string> References => [];
}

internal sealed record ConstantCheck(bool Answer) : PolicyCheck
{
    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules) => Answer;
}

internal sealed record RoleCheck(string Role) : PolicyCheck
{
    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules) => caller.Roles.Contains(Role);
}

internal sealed record ReferenceCheck(string Rule) : PolicyCheck
{
    public override IEnumerable<string> References => [Rule];

    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules) =>
        rules[Rule].Allows(caller, target, rules);
}

/// <summary>An attribute of the caller equals a text, or an attribute of the target. What is absent equals nothing.</summary>
internal sealed record AttributeCheck(string Attribute, string Expected, bool IsTarget) : PolicyCheck
{
    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules)
    {
        string? actual = CallerAttributes[Attribute](caller);
        string? expected = IsTarget ? PolicyTarget.Attributes[Expected](target) : Expected;
        return actual is not null && expected is not null && actual == expected;
    }
}

internal sealed record NotCheck(PolicyCheck Inner) : PolicyCheck
{
    public override IEnumerable<string> References => Inner.References;

    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules) =>
        !Inner.Allows(caller, target, rules);
}

internal sealed record AllCheck(IReadOnlyList<PolicyCheck> Parts) : PolicyCheck
{
    private readonly PolicyCheck[] parts = [.. Parts];

    public override IEnumerable<string> References => Parts.SelectMany(part => part.References);

    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules)
    {
        foreach (PolicyCheck part in parts)
        {
            if (!part.Allows(caller, target, rules))
                return false;
        }

        return true;
    }
}

internal sealed record AnyCheck(IReadOnlyList<PolicyCheck> Parts) : PolicyCheck
{
    private readonly PolicyCheck[] parts = [.. Parts];

    public override IEnumerable<string> References => Parts.SelectMany(part => part.References);

    public override bool Allows(Caller caller, PolicyTarget target, IReadOnlyDictionary<string, PolicyCheck> rules)
    {
        foreach (PolicyCheck part in parts)
        {
            if (part.Allows(caller, target, rules))
                return true;
        }

        return false;
    }
}
