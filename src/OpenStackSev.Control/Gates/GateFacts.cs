using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Gates;

/// <summary>What Nova and Heat say of a gate, at one look.</summary>
/// <param name="Server">Null when Nova has no such server.</param>
/// <param name="BootedAt">From when on only what runs in it now can have been given a challenge, by Nova's clock; null where that was not asked, or is not told.</param>
/// <param name="Heat">Null where Nova has already said enough.</param>
internal sealed record GateFacts(ListedServer? Server, DateTimeOffset? BootedAt = null, HeatFacts? Heat = null);

/// <param name="StackStatus">Null when the project has no such stack.</param>
/// <param name="Handle">Null when the stack has no such resource.</param>
/// <param name="HoldsServer">The stack has an OS::Nova::Server that stands for the instance.</param>
/// <param name="Taken">Of the signal that the handle has under the instance's id; null for none.</param>
internal sealed record HeatFacts(string? StackStatus, HandleFacts? Handle = null, bool HoldsServer = false, string? Taken = null);

/// <param name="Type">e.g. <c>OS::Heat::WaitConditionHandle</c>.</param>
/// <param name="Status">e.g. <c>CREATE_COMPLETE</c>.</param>
internal sealed record HandleFacts(string Type, string Status);
