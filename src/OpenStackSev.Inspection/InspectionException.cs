namespace OpenStackSev.Inspection;

/// <summary>Why something of a cloud cannot be inspected.</summary>
public enum InspectionProblem
{
    /// <summary>Nothing is called so, or this user may not see it.</summary>
    NotFound,

    /// <summary>Several are called so.</summary>
    Ambiguous,

    /// <summary>It is there, and its body cannot be judged.</summary>
    Unreadable,
}

/// <summary>Something of a cloud that was named cannot be inspected.</summary>
/// <param name="problem">What is the matter with it.</param>
/// <param name="message">One line, without a full stop.</param>
/// <param name="hint">What to do about it.</param>
public sealed class InspectionException(InspectionProblem problem, string message, string hint, Exception? inner = null) : Exception(message, inner)
{
    public InspectionProblem Problem { get; } = problem;
    public string Hint { get; } = hint;
}
