using OpenStackSev.Attestation;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>What is known now of an instance that asks for memory encryption. Change it as <see cref="HostState"/>.</summary>
public sealed record InstanceState : StateChange
{
    public const int MaximumNameLength = 255;
    public const int MaximumResultBytes = 32 * 1024;

    /// <summary>Nova's UUID of the server.</summary>
    public required Guid Instance { get; init; }

    /// <summary>Keystone's id of its project.</summary>
    public required string Project { get; init; }

    public required string Name { get; init; }

    /// <summary>As in <c>hw:mem_encryption_model</c>.</summary>
    public required string Model { get; init; }

    /// <summary>Nova's word for what it does, e.g. <c>ACTIVE</c>.</summary>
    public required string Status { get; init; }

    /// <summary>UUID of the compute node that Nova names; null while it has none, or one that never reported.</summary>
    public Guid? Node { get; init; }

    /// <summary>Nova's name of that compute node.</summary>
    public string? HostName { get; init; }

    /// <summary>Name of the flavor as it was when the server was made.</summary>
    public string? Flavor { get; init; }

    public Guid? Image { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }

    /// <summary>When Nova last said something new of it: that it is listed once more writes nothing.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>Since when Nova no longer knows it; null while it does.</summary>
    public DateTimeOffset? GoneAt { get; init; }

    /// <summary>Of the last judgement; null before the first one.</summary>
    public Verdict? Verdict { get; init; }

    public DateTimeOffset? JudgedAt { get; init; }

    /// <summary>Details of that judgement as JSON, at most <see cref="MaximumResultBytes"/>.</summary>
    public byte[]? Result { get; init; }

    /// <summary>When the next round is to be opened.</summary>
    public required DateTimeOffset NextRoundAt { get; init; }

    /// <summary>Since when an answer is awaited; null while no round is open.</summary>
    public DateTimeOffset? RoundOpenedAt { get; init; }

    /// <summary>How often the guest was nudged, over its life.</summary>
    public int Nudges { get; init; }

    public DateTimeOffset? NudgedAt { get; init; }

    /// <summary>The open challenge; null when there is none.</summary>
    public Guid? Challenge { get; init; }

    /// <summary>32 bytes; null without a challenge. Never in a log or in the history.</summary>
    public byte[]? Nonce { get; init; }

    public DateTimeOffset? ChallengeExpiresAt { get; init; }

    /// <summary>The challenge that was answered last, so that its second use can be told from one that never was.</summary>
    public Guid? AnsweredChallenge { get; init; }

    /// <summary>Code of the last answer that did not authenticate since the last judgement; null when there was none.</summary>
    public string? NoAnswerCode { get; init; }

    public DateTimeOffset? NoAnswerAt { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }

    /// <summary>Its nonce stays out of whatever prints it.</summary>
    public override string ToString() => $"instance {Instance} version {Version}";
}

/// <summary>The evidence that the last judgement of an instance rests on, for its tenant to verify himself, and for policies to be tried on.</summary>
/// <remarks>It has no version: it is written with the state that it explains, and that one's version guards both.</remarks>
public sealed record InstanceEvidence : StateChange
{
    public required Guid Instance { get; init; }

    /// <summary>ATTESTATION_REPORT as it was received.</summary>
    public required byte[] Report { get; init; }

    /// <summary>Of the challenge that it answered: used up, no secret any more.</summary>
    public required byte[] Nonce { get; init; }

    /// <summary>DER SubjectPublicKeyInfo; null when the guest gave none.</summary>
    public byte[]? PublicKey { get; init; }

    /// <summary>DER of the VCEK or VLEK that it was verified with.</summary>
    public required byte[] Vek { get; init; }

    public required DateTimeOffset ReceivedAt { get; init; }
}
