namespace OpenStackSev.Validation.Explaining;

/// <summary>What somebody wants to do with a server that runs.</summary>
public enum ServerOperation
{
    LiveMigrate,
    Suspend,
    Rebuild,
    Resize,
    Evacuate,
}

/// <summary>A server, as far as an operation on it is judged.</summary>
/// <param name="Name">Of the server, for commands; <c>SERVER</c> when any is meant.</param>
/// <param name="Id">As Nova's texts name it; null when any is meant.</param>
/// <param name="Host">Its nova-compute; null when it is not known.</param>
/// <param name="HostUp">Whether that nova-compute reports; null when it is not known.</param>
/// <param name="NewFlavor">Of a resize; null when it is not known yet.</param>
/// <param name="NewImage">Of a rebuild; null when it is not known yet.</param>
public sealed record OperatedServer(
    string Name, Guid? Id, FlavorSpec Flavor, ImageSpec Image, ComputeRelease Release, string? Host = null, bool? HostUp = null,
    FlavorSpec? NewFlavor = null, ImageSpec? NewImage = null);

/// <summary>One thing to know before.</summary>
/// <param name="Code">One of <see cref="OperationCodes"/>.</param>
/// <param name="Level">Error: refused, or no longer encrypted. Warning: may surprise. Hint: how to go on.</param>
/// <param name="Command">Runnable; null where there is none.</param>
public sealed record OperationPoint(string Code, FindingLevel Level, string Message, string Remedy, string? Command);

/// <summary>What Nova answers to an operation.</summary>
/// <param name="Status">HTTP status: 202 when it begins, 400 when it is refused.</param>
/// <param name="Text">Nova's own words; null when it says nothing.</param>
/// <param name="Points">The gravest first.</param>
public sealed record OperationAnswer(ServerOperation Operation, int Status, string? Text, IReadOnlyList<OperationPoint> Points)
{
    /// <summary>Nova does it, and the server is as encrypted as before.</summary>
    public bool IsSafe => Status < 400 && Points.All(point => point.Level != FindingLevel.Error);
}

/// <summary>Codes of <see cref="OperationPoint"/>. Once shipped, never changed.</summary>
public static class OperationCodes
{
    /// <summary>Nova answers 400 for encrypted guests.</summary>
    public const string Refused = "operation.refused";

    /// <summary>Another operation that comes close, and what it costs.</summary>
    public const string Alternative = "operation.alternative";

    /// <summary>The server comes back unencrypted, and nobody says so.</summary>
    public const string EncryptionLost = "operation.encryption.lost";

    /// <summary>The server comes back encrypted, without an encryption context in Placement.</summary>
    public const string EncryptionUncounted = "operation.encryption.uncounted";

    /// <summary>The server comes back with another model than the one that it holds in Placement.</summary>
    public const string ModelChanged = "operation.encryption.model_changed";

    /// <summary>Whether it stays encrypted depends on the new image or flavor, which was not named.</summary>
    public const string Unguarded = "operation.encryption.unguarded";

    /// <summary>The new flavor or image has a finding of its own.</summary>
    public const string NewFinding = "operation.request.finding";

    /// <summary>The scheduler is not asked: a quarantined host stays in use.</summary>
    public const string NotScheduled = "operation.rebuild.not_scheduled";

    /// <summary>The server needs an encryption context on another host, beside the one that it holds.</summary>
    public const string SecondContext = "operation.needs_second_context";

    /// <summary>Nova evacuates only from a host whose nova-compute is down.</summary>
    public const string HostUp = "operation.evacuate.host_up";

    /// <summary>What is on local disks and in memory is gone; the guest must be attested again.</summary>
    public const string StartsAnew = "operation.evacuate.starts_anew";
}
