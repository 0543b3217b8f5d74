using OpenStackSev.Api.Attestation;
using OpenStackSev.Guest.Instructions;

namespace OpenStackSev.Guest.Rounds;

/// <summary>A failure, told once.</summary>
internal sealed record Failure(string Code, string Message);

/// <summary>A result, and until when its token holds by the monotonic clock.</summary>
internal sealed record HeldResult(RoundResult Round, DateTimeOffset At, long Timestamp)
{
    public EvidenceAnswer Answer => Round.Answer;

    /// <returns>Null when there is no token that still holds.</returns>
    public TimeSpan? TokenLeft(TimeProvider time) =>
        Answer is { Token: not null, TokenExpiresIn: { } seconds } && TimeSpan.FromSeconds(seconds) - time.GetElapsedTime(Timestamp) is { Ticks: > 0 } left ? left : null;
}

/// <summary>What the attester knows now. The rounds write it, the socket reads it.</summary>
internal sealed class GuestState
{
    private volatile FoundInstructions? instructions;
    private volatile HeldResult? result;
    private volatile Failure? failing;

    public FoundInstructions? Instructions
    {
        get => instructions;
        set => instructions = value;
    }

    /// <summary>The last one; null before the first.</summary>
    public HeldResult? Result
    {
        get => result;
        set => result = value;
    }

    /// <summary>Null while rounds succeed.</summary>
    public Failure? Failing
    {
        get => failing;
        set => failing = value;
    }
}
