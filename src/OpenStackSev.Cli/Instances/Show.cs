using System.CommandLine;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Cli.Instances;

/// <summary><c>osev instance show</c>: one instance and its last judgement.</summary>
internal static class Show
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> instance = Named();
        Option<bool> token = new("--token") { Description = "Print the signed result alone, for osev attest token verify." };
        OsevCommand command = new("show", "Show an instance: what was found of it, and why.",
            "osev instance show 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11", "osev instance show 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --token")
        {
            instance, token, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            InstanceAttestation found = await control.Api.GetInstanceAsync(parsed.GetRequiredValue(instance), ct);
            if (parsed.GetValue(token))
                console.WriteLine(found.Judgement?.Token ?? throw new CommandException("there is no signed result that counts now",
                    "the guest has to give a key, and to have answered within the life of a result: osev instance show without --token says more"));
            else
                console.WriteList(found, InstancesJson.Default.InstanceAttestation, ["FIELD", "VALUE"], Rows(found));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Argument<Guid> Named() => new("instance") { Description = "UUID of the server." };

    private static IEnumerable<string[]> Rows(InstanceAttestation found)
    {
        InstanceSummary instance = found.Instance;
        yield return ["instance", instance.Instance.ToString()];
        yield return ["name", instance.Name];
        yield return ["project", instance.Project];
        yield return ["model", instance.Model];
        yield return ["status", instance.Status];
        yield return ["verdict", List.Word(instance)];
        if (found.Explanation is { } words)
        {
            yield return ["in words", words.Summary];
            foreach (string reason in words.Reasons)
                yield return ["why", reason];
            foreach (string step in words.NextSteps)
                yield return ["next step", step];
        }

        if (instance.JudgedAt is { } judged)
            yield return ["judged", List.Time(judged)];
        yield return ["next round", instance.RoundOpenedAt is { } open ? $"an answer is awaited since {List.Time(open)}" : instance.NextRoundAt is { } next ? List.Time(next) : "none"];
        if (instance.NoAnswerCode is { } code)
            yield return ["no answer", code];
        if (found.Gate is { } gate)
            yield return ["gate", Gates.List.Words(gate)];
        if (instance.Host is { } host)
            yield return ["host", $"{host.Name ?? "none"} ({host.Node?.ToString() ?? "never reported"}){(host.Chip is { } chip ? $", chip {Hosts.Show.Short(chip)}" : "")}"];
        if (found.Judgement is not { } last)
            yield break;
        foreach (string[] row in Rows(last))
            yield return row;
    }

    private static IEnumerable<string[]> Rows(InstanceJudgement judgement)
    {
        foreach (InstanceFinding finding in judgement.Findings)
            yield return ["finding", $"{finding.Code} ({finding.Tier}): {finding.Subject}: expected {finding.Expected}, got {finding.Actual}"];
        foreach (string what in judgement.NotChecked)
            yield return ["not checked", what];
        yield return ["evidence", judgement.Evidence + (judgement.BoundToChip ? ", bound to the chip" : "")];
        foreach ((string name, string? value) in new[]
        {
            ("product", judgement.Product), ("REPORTED_TCB", judgement.Tcb), ("MEASUREMENT", judgement.Measurement), ("launch digest", judgement.LaunchDigest),
            ("key of the guest", judgement.Key),
        })
        {
            if (value is not null)
                yield return [name, value];
        }

        if (judgement.Policy is { } policy)
            yield return ["policy", $"{policy.Name}, number {policy.Number}, {policy.Digest}"];
        yield return ["signed result", judgement.TokenExpiresAt is { } end ? $"counts until {List.Time(end)}: --token prints it" : "none that counts now"];
    }
}
