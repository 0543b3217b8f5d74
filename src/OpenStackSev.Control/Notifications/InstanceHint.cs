namespace OpenStackSev.Control.Notifications;

/// <summary>What was heard of one instance, in one notification or in several.</summary>
/// <param name="MayBeNew">It is looked at even when it is not a known one.</param>
/// <param name="ProofSince">It has to prove itself again after this moment; null when nothing of the kind was heard.</param>
/// <param name="ProofEvent">The event that says so.</param>
/// <param name="RebuiltAt">Its disk was made anew at this moment; null when that was not heard.</param>
internal sealed record InstanceHint(bool MayBeNew = false, DateTimeOffset? ProofSince = null, string? ProofEvent = null, DateTimeOffset? RebuiltAt = null)
{
    /// <param name="now">What comes from a clock that is ahead, and what has no time, happened now.</param>
    public static InstanceHint Of(Notification notification, DateTimeOffset now)
    {
        Consequence consequence = NotificationEvents.Of(notification.EventType);
        DateTimeOffset at = notification.At is { } time && time < now ? time : now;
        bool isRebuilt = consequence == Consequence.Rebuilt, mustProve = isRebuilt || consequence is Consequence.Proof or Consequence.ProofOfAny;
        return new InstanceHint(
            consequence is Consequence.LookAtAny or Consequence.ProofOfAny or Consequence.Rebuilt,
            mustProve ? at : null, mustProve ? notification.EventType : null, isRebuilt ? at : null);
    }

    /// <summary>Both, in whatever order they came.</summary>
    public InstanceHint With(InstanceHint other)
    {
        InstanceHint later = Nullable.Compare(ProofSince, other.ProofSince) >= 0 ? this : other;
        return new InstanceHint(MayBeNew || other.MayBeNew, later.ProofSince, later.ProofEvent, Nullable.Compare(RebuiltAt, other.RebuiltAt) >= 0 ? RebuiltAt : other.RebuiltAt);
    }
}
