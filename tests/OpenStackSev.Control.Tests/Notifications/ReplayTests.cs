using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>Ten thousand notifications in order, and the same ones twice and shuffled: the same state at the end.</summary>
public sealed class ReplayTests
{
    private const int Instances = 100;
    private const int PerInstance = 100;

    [Fact]
    public async Task Ten_thousand_notifications_twice_and_shuffled_lead_to_the_same_state()
    {
        await using IntakeLab inOrder = await IntakeLab.StartAsync(), shuffled = await IntakeLab.StartAsync();
        Guid[] ids = [.. Enumerable.Range(1, Instances).Select(i => new Guid(i, 0, 0, new byte[8]))];
        foreach (IntakeLab lab in new[] { inOrder, shuffled })
            await BornAsync(lab, ids);
        byte[][] life = Lived(inOrder, shuffled, ids);
        Assert.Equal(Instances * PerInstance, life.Length);

        await inOrder.HearAsync(life);
        byte[][] twice = [.. life, .. life];
        new Random(20261126).Shuffle(twice);
        await shuffled.HearAsync(twice);
        string[] expected = await Task.WhenAll(ids.Select(id => TextAsync(inOrder, id))), actual = await Task.WhenAll(ids.Select(id => TextAsync(shuffled, id)));
        Assert.Equal(expected, actual);
        // All kinds of ends are among them.
        foreach (string part in new[] { "gone", "unproven open", "Affirming open", "SHUTOFF", "compute2" })
            Assert.Contains(expected, text => text.Contains(part, StringComparison.Ordinal));

        // Once more, after those that live have answered: nothing is left to do.
        foreach (Guid id in ids.Where(id => actual[Array.IndexOf(ids, id)].Contains("open", StringComparison.Ordinal)))
            await shuffled.Cloud.AnswerAsync(id);
        long[] versions = await Task.WhenAll(ids.Select(async id => (await shuffled.Cloud.StateAsync(id)).Version));
        await shuffled.HearAsync(twice);
        Assert.Equal(versions, await Task.WhenAll(ids.Select(async id => (await shuffled.Cloud.StateAsync(id)).Version)));
    }

    private static async Task BornAsync(IntakeLab lab, Guid[] ids)
    {
        foreach (Guid id in ids)
            lab.Nova.Add(new FakeServer(id, "p1", "vm"));
        await lab.HearAsync([.. ids.Select(id => Heard.Of("instance.create.end", id, lab.Cloud.Now))]);
        foreach (Guid id in ids)
            await lab.Cloud.AnswerAsync(id);
    }

    /// <summary>What happens to all of them within an hour, in both clouds, and what Nova says about it.</summary>
    private static byte[][] Lived(IntakeLab one, IntakeLab other, Guid[] ids)
    {
        var random = new Random(42);
        var messages = new List<byte[]>();
        DateTimeOffset start = one.Cloud.Now;
        HashSet<Guid> deleted = [];
        foreach (int step in Enumerable.Range(1, PerInstance))
        {
            foreach (Guid id in ids)
            {
                // One in five only stops and goes, so that some keep what was proven of them.
                int choice = deleted.Contains(id) ? -1 : random.Next(id.GetHashCode() % 5 == 0 ? 4 : 24);
                (string eventType, string? status, string? host) = choice switch
                {
                    -1 => ("instance.delete.end", null, null),
                    < 2 => ("instance.power_off.end", "SHUTOFF", null),
                    < 10 => ("instance.power_on.end", "ACTIVE", null),
                    < 16 => ("instance.reboot.end", "ACTIVE", null),
                    < 18 => ("instance.pause.end", "PAUSED", null),
                    < 20 => ("instance.unpause.end", "ACTIVE", null),
                    20 => ("instance.rebuild.end", null, null),
                    21 => ("instance.resize_finish.end", null, "compute2"),
                    22 => ("instance.update", null, null),
                    _ => ("instance.delete.end", "DELETED", (string?)null),
                };
                if (choice > 22)
                    deleted.Add(id);
                foreach (IntakeLab lab in new[] { one, other })
                    lab.Nova.Change(id, server => server with { Status = status ?? server.Status, Host = host ?? server.Host });
                messages.Add(Heard.Of(eventType, id, start.AddSeconds(step * 30)));
            }
        }

        foreach (IntakeLab lab in new[] { one, other })
        {
            lab.Cloud.Control.Time.Advance(TimeSpan.FromHours(1));
            lab.Time.Advance(TimeSpan.FromHours(1));
        }

        return [.. messages];
    }

    private static async Task<string> TextAsync(IntakeLab lab, Guid id)
    {
        InstanceState state = await lab.Cloud.StateAsync(id);
        return $"{id} {state.Status} {state.HostName} {(state.Verdict is { } verdict ? $"{verdict}" : "unproven")} {(state.RoundOpenedAt is null ? "closed" : "open")} {(state.GoneAt is null ? "here" : "gone")} "
            + $"{(state.NextRoundAt == RoundTimes.Never ? "never" : "due")}";
    }
}
