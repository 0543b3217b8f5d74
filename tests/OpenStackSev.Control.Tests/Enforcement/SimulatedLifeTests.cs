using System.Text.Json;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>Two hours of a cloud's life: whatever happens, what must always hold holds at the end of each minute.</summary>
public sealed class SimulatedLifeTests
{
    /// <summary>Looks after which something is done about an instance that turned bad, or a reason is named.</summary>
    private static readonly TimeSpan s_grace = TimeSpan.FromMinutes(1);

    /// <summary>Two lives, or as many as OSEV_LIVES says.</summary>
    public static TheoryData<int> Seeds { get; } = [.. Enumerable.Range(1, int.TryParse(Environment.GetEnvironmentVariable("OSEV_LIVES"), out int lives) ? lives : 2)];

    [Theory, MemberData(nameof(Seeds))]
    public async Task Nobody_good_is_acted_on_nobody_bad_is_forgotten_and_history_explains_every_state(int seed)
    {
        await using SimulatedLife life = await SimulatedLife.BeginAsync(seed, servers: 14);
        int seen = 0;
        for (int minute = 0; minute < 120; minute++)
        {
            await life.MinuteAsync();
            try
            {
                seen = await NobodyGoodWasActedOnAsync(life, seen);
                await NobodyBadIsForgottenAsync(life);
                UsersLocksStay(life);
                if (minute % 20 == 19)
                    await HistoryExplainsAsync(life);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Assert.Fail($"seed {seed}, minute {minute}: {e.Message}\n{string.Join('\n', life.Diary)}");
            }
        }

        Assert.Contains(life.Nova.Actions, action => action.User == FakeNova.ServiceUser);
        await EverybodyComesFreeAsync(life);
        await HistoryExplainsAsync(life);
    }

    /// <summary>Every measure of ours was about an instance that is contraindicated at the end of that minute; nothing is judged after the look that did it.</summary>
    private static async Task<int> NobodyGoodWasActedOnAsync(SimulatedLife life, int seen)
    {
        FakeAction[] actions = [.. life.Nova.Actions];
        foreach (FakeAction action in actions.Skip(seen).Where(action => action.User == FakeNova.ServiceUser && action.Name is "tag" or "lock" or "stop" or "shelve"))
        {
            InstanceState state = await StateAsync(life, action.Server);
            Assert.True(state.Verdict == Verdict.Contraindicated, $"{action.Name} was done to {action.Server}, which is {state.Verdict?.ToString() ?? "not judged"}");
            Assert.NotEqual("p5", state.Project);
            Assert.False(state.Project == "p6", "p6 is opted in to events only");
        }

        return actions.Length;
    }

    /// <summary>Whoever is contraindicated for longer than a look has what the rules want, or a reason why not. While Nova is away nobody looks.</summary>
    private static async Task NobodyBadIsForgottenAsync(SimulatedLife life)
    {
        foreach (Citizen citizen in life.Citizens.Values.Where(one => !one.IsDead))
        {
            EnforcedInstance both = await life.Of<EnforcementStates>().BothAsync(citizen.Id, TestContext.Current.CancellationToken);
            if (both.Instance is not { Verdict: Verdict.Contraindicated, GoneAt: null } state || life.Now - state.JudgedAt < s_grace)
                continue;
            EnforcementState? row = both.Row;
            Assert.True(row is { Standing: EnforcementStanding.Acted or EnforcementStanding.Acting } or { Reason: not null },
                $"{citizen.Id} is contraindicated since {state.JudgedAt:HH:mm}, and nobody says why nothing is done: {row}");
        }
    }

    private static void UsersLocksStay(SimulatedLife life)
    {
        foreach (Citizen citizen in life.Citizens.Values.Where(one => one is { IsDead: false, LockedByUser: true }))
        {
            FakeServer server = life.Nova.Server(citizen.Id);
            Assert.True(server is { IsLocked: true, LockedReason: "mine" }, $"the lock of {citizen.Id}'s user is gone: {server.LockedReason ?? "unlocked"}");
        }
    }

    /// <summary>Told again from its beginning, the history of each instance ends where its state is.</summary>
    private static async Task HistoryExplainsAsync(SimulatedLife life)
    {
        foreach (Guid id in life.Citizens.Keys)
        {
            if (await life.Of<InstanceStates>().FindAsync(id, TestContext.Current.CancellationToken) is not { } state)
                continue;
            (string? verdict, bool isGone) = Told((await life.Of<HistoryReader>().OfSubjectAsync(id, HistoryReader.MaximumLimit)).Reverse());
            Assert.True((verdict, isGone) == (state.Verdict?.ToString().ToLowerInvariant(), state.GoneAt is not null),
                $"history of {id} ends with {verdict ?? "no verdict"}, and its state is {state.Verdict?.ToString() ?? "no verdict"}, gone at {state.GoneAt}");
        }
    }

    private static (string? Verdict, bool IsGone) Told(IEnumerable<HistoryRow> rows)
    {
        (string? verdict, bool isGone) = (null, false);
        foreach (HistoryRow row in rows)
        {
            using JsonDocument body = JsonDocument.Parse(row.Body);
            switch (row.Kind)
            {
                case "instance.verdict" or "instance.silent":
                    verdict = body.RootElement.GetProperty("verdict").GetString();
                    break;
                case "instance.not_encrypted":
                    verdict = "contraindicated";
                    break;
                case "instance.seen" or "instance.changed" or "instance.moved" or "instance.returned" or "instance.rebuilt":
                    (verdict, isGone) = (null, false);
                    break;
                case "instance.gone":
                    isGone = true;
                    break;
            }
        }

        return (verdict, isGone);
    }

    /// <summary>When all is well again everybody proves himself, those that were stopped after an administrator's release; and nothing of ours is left.</summary>
    private static async Task EverybodyComesFreeAsync(SimulatedLife life)
    {
        life.ComeToRest();
        await ResumeAsync(life);
        for (int minute = 0; minute < 90; minute++)
        {
            await life.MinuteAsync(quiet: true);
            if (minute == 20)
                await ReleaseAsync(life);
        }

        foreach (Citizen citizen in life.Citizens.Values.Where(one => !one.IsDead))
        {
            FakeServer server = life.Nova.Server(citizen.Id);
            EnforcedInstance both = await life.Of<EnforcementStates>().BothAsync(citizen.Id, TestContext.Current.CancellationToken);
            string told = $"{citizen.Id}: {server}\n{both.Row}\n{string.Join('\n', life.Diary.Where(line => line.Contains(citizen.Id.ToString(), StringComparison.Ordinal)))}";
            Assert.True(server.Status == "ACTIVE" && both.Instance!.Verdict == Verdict.Affirming, told);
            Assert.True(server.Tags.Count == 0 && server.IsLocked == citizen.LockedByUser, told);
            Assert.True(both.Row is null or { Standing: EnforcementStanding.Clear }, told);
        }
    }

    private static async Task ResumeAsync(SimulatedLife life)
    {
        if ((await life.Of<EnforcementStates>().BreakerAsync(TestContext.Current.CancellationToken))?.OpenedAt is not null)
            await PostAsync(life, "/v1/enforcement/resume", """{"reason":"looked at"}""");
    }

    /// <summary>A guest that was stopped cannot prove anything: that is an administrator's word.</summary>
    private static async Task ReleaseAsync(SimulatedLife life)
    {
        foreach (Citizen citizen in life.Citizens.Values.Where(one => !one.IsDead && life.Nova.Server(one.Id).Status == "SHUTOFF"))
            await PostAsync(life, $"/v1/instances/{citizen.Id}/release", """{"reason":"looked at","hours":1}""");
    }

    private static async Task PostAsync(SimulatedLife life, string path, string body)
    {
        using HttpResponseMessage response = await life.Lab.SendAsync(HttpMethod.Post, path, ("X-Auth-Token", life.Lab.Control.Keystone.Issue("root", "p0", "admin").Secret), body);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task<InstanceState> StateAsync(SimulatedLife life, Guid instance) =>
        await life.Of<InstanceStates>().FindAsync(instance, TestContext.Current.CancellationToken) ?? throw new InvalidOperationException($"{instance} is not known");
}
