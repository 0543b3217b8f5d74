using System.Net;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Attestation.Snapshots;
using OpenStackSev.Cli.Scheduling;

namespace OpenStackSev.Cli.Tests.Scheduling;

public sealed class SnapshotRoundTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly FakeTimeProvider time = new(Snapshots.Now);

    public SnapshotRoundTests() => File.WriteAllBytes(Keys, Snapshots.Keys(Snapshots.Key));

    private string Keys => folder.At("keys.json");

    private string Target => folder.At("snapshot");

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string> Refused => new()
    {
        { "401", "401" },
        { "403", "403" },
        { "404", "snapshot.not_served" },
        { "500", "500" },
        { "503", "503" },
        { "cut short", "unreachable" },
        { "empty", "malformed_answer" },
        { "larger than is read", "answer_too_large" },
        { "garbage", "snapshot.malformed" },
        { "half", "snapshot.malformed" },
        { "by an unknown key", "snapshot.key_unknown" },
        { "with another signature", "snapshot.signature" },
        { "a result token", "snapshot.not_one" },
        { "not as this release reads it", "snapshot.malformed" },
        { "at its end", "snapshot.ended" },
        { "from the future", "snapshot.future" },
        { "older", "snapshot.older" },
    };

    [Theory, MemberData(nameof(Refused))]
    public async Task What_is_no_newer_snapshot_of_the_control_plane_never_takes_the_place_of_a_good_one(string what, string code)
    {
        byte[] good = Snapshots.Signed();
        await File.WriteAllBytesAsync(Target, good, TestContext.Current.CancellationToken);
        Exception? thrown = await Record.ExceptionAsync(() => RoundsAsync(() => Bad(what)));
        string? found = thrown switch
        {
            SnapshotException e => e.Code,
            AttestationApiException e => e.Code ?? (e.Status is { } status ? ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture) : "unreachable"),
            _ => thrown?.ToString(),
        };
        Assert.Equal(code, found);
        Assert.Equal(good, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
        Assert.Equal(2, Directory.GetFiles(folder.Path).Length);
    }

    [Fact]
    public async Task A_new_one_is_written_for_everybody_to_read_and_asked_for_by_its_tag_from_then_on()
    {
        byte[] first = Snapshots.Signed(), second = Snapshots.Signed(Snapshots.Of(2, Snapshots.Now.AddSeconds(1)));
        using ScriptedControlPlane plane = new(
            () => Snapshots.Answer(first, "\"a\""), () => new(HttpStatusCode.NotModified), () => Snapshots.Answer(second, "W/\"b\""), () => Snapshots.Answer(second, "\"b\""));
        List<SnapshotOutcome> outcomes = await RoundsAsync(plane, 4);
        Assert.Equal([true, false, true, false], outcomes.Select(outcome => outcome.Written));
        Assert.Equal([1, null, 2, 2], outcomes.Select(outcome => outcome.Snapshot?.Hosts.Count));
        // A weak tag promises nothing about bytes.
        Assert.Equal([null, "\"a\"", "\"a\"", null], plane.Known);
        Assert.Equal(second, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
        Assert.Equal("-rw-r--r--", ModeOf(Target));
    }

    [Fact]
    public async Task A_file_that_somebody_took_away_is_fetched_again()
    {
        using ScriptedControlPlane plane = new(() => Snapshots.Answer(Snapshots.Signed()), () => Snapshots.Answer(Snapshots.Signed()));
        SnapshotRound round = Round(plane);
        await round.RunAsync(TestContext.Current.CancellationToken);
        File.Delete(Target);
        Assert.True((await round.RunAsync(TestContext.Current.CancellationToken)).Written);
        Assert.Equal([null, null], plane.Known);
    }

    [Fact]
    public async Task Of_two_control_planes_the_later_word_stays_and_neither_is_a_failure()
    {
        byte[] earlier = Snapshots.Signed(Snapshots.Of(1, Snapshots.Now.AddMinutes(-1))), later = Snapshots.Signed();
        using ScriptedControlPlane plane = new(() => Snapshots.Answer(later, "\"a\""), () => Snapshots.Answer(earlier, "\"b\""), () => Snapshots.Answer(later, "\"a\""));
        List<SnapshotOutcome> outcomes = await RoundsAsync(plane, 3);
        Assert.Equal([true, false, false], outcomes.Select(outcome => outcome.Written));
        Assert.Equal(later, await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_nobody_believes_gives_way()
    {
        foreach (byte[] present in new[] { "garbage"u8.ToArray(), [], Snapshots.Signed(key: Snapshots.OtherKey), Snapshots.Signed(Snapshots.Of(3, Snapshots.Now.AddDays(1))) })
        {
            await File.WriteAllBytesAsync(Target, present, TestContext.Current.CancellationToken);
            Assert.True((await RoundsAsync(() => Snapshots.Answer(Snapshots.Signed())))[0].Written);
        }
    }

    [Fact]
    public async Task Other_keys_count_from_the_next_round_on()
    {
        byte[] rotated = Snapshots.Signed(key: Snapshots.OtherKey);
        using ScriptedControlPlane plane = new(() => Snapshots.Answer(rotated), () => Snapshots.Answer(rotated), () => Snapshots.Answer(rotated), () => Snapshots.Answer(rotated));
        SnapshotRound round = Round(plane);
        foreach ((byte[]? keys, string? code) in new (byte[]?, string?)[]
        {
            (Snapshots.Keys(Snapshots.Key), "snapshot.key_unknown"), (null, "keys.missing"), ("{\"keys\":[]}"u8.ToArray(), "keys.none"),
            (Snapshots.Keys(Snapshots.Key, Snapshots.OtherKey), null),
        })
        {
            File.Delete(Keys);
            if (keys is not null)
                await File.WriteAllBytesAsync(Keys, keys, TestContext.Current.CancellationToken);
            Exception? thrown = await Record.ExceptionAsync(() => round.RunAsync(TestContext.Current.CancellationToken));
            Assert.Equal(code, (thrown as SnapshotException)?.Code ?? thrown?.ToString());
        }
    }

    [Theory]
    [InlineData("a folder")]
    [InlineData("in a folder that is gone")]
    [InlineData("where nobody may write")]
    public async Task A_file_that_cannot_be_written_is_said_and_leaves_nothing_behind(string what)
    {
        string target = what switch { "a folder" => Target, "in a folder that is gone" => folder.At("gone/snapshot"), _ => "/sys/snapshot" };
        if (what == "a folder")
            Directory.CreateDirectory(target);
        using ScriptedControlPlane plane = new(() => Snapshots.Answer(Snapshots.Signed()));
        SnapshotException thrown = await Assert.ThrowsAsync<SnapshotException>(() => Round(plane, target).RunAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith("file.", thrown.Code, StringComparison.Ordinal);
        Assert.Equal([Keys], Directory.GetFiles(folder.Path));
    }

    [Fact]
    public void What_a_killed_process_left_goes_and_nothing_else_does()
    {
        foreach (string name in (string[])["snapshot", ".snapshot.0123456789ab.new", ".other.0123456789ab.new", "snapshot.new"])
            File.WriteAllText(folder.At(name), name);
        new SnapshotStore(Target).RemoveLeftovers();
        Assert.Equal([".other.0123456789ab.new", "keys.json", "snapshot", "snapshot.new"], Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Whoever_reads_meanwhile_reads_a_whole_one()
    {
        byte[][] texts = [Snapshots.Signed(Snapshots.Of(1)), Snapshots.Signed(Snapshots.Of(400))];
        SnapshotStore store = new(Target);
        store.Put(texts[0]);
        Task writer = Task.Run(() =>
        {
            for (int i = 0; i < 200; i++)
                store.Put(texts[i % 2]);
        }, TestContext.Current.CancellationToken);
        int reads = 0;
        do
        {
            byte[] read = await File.ReadAllBytesAsync(Target, TestContext.Current.CancellationToken);
            Assert.Contains(texts, text => text.AsSpan().SequenceEqual(read));
            reads++;
        }
        while (!writer.IsCompleted);
        await writer;
        Assert.NotEqual(0, reads);
    }

    private static HttpResponseMessage Bad(string what)
    {
        byte[] good = Snapshots.Signed(Snapshots.Of(2, Snapshots.Now.AddSeconds(1)));
        HttpResponseMessage broken = new(HttpStatusCode.OK) { Content = new StreamContent(new BrokenStream(good[..^10])) };
        broken.Content.Headers.ContentLength = good.Length;
        return what switch
        {
            "cut short" => broken,
            "empty" => Snapshots.Answer([]),
            "larger than is read" => Snapshots.Answer(new byte[2_000_000]),
            "garbage" => Snapshots.Answer("<html>"u8.ToArray()),
            "half" => Snapshots.Answer(good[..(good.Length / 3)]),
            "by an unknown key" => Snapshots.Answer(Snapshots.Signed(key: Snapshots.OtherKey)),
            "with another signature" => Snapshots.Answer([.. good[..^128], .. Snapshots.Signed()[^128..]]),
            "a result token" => Snapshots.Answer("eyJhbGciOiJFUzM4NCIsInR5cCI6ImVhdCtqd3QiLCJraWQiOiJ4In0.e30.AAAA"u8.ToArray()),
            "not as this release reads it" => Snapshots.Answer(SignedSnapshot.Sign("{\"version\":2}"u8, Snapshots.Key)),
            "at its end" => Snapshots.Answer(Snapshots.Signed(Snapshots.Of(1, Snapshots.Now.AddHours(-1), lastsHours: 1))),
            "from the future" => Snapshots.Answer(Snapshots.Signed(Snapshots.Of(1, Snapshots.Now.AddMinutes(6)))),
            "older" => Snapshots.Answer(Snapshots.Signed(Snapshots.Of(1, Snapshots.Now.AddSeconds(-121)))),
            _ => new((HttpStatusCode)int.Parse(what, System.Globalization.CultureInfo.InvariantCulture)),
        };
    }

    private async Task<List<SnapshotOutcome>> RoundsAsync(Func<HttpResponseMessage> answer)
    {
        using ScriptedControlPlane plane = new(answer);
        return await RoundsAsync(plane, 1);
    }

    private async Task<List<SnapshotOutcome>> RoundsAsync(ScriptedControlPlane plane, int count)
    {
        SnapshotRound round = Round(plane);
        List<SnapshotOutcome> outcomes = [];
        for (int i = 0; i < count; i++)
            outcomes.Add(await round.RunAsync(TestContext.Current.CancellationToken));
        return outcomes;
    }

    private SnapshotRound Round(ScriptedControlPlane plane, string? target = null) => new(
        new AttestationClient(plane, new Uri("https://attestation.example.org"), new AttestationClientOptions { MaximumResponseBytes = 1_000_000 }).Api,
        new SnapshotStore(target ?? Target), Keys, time);

    private static string ModeOf(string path)
    {
        UnixFileMode mode = File.GetUnixFileMode(path);
        return "-" + string.Concat(Enumerable.Range(0, 9).Select(bit => ((int)mode & (1 << (8 - bit))) != 0 ? "rwx"[bit % 3] : '-'));
    }
}
