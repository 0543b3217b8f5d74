using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>What a step is, for the count of a sweep.</summary>
internal enum SweepStepKind
{
    Seen,
    Updated,
    Changed,
    Moved,
    Gone,
    Opened,
    Silent,
    Nudged,
    TicketWritten,
}

/// <summary>What is to be written of one instance. One step is whole in itself; after it the rest is decided anew.</summary>
/// <param name="Record">What history is told; null when it has nothing to add.</param>
/// <param name="State">As it is to be.</param>
internal sealed record SweepStep(SweepStepKind Kind, HistoryRecord? Record, InstanceState State);

/// <summary>What holds while a sweep decides.</summary>
/// <param name="ListeningSince">Since when answers could be taken: nobody is silent before somebody listens.</param>
/// <param name="KnowsStatus">Nova has just told what runs: without that, nobody's silence is judged.</param>
/// <param name="MayNudge">Within the number of nudges of this sweep.</param>
internal sealed record SweepMoment(DateTimeOffset Now, SweepOptions Options, DateTimeOffset ListeningSince, bool KnowsStatus = false, bool MayNudge = false);

/// <summary>Kinds of history records that the sweep writes. Once shipped, never changed.</summary>
internal static class SweepEvents
{
    /// <summary>An instance that asks for memory encryption was listed for the first time.</summary>
    public const string Seen = "instance.seen";

    /// <summary>Listed again after it had been gone.</summary>
    public const string Returned = "instance.returned";

    /// <summary>Its image, its flavor or its model of encryption is another: rebuilt or resized.</summary>
    public const string Changed = "instance.changed";

    /// <summary>It asks for no encryption any more.</summary>
    public const string NotEncrypted = "instance.not_encrypted";

    /// <summary>Nova names another compute node.</summary>
    public const string Moved = "instance.moved";

    public const string Silent = "instance.silent";
    public const string Gone = "instance.gone";
}

/// <summary>Codes of findings that need no evidence.</summary>
internal static class SweepCodes
{
    /// <summary>The grace is over without an answer that authenticates.</summary>
    public const string Silent = "instance.silent";

    /// <summary>The grace is over, and what came could not be judged for want of certificates or a revocation list: that is no fault of the instance's.</summary>
    public const string NotJudged = "instance.not_judged";

    /// <summary>It was encrypted, and asks for no encryption any more.</summary>
    public const string NotEncrypted = "instance.not_encrypted";

    /// <summary>A guest of this model cannot obtain a report of itself.</summary>
    public const string NoGuestReport = "instance.model.no_guest_report";
}
