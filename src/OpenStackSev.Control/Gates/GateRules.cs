using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Gates;

/// <summary>What holds while gates are looked at.</summary>
/// <param name="Freshness">How old a verdict may be that opens a gate: a guest that is judged again in time has a younger one.</param>
internal sealed record GateMoment(DateTimeOffset Now, HeatOptions Options, TimeSpan Freshness);

/// <summary>What follows for a gate. Pure: facts in, the next thing to write out.</summary>
internal static class GateRules
{
    public const string HandleType = "OS::Heat::WaitConditionHandle";
    public const string ServerType = "OS::Nova::Server";

    /// <summary>Stack, handle and server come one after another, and Heat writes a server's UUID after Nova has it: what is not there is looked for again until then.</summary>
    public static readonly TimeSpan SettleTime = TimeSpan.FromMinutes(2);

    /// <summary>What follows from what a server's metadata says.</summary>
    /// <param name="known">Null for a server that named none before.</param>
    /// <returns>Null for nothing.</returns>
    public static GateStep? Notice(GateState? known, NamedGate named, DateTimeOffset now)
    {
        // A signal that is on its way goes to the gate that it was meant for; its end is seen first.
        if (known is { Standing: GateStanding.Signalling } || (known is not null && named.IsNamedBy(known) && !IsNamedAgain(known)))
            return null;
        var gate = new GateState
        {
            Instance = named.Instance,
            Project = named.Project,
            Stack = named.Stack,
            Resource = named.Resource,
            Since = now,
            NextLookAt = now,
            Version = known?.Version ?? 0,
        };
        return NamedGate.StackOf(named.Stack, named.Resource) is null
            ? GateSteps.Refuse(gate, GateCodes.NameMalformed, $"{NamedGate.StackKey} has to be a stack's UUID, and {NamedGate.ResourceKey} a resource's name of letters, digits, '_', '.' and '-'", now)
            : GateSteps.Notice(gate);
    }

    /// <summary>What follows from a server whose metadata names no gate: one that is over is another one when it is named again.</summary>
    /// <returns>Null for nothing.</returns>
    public static GateStep? Unnamed(GateState known, DateTimeOffset now) =>
        known.IsOpen || known is { Standing: GateStanding.Ended, Code: GateCodes.NameRemoved } ? null
        : GateSteps.End(known, GateCodes.NameRemoved, "its metadata names no gate any more", now);

    /// <summary>It ended because its server did not name it, or was not there; and now it is there, and names it.</summary>
    private static bool IsNamedAgain(GateState known) => known is { Standing: GateStanding.Ended, Code: GateCodes.NameRemoved or GateCodes.InstanceGone };

    /// <summary>Whether a gate is over without asking anybody, or somebody has to be asked.</summary>
    /// <returns>Null for neither: it goes on waiting.</returns>
    public static GateMove Next(GatedInstance one, GateMoment moment)
    {
        (GateState gate, InstanceState? instance) = one;
        if (!gate.IsOpen || moment.Now < gate.NextLookAt)
            return GateMove.Rest;
        if (moment.Now >= gate.Since + moment.Options.GiveUpAfter)
            return GateMove.End(GateSteps.End(gate, GateCodes.GaveUp, gate.FailureCode is { } code ? $"the last failure was {code}: {gate.FailureDetail}" : "there was no verdict", moment.Now));
        if (instance is { GoneAt: not null })
            return GateMove.End(GateSteps.End(gate, GateCodes.InstanceGone, "Nova does not know the instance any more", moment.Now));
        // Looked at once at the beginning, so that what is wrong is seen before there is a verdict; then when there is something to say.
        bool isChecked = gate is { CheckedAt: not null, Standing: GateStanding.Waiting };
        return !isChecked || instance is null || MaySay(instance, moment.Options) ? GateMove.Look : GateMove.Rest;
    }

    /// <summary>What Nova and Heat say makes of a gate.</summary>
    public static GateStep Judge(GatedInstance one, GateFacts facts, GateMoment moment)
    {
        (GateState gate, DateTimeOffset now) = (one.Gate, moment.Now);
        if (facts.Server is not { IsDeleted: false } server)
            return GateSteps.End(gate, GateCodes.InstanceGone, "Nova does not know the instance any more", now);
        if (gate.Standing != GateStanding.Signalling)
        {
            if (server.Gate is not { } named)
                return server.IsUnknown ? GateSteps.Wait(gate, now) : GateSteps.End(gate, GateCodes.NameRemoved, "its metadata names no gate any more", now);
            if (!named.IsNamedBy(gate))
                return Notice(gate, named, now)!;
        }

        gate = gate with { Project = server.Project };
        if (facts.Heat is not { } heat)
            throw new InvalidOperationException("Heat was not asked");
        // What is not there yet is waited for from when Heat can say so.
        if (gate is { FailureCode: not null, CheckedAt: null })
            gate = gate with { Since = now };
        if (Misfit(gate, heat, now) is { } misfit)
            return misfit;
        // Sent before, and the end of that not written: or by a control plane whose database was lost.
        if (gate is { Standing: GateStanding.Signalling, IsSuccess: { } sent } && heat.Taken == GateAnswer.Word(sent))
            return GateSteps.Confirm(gate, isFound: true, now);
        if (GateAnswer.Of(one.Instance, server, facts.BootedAt, moment) is not { } answer)
            return GateSteps.Wait(gate with { CheckedAt = gate.CheckedAt ?? now }, now) with { IsRoundWanted = IsOutdated(one.Instance, server, moment.Options) };
        return heat.Taken == GateAnswer.Word(answer.IsSuccess)
            ? GateSteps.Confirm(GateSteps.With(gate, answer), isFound: true, now)
            : GateSteps.Intend(gate with { CheckedAt = gate.CheckedAt ?? now }, answer, now);
    }

    /// <summary>A verdict about the running guest can answer a gate: when that began is worth asking Nova for.</summary>
    public static bool MaySay(InstanceState instance, HeatOptions options) =>
        instance.Model != SweepRules.GuestReportModel || instance is { JudgedAt: not null, Verdict: Verdict.Affirming or Verdict.Contraindicated }
        || (instance is { JudgedAt: not null, Verdict: Verdict.Warning } && (options.Warning != GateOnWarning.Wait || SweepRules.IsSilent(instance)));

    /// <summary>It was judged, but not what runs there now, or long ago: it is asked again, unless it is asked already.</summary>
    private static bool IsOutdated(InstanceState? instance, ListedServer server, HeatOptions options) =>
        instance is { GoneAt: null, RoundOpenedAt: null, Model: SweepRules.GuestReportModel } && SweepRules.Answers(instance) && SweepRules.Answers(server.Status) && MaySay(instance, options);

    /// <summary>Why what is named is not the gate of this server; null when it is.</summary>
    private static GateStep? Misfit(GateState gate, HeatFacts heat, DateTimeOffset now)
    {
        if (heat.StackStatus is null)
            return NotThere(gate, GateCodes.StackNotFound, $"project {gate.Project} has no stack {gate.Stack}", now);
        if (heat.StackStatus.StartsWith("DELETE_", StringComparison.Ordinal))
            return GateSteps.End(gate, GateCodes.StackGone, $"the stack is in {heat.StackStatus}", now);
        if (heat.Handle is null)
            return NotThere(gate, GateCodes.HandleNotFound, $"the stack has no resource '{gate.Resource}'", now);
        if (heat.Handle.Type != HandleType)
            return GateSteps.Refuse(gate, GateCodes.HandleWrongType, $"resource '{gate.Resource}' is of type {heat.Handle.Type}, not {HandleType}", now);
        if (heat.Handle.Status.StartsWith("DELETE_", StringComparison.Ordinal))
            return GateSteps.End(gate, GateCodes.StackGone, $"the handle is in {heat.Handle.Status}", now);
        if (!heat.HoldsServer)
        {
            // Never "gone": that one stack holds both is what makes it a gate.
            return now < gate.Since + SettleTime ? GateSteps.Wait(gate, now)
                : GateSteps.Refuse(gate, GateCodes.ServerNotInStack, $"the stack holds no {ServerType} that is this instance", now);
        }

        return heat.Handle.Status == "INIT_COMPLETE" ? GateSteps.Wait(gate, now) : null;
    }

    private static GateStep NotThere(GateState gate, string code, string detail, DateTimeOffset now) =>
        gate.CheckedAt is not null ? GateSteps.End(gate, GateCodes.StackGone, detail, now)
        : now < gate.Since + SettleTime ? GateSteps.Wait(gate, now)
        : GateSteps.Refuse(gate, code, detail, now);
}
