using System.Collections.Frozen;
using OpenStackSev.Control.Gates;

namespace OpenStackSev.Control.Timeline;

/// <summary>What became of the gate of a stack, in words. Pure.</summary>
internal static class GateWords
{
    private static readonly FrozenDictionary<string, string> s_reasons = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [GateCodes.NameMalformed] = "what its metadata names cannot be a stack and a resource",
        [GateCodes.StackNotFound] = "its project has no such stack",
        [GateCodes.HandleNotFound] = "the stack has no such resource",
        [GateCodes.HandleWrongType] = "the resource is no handle of a wait condition",
        [GateCodes.ServerNotInStack] = "the stack that it names does not hold it",
        [GateCodes.NotProvable] = "no guest of its model can prove itself",
        [GateCodes.InstanceGone] = "it is gone",
        [GateCodes.StackGone] = "the stack is gone",
        [GateCodes.NameRemoved] = "its metadata names no gate any more",
        [GateCodes.GaveUp] = "no wait condition waits for so long",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A reason in words; its code where this release has none.</summary>
    public static string Reason(string? code) => code is null ? "for a reason that was not recorded" : s_reasons.GetValueOrDefault(code, code);

    public static bool Knows(string reason) => s_reasons.ContainsKey(reason);

    /// <returns>Null for a kind of another folder.</returns>
    public static string? Of(string kind, RecordBody record) => kind switch
    {
        GateEvents.Noticed => $"Stack {record.Text("stack")} waits for it to prove itself (resource {record.Text("resource")})",
        GateEvents.Intended => $"Its stack is about to be told {record.Text("status")}: {record.Text("reason")}",
        GateEvents.Opened => $"Its stack was told {record.Text("status")}{Found(record)}: {record.Text("reason")}",
        GateEvents.Closed => $"Its stack was told {record.Text("status")}, and fails{Found(record)}: {record.Text("reason")}",
        GateEvents.Refused => $"The gate that it names is none, and nothing is signalled: {Reason(record.Text("code"))} ({record.Text("code")}: {record.Text("detail")})",
        GateEvents.Ended => $"Its stack was told nothing: {Reason(record.Text("code"))} ({record.Text("code")})",
        GateEvents.PutOff => $"Its stack cannot be told anything now, and it is tried again: {record.Text("code")}, {record.Text("detail")}",
        _ => null,
    };

    private static string Found(RecordBody record) => record.Text("found") == "yes" ? ", as it had been already" : "";
}
