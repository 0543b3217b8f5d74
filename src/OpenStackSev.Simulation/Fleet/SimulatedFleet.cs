using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Fleet;

/// <summary>Many guests on a few chips that drive a control plane over HTTP, some of them lying.</summary>
/// <remarks>
/// A round asks for all challenges, then makes all reports, then sends them, so that neither measured part waits for a signature. They have one
/// key together: what a control plane does with it costs the same, and to make a hundred thousand would not.
/// </remarks>
public sealed class SimulatedFleet : IDisposable
{
    private readonly HttpClient control;
    private readonly IReadOnlyList<FleetMember> members;
    private readonly byte[]? publicKey;
    private readonly FleetEvidence evidence;

    /// <param name="control">Its base address is the control plane's.</param>
    /// <param name="chips">Of their hosts; not disposed.</param>
    /// <param name="hasKey">Whether the guests have a key, without which there is no signed result.</param>
    /// <exception cref="ArgumentException">A member's chip is none of <paramref name="chips"/>.</exception>
    public SimulatedFleet(HttpClient control, IReadOnlyList<SimulatedSecurityProcessor> chips, IReadOnlyList<FleetMember> members, bool hasKey = true)
    {
        if (members.FirstOrDefault(member => member.Chip < 0 || member.Chip >= chips.Count) is { } stray)
            throw new ArgumentException($"instance {stray.Instance} is on chip {stray.Chip} of {chips.Count}", nameof(members));
        (this.control, this.members) = (control, members);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        publicKey = hasKey ? key.ExportSubjectPublicKeyInfo() : null;
        evidence = new FleetEvidence(chips, publicKey);
    }

    /// <summary>A whole round of all members.</summary>
    public async Task<IReadOnlyList<FleetOutcome>> RoundAsync(FleetPace pace, CancellationToken ct = default) =>
        await AnswerAsync(await AskAsync(pace, ct), pace, ct);

    /// <summary>Asks for the challenges, and makes the reports that answer them.</summary>
    public async Task<FleetChallenges> AskAsync(FleetPace pace, CancellationToken ct = default)
    {
        var asked = new ConcurrentBag<(FleetMember Member, Guid Challenge, byte[] Nonce, TimeSpan Took)>();
        var outcomes = new ConcurrentBag<FleetOutcome>();
        await new FleetRequests(control, pace).SendAsync("/v1/challenges", members, member => member, member => FleetRequests.ChallengeBody(member.Instance), (member, answer) =>
        {
            if (answer.Body is not { } body)
                outcomes.Add(new FleetOutcome(member, answer.Status, null, answer.Code, answer.Took, null));
            else if (member.Lie == SimulatedLie.Silence)
                outcomes.Add(new FleetOutcome(member, answer.Status, null, null, answer.Took, null));
            else
                asked.Add((member, body.GetProperty("id").GetGuid(), body.GetProperty("nonce").GetBytesFromBase64(), answer.Took));
        }, ct);

        var answers = new ConcurrentBag<FleetChallenges.Answer>();
        await Parallel.ForEachAsync(asked, ct, (one, _) =>
        {
            (byte[] report, byte[] certificates) = evidence.Of(one.Member, one.Nonce);
            answers.Add(new(one.Member, FleetRequests.EvidenceBody(one.Challenge, one.Member.Instance, report, publicKey, certificates), one.Took));
            return ValueTask.CompletedTask;
        });
        return new FleetChallenges([.. answers], [.. outcomes]);
    }

    /// <summary>Sends what <see cref="AskAsync"/> made.</summary>
    public async Task<IReadOnlyList<FleetOutcome>> AnswerAsync(FleetChallenges challenges, FleetPace pace, CancellationToken ct = default)
    {
        var outcomes = new ConcurrentBag<FleetOutcome>(challenges.Ended);
        await new FleetRequests(control, pace).SendAsync("/v1/evidence", challenges.Answers, one => one.Member, one => one.Body, (one, answer) =>
            outcomes.Add(new FleetOutcome(one.Member, answer.Status, VerdictOf(answer.Body), answer.Code ?? FindingOf(answer.Body), one.ChallengeTook, answer.Took)), ct);
        return [.. outcomes];
    }

    public void Dispose() => evidence.Dispose();

    private static string? VerdictOf(JsonElement? body) => body?.GetProperty("verdict").GetString();

    private static string? FindingOf(JsonElement? body) =>
        body is { } answer && answer.GetProperty("findings") is { ValueKind: JsonValueKind.Array } findings && findings.GetArrayLength() > 0 ? findings[0].GetString() : null;
}

/// <summary>Answers to open challenges, made and not yet sent.</summary>
public sealed class FleetChallenges
{
    internal FleetChallenges(IReadOnlyList<Answer> answers, IReadOnlyList<FleetOutcome> ended) => (Answers, Ended) = (answers, ended);

    internal IReadOnlyList<Answer> Answers { get; }

    /// <summary>Of members that got no challenge, or are silent.</summary>
    public IReadOnlyList<FleetOutcome> Ended { get; }

    internal sealed record Answer(FleetMember Member, byte[] Body, TimeSpan ChallengeTook);
}
