using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Enforcement;

internal enum EnforcementStepKind
{
    /// <summary>What was seen is written.</summary>
    Noted,

    /// <summary>A measure that needs no request is done by being written.</summary>
    Marked,

    /// <summary>A request to Nova follows.</summary>
    Intended,
    Cleared,

    /// <summary>Nothing to write: what is pending goes to Nova, or is found to be done.</summary>
    Perform,

    /// <summary>Nothing to write: it runs though it was stopped here, as far as the sweep knows. Nova is asked.</summary>
    Look,
}

/// <summary>The next thing to do of one instance. After it the rest is decided anew.</summary>
/// <param name="Record">What history is told; null when it has nothing to add.</param>
internal sealed record EnforcementStep(EnforcementStepKind Kind, EnforcementState State, HistoryRecord? Record = null);
