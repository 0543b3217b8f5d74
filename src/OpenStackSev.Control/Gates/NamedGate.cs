using System.Buffers;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Gates;

/// <summary>The gate that a server names in its metadata. Anybody of its project may have written that: it names, and proves nothing.</summary>
/// <param name="Stack">What stands there for the stack; empty for nothing.</param>
/// <param name="Resource">What stands there for the handle; empty for nothing.</param>
internal sealed record NamedGate(Guid Instance, string Project, string Stack, string Resource)
{
    /// <summary>Key of the UUID of the stack that holds server and handle: the innermost one, where stacks are nested.</summary>
    public const string StackKey = "openstack_sev_stack";

    /// <summary>Key of the handle's name in that stack's template.</summary>
    public const string ResourceKey = "openstack_sev_gate";

    private static readonly SearchValues<char> s_nameLetters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-");

    /// <summary>Null for a server that names none.</summary>
    public static NamedGate? Of(Server server)
    {
        string stack = server.Metadata.GetValueOrDefault(StackKey, ""), resource = server.Metadata.GetValueOrDefault(ResourceKey, "");
        return (stack.Length > 0 || resource.Length > 0) && server.ProjectId is { Length: > 0 and <= HistoryRecord.MaximumProjectLength } project
            ? new(server.Id, project, Bounded(stack), Bounded(resource)) : null;
    }

    public bool IsNamedBy(GateState gate) => gate.Stack == Stack && gate.Resource == Resource;

    /// <summary>The stack's UUID, where both can be names at all.</summary>
    /// <remarks>Heat allows more in a resource's name; what is more than a word has no place in the path of a request of ours.</remarks>
    public static Guid? StackOf(string stack, string resource) =>
        Guid.TryParseExact(stack, "D", out Guid id) && resource.Length > 0 && !resource.AsSpan().ContainsAnyExcept(s_nameLetters) && resource is not ("." or "..") ? id : null;

    private static string Bounded(string text) => text.Length <= GateState.MaximumNameLength ? text : text[..GateState.MaximumNameLength];
}
