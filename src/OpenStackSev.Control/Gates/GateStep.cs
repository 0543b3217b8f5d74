using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Gates;

/// <summary>Whether anything is to be done about a gate at this look.</summary>
/// <param name="IsLook">Nova and Heat have to be asked.</param>
/// <param name="Step">It is over; null otherwise.</param>
internal readonly record struct GateMove(bool IsLook, GateStep? Step)
{
    public static GateMove Rest => default;

    public static GateMove Look => new(true, null);

    public static GateMove End(GateStep step) => new(false, step);
}

/// <summary>What is to be written of one gate.</summary>
/// <param name="Record">What history is told; null when it has nothing to add.</param>
internal sealed record GateStep(GateState State, HistoryRecord? Record = null)
{
    /// <summary>The guest is to prove itself again now: what is known of it is about what ran before.</summary>
    public bool IsRoundWanted { get; init; }

    /// <summary>A signal is to be sent, once this is written.</summary>
    public bool IsIntent => Record?.Kind == GateEvents.Intended;
}

/// <summary>What is written of each step, with the history that explains it. Pure.</summary>
/// <remarks>Bodies name no host and no chip: tenants read their own instances' history.</remarks>
internal static class GateSteps
{
    /// <summary>A request that takes longer is given up.</summary>
    public static readonly TimeSpan SendTime = TimeSpan.FromSeconds(45);

    /// <summary>So long a signal that is written down belongs to the control plane that wrote it: longer than it may take to send it.</summary>
    private static readonly TimeSpan s_sending = TimeSpan.FromSeconds(90);

    /// <summary>What is not there yet is looked for soon at the beginning, and more rarely the longer it takes.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(10), s_rarely = TimeSpan.FromMinutes(5);

    /// <summary>Waits after 1, 2, 3 … failures in a row; the last one repeats.</summary>
    private static readonly TimeSpan[] s_waits =
        [TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(20), TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(10)];

    public static GateStep Notice(GateState gate) => new(gate, Record(GateEvents.Noticed, gate, new NoticedRecord(gate.Stack, gate.Resource)));

    public static GateStep Refuse(GateState gate, string code, string detail, DateTimeOffset now) =>
        Over(gate, GateStanding.Refused, GateEvents.Refused, code, detail, now, $"the gate that instance {gate.Instance} names is none: {code}", isAlert: true);

    public static GateStep End(GateState gate, string code, string detail, DateTimeOffset now) =>
        Over(gate, GateStanding.Ended, GateEvents.Ended, code, detail, now, $"the gate of instance {gate.Instance} ended without a signal: {code}", isAlert: code == GateCodes.GaveUp);

    /// <summary>Nothing to say yet: looked at again, with nothing to tell.</summary>
    public static GateStep Wait(GateState gate, DateTimeOffset now)
    {
        TimeSpan tenth = (now - gate.Since) / 10;
        return new(gate with
        {
            Standing = GateStanding.Waiting,
            Code = null,
            Detail = null,
            IsSuccess = null,
            Reason = null,
            Data = null,
            Failures = 0,
            FailureCode = null,
            FailureDetail = null,
            NextLookAt = now + (tenth < s_soon ? s_soon : tenth > s_rarely ? s_rarely : tenth),
        });
    }

    /// <summary>A signal follows. Until some time from now it belongs to whoever writes this.</summary>
    public static GateStep Intend(GateState gate, GateAnswer answer, DateTimeOffset now)
    {
        GateState state = With(gate, answer) with { Standing = GateStanding.Signalling, NextLookAt = now + s_sending };
        return new(state, Record(GateEvents.Intended, state, Signal(state)));
    }

    public static GateState With(GateState gate, GateAnswer answer) =>
        gate with { IsSuccess = answer.IsSuccess, Code = answer.Code, Detail = answer.IsSuccess ? null : Bounded(answer.Reason), Reason = answer.Reason, Data = answer.Data };

    /// <summary>Heat has the signal.</summary>
    /// <param name="isFound">It had it before it was sent now.</param>
    public static GateStep Confirm(GateState gate, bool isFound, DateTimeOffset now)
    {
        bool isSuccess = gate.IsSuccess!.Value;
        GateState state = gate with
        {
            Standing = isSuccess ? GateStanding.Opened : GateStanding.Closed,
            EndedAt = now,
            Failures = 0,
            FailureCode = null,
            FailureDetail = null,
        };
        string message = isSuccess ? $"instance {gate.Instance} proved itself: its stack goes on" : $"instance {gate.Instance} did not prove itself: its stack was told so";
        return new(state, Record(isSuccess ? GateEvents.Opened : GateEvents.Closed, state, Signal(state) with { Found = isFound ? true : null }) with
        {
            Event = new EventFields { InstanceId = gate.Instance, Message = message, Succeeded = isSuccess, IsAlert = !isSuccess },
        });
    }

    /// <summary>The signal was sent, and Heat has not told yet that it has it.</summary>
    public static GateStep Sent(GateState gate, DateTimeOffset now) => new(gate with { NextLookAt = now + s_soon });

    /// <summary>Somebody refused or did not answer. A signal that is on its way stays: it is looked for before it is sent again.</summary>
    public static GateStep PutOff(GateState gate, string code, string detail, DateTimeOffset now)
    {
        int failures = Math.Min(gate.Failures + 1, 1_000_000);
        GateState state = gate with { Failures = failures, FailureCode = code, FailureDetail = Bounded(detail), NextLookAt = now + s_waits[Math.Min(failures, s_waits.Length) - 1] };
        // The same again every ten minutes tells nothing new.
        return new(state, gate.FailureCode == code ? null : Record(GateEvents.PutOff, state, new OverRecord(code, state.FailureDetail!)) with
        {
            Event = new EventFields { InstanceId = gate.Instance, Message = $"the gate of instance {gate.Instance} cannot be looked after now: {code}", Succeeded = false },
        });
    }

    private static GateStep Over(GateState gate, GateStanding standing, string kind, string code, string detail, DateTimeOffset now, string message, bool isAlert)
    {
        GateState state = gate with { Standing = standing, Code = code, Detail = Bounded(detail), EndedAt = now };
        return new(state, Record(kind, state, new OverRecord(code, state.Detail)) with
        {
            Event = new EventFields { InstanceId = gate.Instance, Message = message, Succeeded = !isAlert, IsAlert = isAlert },
        });
    }

    private static SignalRecord Signal(GateState gate) => new(GateAnswer.Word(gate.IsSuccess!.Value), gate.Reason!, gate.Stack, gate.Resource);

    private static string Bounded(string text) => text.Length <= GateState.MaximumDetailLength ? text : text[..GateState.MaximumDetailLength];

    private static HistoryRecord Record<T>(string kind, GateState gate, T body) =>
        new(kind, gate.Instance, gate.Project, JsonSerializer.SerializeToUtf8Bytes(body, typeof(T), GateRecordJson.Default)) { Event = new EventFields { InstanceId = gate.Instance } };
}

/// <summary>Body of <c>gate.noticed</c>.</summary>
internal sealed record NoticedRecord(string Stack, string Resource);

/// <summary>Body of <c>gate.intended</c>, <c>gate.opened</c> and <c>gate.closed</c>.</summary>
/// <param name="Found">Heat had it already.</param>
internal sealed record SignalRecord(string Status, string Reason, string Stack, string Resource, bool? Found = null);

/// <summary>Body of <c>gate.refused</c>, <c>gate.ended</c> and <c>gate.put_off</c>.</summary>
internal sealed record OverRecord(string Code, string Detail);

/// <summary>Bodies of history records: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(NoticedRecord))]
[JsonSerializable(typeof(SignalRecord))]
[JsonSerializable(typeof(OverRecord))]
internal sealed partial class GateRecordJson : JsonSerializerContext;
