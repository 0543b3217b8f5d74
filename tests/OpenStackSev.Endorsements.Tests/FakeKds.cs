using System.Net;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Endorsements.Kds;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Endorsements.Tests;

/// <summary>A KDS without a network, that answers at once and throttles by a clock that a test moves.</summary>
internal sealed class FakeKds(FakeTimeProvider time, params SimulatedAuthority[] authorities) : HttpMessageHandler
{
    private readonly Lock _gate = new();
    private readonly List<Request> _requests = [];
    private DateTimeOffset? _lastAnswer;
    private int _atOnce;

    /// <summary>Sooner requests are refused with 429.</summary>
    public TimeSpan Interval { get; set; }

    /// <summary>Header of those refusals.</summary>
    public string? RetryAfter { get; set; }

    /// <summary>Another answer, or an exception, to some requests; null for the right one.</summary>
    public Func<string, HttpResponseMessage?> Trouble { get; set; } = _ => null;

    /// <summary>Waited for before each answer.</summary>
    public Func<string, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public DateTimeOffset CrlThisUpdate { get; set; } = time.GetUtcNow().AddDays(-1);
    public TimeSpan CrlLife { get; set; } = TimeSpan.FromDays(360);

    public IReadOnlyList<Request> Requests
    {
        get
        {
            lock (_gate)
                return [.. _requests];
        }
    }

    public int MostAtOnce { get; private set; }

    public int Count(string part) => Requests.Count(request => request.Path.Contains(part, StringComparison.Ordinal));

    public KdsQueue Queue(KdsOptions? options = null) => new(Client(options)) { Jitter = () => 0 };

    public KdsClient Client(KdsOptions? options = null) =>
        new((options ?? new()) with { Address = new("https://kds.example"), Time = time }, this);

    public static HttpResponseMessage Answer(HttpStatusCode status, byte[] body, string type = "application/octet-stream")
    {
        HttpResponseMessage response = new(status) { Content = new ByteArrayContent(body) };
        response.Content.Headers.ContentType = new(type);
        return response;
    }

    public static HttpResponseMessage Answer(int status, string? retryAfter = null)
    {
        HttpResponseMessage response = Answer((HttpStatusCode)status, []);
        if (retryAfter is not null)
            Assert.True(response.Headers.TryAddWithoutValidation("Retry-After", retryAfter));
        return response;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string path = request.RequestUri!.PathAndQuery;
        lock (_gate)
            MostAtOnce = Math.Max(MostAtOnce, ++_atOnce);
        try
        {
            await Before(path, cancellationToken);
            lock (_gate)
            {
                int status = 0;
                try
                {
                    HttpResponseMessage response = Trouble(path) ?? Throttled() ?? RightAnswer(path);
                    status = (int)response.StatusCode;
                    return response;
                }
                finally
                {
                    _requests.Add(new(path, status, time.GetUtcNow()));
                }
            }
        }
        finally
        {
            lock (_gate)
                _atOnce--;
        }
    }

    private HttpResponseMessage? Throttled()
    {
        if (_lastAnswer is { } last && time.GetUtcNow() - last < Interval)
            return Answer(429, RetryAfter);
        _lastAnswer = time.GetUtcNow();
        return null;
    }

    private HttpResponseMessage RightAnswer(string path)
    {
        string[] parts = path.Split('/', '?');
        if (parts is not ["", string kind, "v1", string line, string what, ..]
            || authorities.FirstOrDefault(a => a.Line.ToString() == line) is not { } authority)
        {
            return Answer(404);
        }
        return what switch
        {
            "cert_chain" => Answer(HttpStatusCode.OK, Encoding.ASCII.GetBytes(kind == "vcek" ? authority.VcekChainPem : authority.VlekChainPem)),
            "crl" => Answer(HttpStatusCode.OK, authority.IssueCrl(new() { ThisUpdate = CrlThisUpdate, NextUpdate = CrlThisUpdate + CrlLife })),
            _ => Answer(HttpStatusCode.OK, Simulated.Vcek(authority, Convert.FromHexString(what), Tcb(parts[5]), new() { NotBefore = time.GetUtcNow().AddDays(-1) })),
        };
    }

    private static TcbVersion Tcb(string query)
    {
        Dictionary<string, byte> parts = query.Split('&').Select(part => part.Split('=')).ToDictionary(part => part[0], part => byte.Parse(part[1]));
        return new(parts.TryGetValue("fmcSPL", out byte fmc) ? fmc : null, parts["blSPL"], parts["teeSPL"], parts["snpSPL"], parts["ucodeSPL"]);
    }

    /// <param name="Status">0 when no answer came.</param>
    internal sealed record Request(string Path, int Status, DateTimeOffset At);
}

/// <summary>Lets a queue's time pass as soon as nothing else can happen.</summary>
internal static class Clock
{
    public static async Task<T> RunAsync<T>(this FakeTimeProvider time, KdsQueue queue, Task<T> work)
    {
        await RunAsync(time, queue, (Task)work);
        return await work;
    }

    public static async Task RunAsync(this FakeTimeProvider time, KdsQueue queue, Task work)
    {
        // A hundred years of the queue's time: something waits for what never comes.
        DateTimeOffset end = time.GetUtcNow().AddYears(100);
        while (!work.IsCompleted)
        {
            Assert.True(time.GetUtcNow() < end, $"still {queue.Status}");
            if (queue.Status is { Sending: null, NextIn: { Ticks: > 0 } wait })
                time.Advance(TimeSpan.FromMilliseconds(Math.Ceiling(wait.TotalMilliseconds)));
            else
                await Task.Yield();
        }
        await Task.WhenAny(work);
    }
}
