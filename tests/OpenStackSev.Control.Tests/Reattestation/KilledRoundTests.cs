using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Reattestation.Results;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>A control plane that dies at each step of a round in turn, and another one that goes on with its database.</summary>
public sealed class KilledRoundTests
{
    /// <summary>Far more than a round has; without an end the test would show nothing.</summary>
    private const int MostSteps = 100;

    [Fact]
    public async Task Wherever_it_dies_nothing_is_lost_no_instance_is_forgotten_and_no_challenge_is_good_twice()
    {
        var database = new DeadlyDatabase();
        database.Live();
        await using GuestLab lab = await GuestLab.StartAsync(
            new Dictionary<string, string> { ["reattestation.instance_requests_per_minute"] = "0" }, replace: services =>
            {
                services.AddSingleton(provider => database.Open(Path.Join(provider.GetRequiredService<ProcessOptions>().StateDir, "control.sqlite")));
                // It reads at times of its own, which are no step of a round.
                services.Remove(services.Single(service => service.ImplementationType == typeof(InstanceMetrics)));
            });
        SimulatedGuest guest = await lab.GuestAsync();
        var sent = new List<Evidence>();
        var places = new HashSet<string>(StringComparer.Ordinal);
        int steps = 0, answered = 0;
        for (string? died = ""; died is not null; places.Add(died ?? "nowhere"))
        {
            Assert.True(++steps < MostSteps);
            database.DieAt(steps);
            Answer<Challenge> given = await guest.AskAsync();
            if (given.Value is { } challenge)
            {
                sent.Add(guest.Evidence(challenge));
                answered += (await guest.SendAsync(sent[^1])).Status == HttpStatusCode.OK ? 1 : 0;
            }

            died = database.DiedAt;
            database.Live();
            if (died is null)
                break;
            await lab.Control.RestartAsync();
            await lab.ReportAsync(GuestLab.Node, GuestLab.Host, lab.Chip);

            // What was given before is given again, unless it was used up: a kill opens no second one beside it.
            Challenge open = (await guest.AskAsync()).Good;
            int used = await UsedAsync(lab, open.Id);
            Assert.Equal(0, used);
            if (given.Value is { } before && open.Id != before.Id)
                Assert.Equal(1, await UsedAsync(lab, before.Id));
            sent.Add(guest.Evidence(open));
            Assert.Equal("affirming", (await guest.SendAsync(sent[^1])).Good.Verdict);
            answered++;
            foreach (Evidence old in sent.TakeLast(3))
                Assert.Null((await guest.SendAsync(old)).Value);
            Assert.Equal("affirming", (await lab.AttestationAsync()).Instance.Verdict);
        }

        Assert.Superset(new HashSet<string> { "before a command", "before a commit", "after a commit", "nowhere" }, places.Append("nowhere").ToHashSet(StringComparer.Ordinal));
        JsonElement[] verdicts = [.. (await lab.LookAsync($"/v1/instances/{GuestLab.Instance}/history?limit=1000")).GetProperty("records").EnumerateArray()
            .Where(record => record.GetProperty("kind").GetString() == "instance.verdict")];
        string[] challenges = [.. verdicts.Select(verdict => verdict.GetProperty("body").GetProperty("challenge").GetString()!)];
        Assert.Equal(challenges.Length, challenges.Distinct(StringComparer.Ordinal).Count());
        Assert.InRange(challenges.Length, answered, sent.Count);
        Assert.Single((await lab.LookAsync("/v1/instances")).GetProperty("instances").EnumerateArray());
    }

    private static async Task<int> UsedAsync(GuestLab lab, Guid challenge) =>
        (await lab.LookAsync($"/v1/instances/{GuestLab.Instance}/history?limit=1000")).GetProperty("records").EnumerateArray()
            .Count(record => record.GetProperty("kind").GetString() == "instance.verdict" && record.GetProperty("body").GetProperty("challenge").GetGuid() == challenge);
}
