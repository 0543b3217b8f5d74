using System.Net;
using System.Net.Http.Headers;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Rounds;
using OpenStackSev.Guest.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Rounds;

public sealed class NudgeWatchTests : IDisposable
{
    private const int Nudged = 5101, Failed = 5102;
    private readonly AwaitedTime time = new();
    private readonly Logs logs = new();
    private readonly Documents documents = new();
    private readonly MetadataService metadata;
    private readonly CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);

    public NudgeWatchTests() => metadata = new MetadataService(documents, MetadataService.Usual, TimeProvider.System);

    public void Dispose()
    {
        stop.Cancel();
        metadata.Dispose();
        stop.Dispose();
    }

    [Theory]
    [InlineData(0, "5")]
    [InlineData(0, "5", "5", "5")]
    [InlineData(1, "5", "6")]
    [InlineData(1, null, "1")]
    [InlineData(1, "5", "6", "5", "6", "5", "6")]
    [InlineData(2, "5", "6", "5", "7", "6")]
    [InlineData(1, "5", "garbage", null, "6")]
    [InlineData(1, "5", "fail", "fail", "6")]
    [InlineData(0, "5", "4", "3")]
    public async Task Only_growth_is_a_nudge_and_each_growth_once(int nudges, params string?[] counters)
    {
        documents.Counters = counters;
        await RunAsync(counters.Length);
        Assert.Equal(nudges, logs.Count(Nudged));
        Assert.Equal(counters.Contains("fail") ? 1 : 0, logs.Count(Failed));
    }

    [Fact]
    public async Task It_is_looked_for_each_minute_or_so()
    {
        documents.Counters = [.. Enumerable.Repeat("5", 11)];
        DateTimeOffset began = time.GetUtcNow();
        await RunAsync(11);
        Assert.InRange((time.GetUtcNow() - began).TotalSeconds, 480, 745);
    }

    [Fact]
    public async Task A_document_that_is_known_is_not_sent_again()
    {
        documents.Counters = ["5", "6", "6", "6"];
        documents.HasTags = true;
        await RunAsync(4);
        Assert.Equal((1, 2), (logs.Count(Nudged), documents.NotModified));
    }

    private async Task RunAsync(int looks)
    {
        Task running = new NudgeWatch(metadata, new Nudge(), TimeSpan.FromMinutes(1), time, new Random(1), logs.For<NudgeWatch>()).RunAsync(stop.Token);
        // The look after the last one: then that one is done.
        await time.UntilAsync(() => running.IsFaulted ? throw running.Exception! : documents.Asked > looks);
    }

    /// <summary>meta_data.json, another one at each request; the last one for ever.</summary>
    private sealed class Documents : HttpMessageHandler
    {
        private int asked;

        public string?[] Counters { get; set; } = [];
        public bool HasTags { get; set; }
        public int NotModified { get; private set; }
        public int Asked => Volatile.Read(ref asked);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Assert.Equal("/openstack/latest/meta_data.json", request.RequestUri!.AbsolutePath);
            string? counter = Counters[Math.Min(asked, Counters.Length - 1)];
            bool isExtra = asked >= Counters.Length;
            Interlocked.Increment(ref asked);
            if (counter == "fail")
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.InternalServerError));
            var tag = new EntityTagHeaderValue($"\"{counter}\"");
            if (HasTags && request.Headers.IfNoneMatch.Contains(tag))
            {
                NotModified += isExtra ? 0 : 1;
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.NotModified));
            }

            HttpResponseMessage response = FakeControlPlane.Json(counter is null ? """{"meta":{}}""" : $$$"""{"meta":{"openstack_sev_nudge":"{{{counter}}}"} }""");
            if (HasTags)
                response.Headers.ETag = tag;
            return Task.FromResult(response);
        }
    }
}
