using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Results;
using OpenStackSev.Control.Tests.Reattestation;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>A control plane that dies at each step of acting and of undoing in turn, in its database or in Nova, and another one that goes on.</summary>
public sealed class KilledEnforcementTests
{
    /// <summary>Far more than a look has; without an end the test would show nothing.</summary>
    private const int MostSteps = 300;

    [Theory]
    [InlineData("lock, stop", false), InlineData("tag, lock", true), InlineData("shelve", true)]
    public async Task Wherever_it_dies_nothing_is_done_twice_and_nothing_is_forgotten(string measures, bool undoing)
    {
        var database = new DeadlyDatabase();
        database.Live();
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("tag, lock, stop", measures, StringComparison.Ordinal), services =>
        {
            services.AddSingleton(provider => database.Open(Path.Join(provider.GetRequiredService<ProcessOptions>().StateDir, "control.sqlite")));
            // It reads at times of its own, which are no step of a look.
            services.Remove(services.Single(service => service.ImplementationType == typeof(InstanceMetrics)));
        });
        string[] wanted = measures.Split(", "), done = [.. wanted, .. wanted.Reverse().Select(Undone)];
        var places = new HashSet<string>(StringComparer.Ordinal);
        string? died = "";
        for (int step = 1; died is not null; step++)
        {
            Assert.True(step < MostSteps);
            Guid instance = await cloud.AddAsync();
            if (undoing)
            {
                await cloud.LookAsync();
                await cloud.JudgeAsync(instance, Verdict.Affirming);
            }

            database.DieAt(step);
            await cloud.LookAsync();
            died = database.DiedAt;
            database.Live();
            places.Add(died ?? "nowhere");
            await cloud.Control.RestartAsync();
            // Once more, and once more: what is there is not done again.
            for (int i = 0; i < 3; i++)
                await cloud.LookAsync();
            await AssertAsync(cloud, instance, undoing ? done : wanted, undoing);
            await cloud.JudgeAsync(instance, Verdict.Affirming);
            await cloud.LookAsync();
            await AssertAsync(cloud, instance, done, isUndone: true);
            cloud.Nova.Delete(instance);
        }

        Assert.Superset(new HashSet<string> { "before a command", "before a commit", "after a commit", "nowhere" }, places);
    }

    /// <summary>Nova does it, and the answer is lost with the control plane, or with the connection.</summary>
    [Theory, InlineData(true), InlineData(false)]
    public async Task Dying_between_Novas_deed_and_its_answer_does_nothing_twice(bool dies)
    {
        var database = new DeadlyDatabase();
        database.Live();
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(replace: services =>
        {
            services.AddSingleton(provider => database.Open(Path.Join(provider.GetRequiredService<ProcessOptions>().StateDir, "control.sqlite")));
            services.Remove(services.Single(service => service.ImplementationType == typeof(InstanceMetrics)));
        });
        foreach (string measure in new[] { "tag", "lock", "stop", "start", "unlock", "untag" })
        {
            Guid instance = await cloud.AddAsync();
            bool fired = false;
            cloud.Nova.AfterAction = action =>
            {
                if (action.Name != measure || action.Server != instance || fired)
                    return;
                fired = true;
                if (dies)
                    database.DieAt(1);
                else
                    throw new InvalidOperationException("the answer is lost");
            };
            await cloud.LookAsync();
            if (measure is "start" or "unlock" or "untag")
            {
                await cloud.JudgeAsync(instance, Verdict.Affirming);
                await cloud.LookAsync();
            }

            Assert.True(fired);
            database.Live();
            if (dies)
                await cloud.Control.RestartAsync();
            for (int i = 0; i < 3; i++)
                await cloud.LookAsync(TimeSpan.FromMinutes(1));
            await cloud.JudgeAsync(instance, Verdict.Affirming);
            for (int i = 0; i < 3; i++)
                await cloud.LookAsync(TimeSpan.FromMinutes(1));
            await AssertAsync(cloud, instance, ["tag", "lock", "stop", "start", "unlock", "untag"], isUndone: true);
            cloud.Nova.Delete(instance);
        }
    }

    private static async Task AssertAsync(EnforcedCloud cloud, Guid instance, string[] done, bool isUndone)
    {
        Assert.Equal(done, cloud.Nova.Ours(instance));
        EnforcementState row = await cloud.RowAsync(instance);
        Assert.Equal((isUndone ? EnforcementStanding.Clear : EnforcementStanding.Acted, Measures.None), (row.Standing, row.Pending));
        IReadOnlyList<string> told = await cloud.HistoryAsync(instance);
        // Each deed was written before and after, once.
        int deeds = done.Length;
        Assert.Equal(deeds, told.Count(kind => kind == EnforcementEvents.Intended));
        Assert.Equal(deeds + 2, told.Count(kind => kind is EnforcementEvents.Done or EnforcementEvents.Undone));
        Assert.DoesNotContain(EnforcementEvents.Cancelled, told);
    }

    private static string Undone(string measure) => measure switch { "tag" => "untag", "lock" => "unlock", "stop" => "start", _ => "unshelve" };
}
