using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;

namespace OpenStackSev.Endorsements.Tests.Kds;

public sealed class KdsQueueTests
{
    private readonly FakeTimeProvider _time = new(new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero));

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private static KdsRequest Vcek(int chip) => KdsRequest.Vcek(ProductLine.Turin, Simulated.Chip(chip), Simulated.Tcb);

    private double[] Seconds(FakeKds kds) => [.. kds.Requests.Select(request => (request.At - _time.Start).TotalSeconds)];

    [Fact]
    public async Task Requests_go_one_at_a_time_at_the_pace_and_shared_ones_first()
    {
        FakeKds kds = new(_time, Simulated.Turin) { Interval = TimeSpan.FromSeconds(10) };
        using KdsQueue queue = kds.Queue();
        Task<byte[]> first = queue.FetchAsync(Vcek(1), Ct);
        await first;        // at once
        Task all = Task.WhenAll(
            queue.FetchAsync(Vcek(2), Ct), queue.FetchAsync(Vcek(3), Ct),
            queue.FetchAsync(KdsRequest.VcekRevocations(ProductLine.Turin), Ct), queue.FetchAsync(KdsRequest.VcekChain(ProductLine.Turin), Ct));
        Assert.Equal(4, queue.Status.Waiting);
        Assert.Equal(TimeSpan.FromSeconds(10), queue.Status.NextIn);
        await _time.RunAsync(queue, all);
        await all;
        Assert.Equal([0, 10, 20, 30, 40], Seconds(kds));
        Assert.Equal(["cert_chain", "crl", "0002?", "0003?"],
            kds.Requests.Skip(1).Select(request => new[] { "cert_chain", "crl", "0002?", "0003?" }.Single(part => request.Path.Contains(part, StringComparison.Ordinal))));
        Assert.Equal(1, kds.MostAtOnce);
    }

    [Theory]
    [InlineData("25", 25)]
    [InlineData("Tue, 24 Nov 2026 12:00:40 GMT", 40)]
    [InlineData("1", 10)]               // never sooner than the pace
    [InlineData("2147483647", 600)]     // absurd: bounded
    [InlineData("Fri, 31 Dec 9999 23:59:59 GMT", 600)]
    [InlineData("-1", 10)]
    [InlineData(null, 10)]
    public async Task Retry_After_is_kept_to_by_all_within_bounds(string? retryAfter, double seconds)
    {
        int failures = 1;
        FakeKds kds = new(_time, Simulated.Turin) { Trouble = _ => failures-- > 0 ? FakeKds.Answer(429, retryAfter) : null };
        using KdsQueue queue = kds.Queue();
        Task all = Task.WhenAll(queue.FetchAsync(Vcek(1), Ct), queue.FetchAsync(Vcek(2), Ct));
        await _time.RunAsync(queue, all);
        await all;
        Assert.Equal([0, seconds, seconds + 10], Seconds(kds));
        Assert.Contains("0001?", kds.Requests[1].Path, StringComparison.Ordinal);       // its place was kept
    }

    [Fact]
    public async Task Without_Retry_After_the_waits_double_up_to_a_bound_with_jitter()
    {
        int failures = 8;
        FakeKds kds = new(_time, Simulated.Turin) { Trouble = _ => failures-- > 0 ? throw new HttpRequestException("no route") : null };
        using KdsQueue queue = new(kds.Client()) { Jitter = () => 1 };
        await _time.RunAsync(queue, queue.FetchAsync(Vcek(1), Ct));
        await _time.RunAsync(queue, queue.FetchAsync(Vcek(2), Ct));
        double[] at = Seconds(kds);
        Assert.Equal([11, 22, 44, 88, 176, 352, 600, 600, 10], at.Zip(at.Skip(1), (one, next) => Math.Round(next - one)));       // all is forgotten after one success
    }

    [Fact]
    public async Task A_request_that_the_service_cannot_answer_lets_others_pass_and_keeps_its_place()
    {
        int failures = 2;
        FakeKds kds = new(_time, Simulated.Turin)
        {
            Trouble = path => path.Contains("0001?", StringComparison.Ordinal) && failures-- > 0 ? FakeKds.Answer(500) : null,
        };
        using KdsQueue queue = kds.Queue();
        Task[] all = [.. Enumerable.Range(1, 5).Select(chip => queue.FetchAsync(Vcek(chip), Ct))];
        await _time.RunAsync(queue, Task.WhenAll(all));
        await Task.WhenAll(all);
        // Fails at 0 and 10; may be tried again at 30, and is then before those that came after it.
        Assert.Equal(["1", "1", "2", "1", "3", "4", "5"], kds.Requests.Select(request => request.Path.Split('?')[0][^1..]));
    }

    [Fact]
    public async Task A_404_is_the_answer_and_not_tried_again()
    {
        FakeKds kds = new(_time);
        using KdsQueue queue = kds.Queue();
        Assert.Equal(KdsCodes.NotFound, (await Assert.ThrowsAsync<KdsException>(() => queue.FetchAsync(Vcek(1), Ct))).Code);
        Assert.Single(kds.Requests);
    }

    [Fact]
    public async Task Who_leaves_the_queue_costs_the_others_nothing()
    {
        FakeKds kds = new(_time, Simulated.Turin) { Interval = TimeSpan.FromSeconds(10) };
        using KdsQueue queue = kds.Queue();
        using CancellationTokenSource stop = new();
        await queue.FetchAsync(Vcek(1), Ct);
        Task<byte[]> leaves = queue.FetchAsync(Vcek(2), stop.Token), stays = queue.FetchAsync(Vcek(3), Ct);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        await _time.RunAsync(queue, stays);
        Assert.Equal([0, 10], Seconds(kds));
        Assert.Equal(0, kds.Count("0002?"));
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once_and_takes_again_when_there_is_room()
    {
        FakeKds kds = new(_time, Simulated.Turin);
        using KdsQueue queue = kds.Queue(new() { QueueLength = 2 });
        await queue.FetchAsync(Vcek(1), Ct);
        Task<byte[]> second = queue.FetchAsync(Vcek(2), Ct), third = queue.FetchAsync(Vcek(3), Ct);
        KdsException full = await Assert.ThrowsAsync<KdsException>(() => queue.FetchAsync(Vcek(4), Ct));
        Assert.Equal((KdsCodes.QueueFull, true), (full.Code, full.IsTransient));
        await _time.RunAsync(queue, second);
        Task<byte[]> again = queue.FetchAsync(Vcek(4), Ct);
        await _time.RunAsync(queue, Task.WhenAll(third, again));
        Assert.Equal(4, kds.Requests.Count);
    }

    [Fact]
    public async Task A_service_that_is_gone_for_long_fails_all_who_wait_each_by_its_own_path()
    {
        FakeKds kds = new(_time) { Trouble = _ => throw new HttpRequestException("no route") };
        using KdsQueue queue = kds.Queue();
        Task<byte[]>[] all = [.. Enumerable.Range(1, 3).Select(chip => queue.FetchAsync(Vcek(chip), Ct))];
        await _time.RunAsync(queue, (Task)Task.WhenAll(all));
        for (int i = 0; i < all.Length; i++)
        {
            KdsException gone = await Assert.ThrowsAsync<KdsException>(() => all[i]);
            Assert.Equal((KdsCodes.Unreachable, Vcek(i + 1).Path), (gone.Code, gone.Path));
        }
        Assert.InRange((_time.GetUtcNow() - _time.Start).TotalMinutes, 60, 71);
        Assert.InRange(kds.Requests.Count, 5, 20);
    }

    [Fact]
    public async Task The_end_of_the_queue_is_a_cancellation_to_who_waits()
    {
        FakeKds kds = new(_time, Simulated.Turin);
        KdsQueue queue = kds.Queue();
        await queue.FetchAsync(Vcek(1), Ct);
        Task<byte[]> waits = queue.FetchAsync(Vcek(2), Ct);
        queue.Dispose();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waits);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => queue.FetchAsync(Vcek(3), Ct));
    }
}
