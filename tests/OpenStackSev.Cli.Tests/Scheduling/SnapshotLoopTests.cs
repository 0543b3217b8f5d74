using System.Net;
using Microsoft.Extensions.Hosting.Systemd;
using OpenStackSev.Api.Client;
using OpenStackSev.Cli.Scheduling;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.Cli.Tests.Scheduling;

public sealed class SnapshotLoopTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly ElapsingTime time = new(Snapshots.Now);
    private readonly List<string> said = [];
    private readonly Notifications systemd = new();

    public SnapshotLoopTests() => File.WriteAllBytes(folder.At("keys.json"), Snapshots.Keys(Snapshots.Key));

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_change_of_state_is_one_line_and_what_lasts_is_none()
    {
        await RunAsync(Good, Unchanged, Broken, Broken, Broken, Garbage, Garbage, Good, Unchanged, Broken);
        Assert.Collection(said,
            line => Assert.StartsWith("up: 1 hosts in ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("down: attestation 500", line, StringComparison.Ordinal),
            line => Assert.StartsWith("down: snapshot.malformed: ", line, StringComparison.Ordinal),
            line => Assert.StartsWith("up: ", line, StringComparison.Ordinal),
            line => Assert.EndsWith("stays as it is", line, StringComparison.Ordinal));
        Assert.Equal(["READY=1", .. said.Select(line => "STATUS=" + line), "STOPPING=1"], systemd.Sent);
    }

    [Fact]
    public async Task Failures_are_waited_for_longer_up_to_a_minute_and_a_success_ends_that()
    {
        await RunAsync(Good, Broken, Broken, Broken, Broken, Good, Throttled, Broken, Good);
        Assert.Equal([10, 20, 40, 60, 60, 10, 45, 40, 10], time.Waits.Select(wait => wait.TotalSeconds));
    }

    [Fact]
    public async Task Those_that_start_together_do_not_ask_together()
    {
        Queue<double> chances = new([0, 1, 0.5]);
        await WithChanceAsync(chances.Dequeue, Unchanged, Unchanged, Unchanged);
        Assert.Equal([9, 11, 10], time.Waits.Select(wait => Math.Round(wait.TotalSeconds, 3)));
    }

    [Fact]
    public async Task A_defect_ends_it()
    {
        await Assert.ThrowsAsync<NotSupportedException>(() => RunAsync(() => throw new NotSupportedException()));
    }

    private static HttpResponseMessage Good() => Snapshots.Answer(Snapshots.Signed());

    private static HttpResponseMessage Unchanged() => new(HttpStatusCode.NotModified);

    private static HttpResponseMessage Broken() => new(HttpStatusCode.InternalServerError);

    private static HttpResponseMessage Garbage() => Snapshots.Answer("garbage\nSTATUS=up"u8.ToArray());

    private static HttpResponseMessage Throttled()
    {
        HttpResponseMessage answer = new(HttpStatusCode.TooManyRequests);
        answer.Headers.RetryAfter = new(TimeSpan.FromSeconds(45));
        return answer;
    }

    private Task RunAsync(params IReadOnlyList<Func<HttpResponseMessage>> answers) => WithChanceAsync(() => 0.5, answers);

    /// <summary>Until every answer was given, and the next is asked for.</summary>
    private async Task WithChanceAsync(Func<double> chance, params IReadOnlyList<Func<HttpResponseMessage>> answers)
    {
        using ScriptedControlPlane plane = new(answers);
        SnapshotStore store = new(folder.At("snapshot"));
        // An answer of 304 is one only to a request with a tag.
        using AttestationClient client = new(new Tagged(plane), new Uri("https://attestation.example.org"));
        var loop = new SnapshotLoop(new SnapshotRound(client.Api, store, folder.At("keys.json"), time), store, TimeSpan.FromSeconds(10), time, said.Add, systemd, chance);
        await loop.RunAsync(plane.Stopped);
    }

    /// <summary>Each request names a tag, so that each may be answered by 304.</summary>
    private sealed class Tagged(HttpMessageHandler inner) : DelegatingHandler(inner)
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.TryAddWithoutValidation("If-None-Match", "\"0\"");
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class Notifications : ISystemdNotifier
    {
        public List<string> Sent { get; } = [];

        public bool IsEnabled => true;

        public void Notify(ServiceState state) => Sent.Add(state.ToString());
    }
}
