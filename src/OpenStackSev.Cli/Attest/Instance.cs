using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Cli.Hosts;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest instance</c>: asks a running instance to prove itself, and tells what it proved.</summary>
internal static class Instance
{
    private static readonly TimeSpan s_pause = TimeSpan.FromSeconds(2);

    public static Command Create(CommandConsole console)
    {
        Argument<Guid> instance = new("instance") { Description = "UUID of the server." };
        Option<bool> now = new("--now") { Description = "Ask it now, instead of at its own time; it is nudged through its metadata." };
        Option<bool> wait = new("--wait") { Description = "With --now: until it has answered, or its silence was judged." };
        Option<int> timeout = new("--timeout") { Description = "With --wait: seconds, 1 to 86400.", HelpName = "SECONDS", DefaultValueFactory = _ => 600 };
        timeout.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 86400)
                result.AddError("--timeout: must be 1 to 86400 seconds");
        });
        OsevCommand command = new("instance",
            "Show the verdict of an instance, or ask it to prove itself now. Exit code: 0 affirming, 1 warning, 2 contraindicated, 3 none or not known.",
            "osev attest instance 5f1c2b3a-1111-4222-8333-444455556666 --now --wait",
            "osev attest instance 5f1c2b3a-1111-4222-8333-444455556666 -f json")
        {
            instance, now, wait, timeout, ColumnOption.Instance,
        };
        command.FailureCode = VerdictExit.None;
        command.SetAction(async (parsed, ct) =>
        {
            Guid id = parsed.GetRequiredValue(instance);
            if (parsed.GetValue(wait) && !parsed.GetValue(now))
                throw CommandException.BadUsage("--wait waits for the answer to --now", "give both, or neither");
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            OpenedRound? round = parsed.GetValue(now) ? await control.Api.OpenRoundAsync(id, ct) : null;
            InstanceAttestation found = round is not null && parsed.GetValue(wait)
                ? await AnsweredAsync(console, control.Api, round, TimeSpan.FromSeconds(parsed.GetValue(timeout)), ct)
                : await control.Api.GetInstanceAsync(id, ct);
            Write(console, found);
            return CodeOf(found);
        });
        return command;
    }

    /// <summary>The instance, once it was judged in this round.</summary>
    private static async Task<InstanceAttestation> AnsweredAsync(
        CommandConsole console, IAttestationApi control, OpenedRound round, TimeSpan timeout, CancellationToken ct)
    {
        DateTimeOffset start = DateTimeOffset.UtcNow;
        try
        {
            while (true)
            {
                InstanceAttestation found = await control.GetInstanceAsync(round.Instance, ct);
                if (found.Instance.JudgedAt >= round.OpenedAt)
                    return found;
                TimeSpan waited = DateTimeOffset.UtcNow - start;
                if (waited >= timeout)
                {
                    throw new CommandException($"instance {round.Instance} has not answered within {timeout.TotalSeconds:0} s{(found.Instance.NoAnswerCode is { } code ? $"; what came failed by {code}" : "")}",
                        "does its attester run? The round stays open: osev attest instance shows later what came of it");
                }

                console.WriteProgress($"instance {round.Instance} is {found.Instance.Status}, waiting for its answer: {waited.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)} s"
                    + (found.Instance.NoAnswerCode is { } last ? $", last {last}" : ""));
                await Task.Delay(s_pause, ct);
            }
        }
        finally
        {
            console.WriteProgress("");
        }
    }

    private static void Write(CommandConsole console, InstanceAttestation found) =>
        console.WriteList(found, RoundJson.Default.InstanceAttestation, ["FIELD", "VALUE"], Rows(found));

    private static IEnumerable<string[]> Rows(InstanceAttestation found)
    {
        InstanceSummary instance = found.Instance;
        yield return ["instance", instance.Instance.ToString()];
        yield return ["name", instance.Name];
        yield return ["model", instance.Model];
        yield return ["status", instance.Status];
        yield return ["verdict", (instance.Verdict ?? "not judged yet") + (instance.Simulated ? " (simulated: proves nothing about hardware)" : "")];
        yield return ["judged", instance.JudgedAt is { } judged ? List.Time(judged) : "never"];
        yield return ["evidence", found.Judgement?.Evidence ?? "none"];
        foreach (InstanceFinding finding in found.Judgement?.Findings ?? [])
            yield return ["finding", $"{finding.Code}: {finding.Subject}: expected {finding.Expected}, found {finding.Actual}"];
        yield return ["round", instance.RoundOpenedAt is { } opened ? "open since " + List.Time(opened) : "none open"];
        if (instance.NoAnswerCode is { } code)
            yield return ["no answer", code];
    }

    private static int CodeOf(InstanceAttestation found) => found.Instance.Verdict switch
    {
        "affirming" => ExitCode.Ok,
        "warning" => 1,
        "contraindicated" => 2,
        _ => VerdictExit.None,
    };
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, WriteIndented = true)]
[JsonSerializable(typeof(InstanceAttestation))]
internal sealed partial class RoundJson : JsonSerializerContext;
