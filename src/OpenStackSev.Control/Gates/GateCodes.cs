namespace OpenStackSev.Control.Gates;

/// <summary>Why a gate was refused, ended, or closed without a verdict. Once shipped, never changed; each has a line in the folder's README.</summary>
internal static class GateCodes
{
    /// <summary>The metadata names no stack by its UUID, or no resource by a name that can be one.</summary>
    public const string NameMalformed = "gate.name.malformed";

    /// <summary>The server's project has no such stack.</summary>
    public const string StackNotFound = "gate.stack.not_found";

    /// <summary>The stack has no such resource.</summary>
    public const string HandleNotFound = "gate.handle.not_found";

    /// <summary>The resource is of another type.</summary>
    public const string HandleWrongType = "gate.handle.wrong_type";

    /// <summary>The stack holds no server that is this instance.</summary>
    public const string ServerNotInStack = "gate.server.not_in_stack";

    /// <summary>No guest of this model can prove itself.</summary>
    public const string NotProvable = "gate.model.not_provable";

    /// <summary>Nova does not know the instance any more.</summary>
    public const string InstanceGone = "gate.instance.gone";

    /// <summary>The stack, or the handle in it, was there and is not any more.</summary>
    public const string StackGone = "gate.stack.gone";

    /// <summary>The server's metadata names no gate any more.</summary>
    public const string NameRemoved = "gate.name.removed";

    /// <summary>No wait condition can wait for so long.</summary>
    public const string GaveUp = "gate.gave_up";

    /// <summary>In the order of the README.</summary>
    public static IReadOnlyList<string> All { get; } =
        [NameMalformed, StackNotFound, HandleNotFound, HandleWrongType, ServerNotInStack, NotProvable, InstanceGone, StackGone, NameRemoved, GaveUp];
}

/// <summary>Kinds of history records of gates. Once shipped, never changed.</summary>
internal static class GateEvents
{
    /// <summary>A server names a gate, or another one than before.</summary>
    public const string Noticed = "gate.noticed";

    /// <summary>A signal to Heat follows.</summary>
    public const string Intended = "gate.intended";

    /// <summary>Heat has our SUCCESS.</summary>
    public const string Opened = "gate.opened";

    /// <summary>Heat has our FAILURE.</summary>
    public const string Closed = "gate.closed";

    public const string Refused = "gate.refused";
    public const string Ended = "gate.ended";

    /// <summary>Somebody who is needed for it refused, or did not answer; it is tried again.</summary>
    public const string PutOff = "gate.put_off";
}
