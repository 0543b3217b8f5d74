using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Client;

namespace OpenStackSev.Guest.Tests.Fakes;

/// <summary>The control plane's side of rounds: tickets, one open challenge an instance, each answered once, what a report binds.</summary>
internal sealed class FakeControlPlane : HttpMessageHandler
{
    private readonly Lock gate = new();
    private readonly List<string> calls = [];
    private Challenge? open;

    /// <summary>Null for one that knows no ticket.</summary>
    public string? Ticket { get; set; } = Given.Ticket;

    public string Verdict { get; set; } = "affirming";
    public IReadOnlyList<string> Findings { get; set; } = [];
    public int NextRoundIn { get; set; } = 300;
    public int ExpiresIn { get; set; } = 60;
    public string? Token { get; set; } = "aaa.bbb.ccc";
    public int TokenExpiresIn { get; set; } = 600;

    /// <summary>Answers in its place when it does not return null. By path.</summary>
    public Func<string, HttpResponseMessage?>? Instead { get; set; }

    /// <summary>Thrown for the path that it returns something for.</summary>
    public Func<string, Exception?>? Broken { get; set; }

    /// <summary>So many results are lost on their way, after the evidence was taken.</summary>
    public int LostResults { get; set; }

    /// <summary>Evidence that was taken.</summary>
    public List<Evidence> Taken { get; } = [];

    public IReadOnlyList<string> Calls
    {
        get
        {
            lock (gate)
                return [.. calls];
        }
    }

    public GuestClient Connect() => new(new Undisposed(this), Given.Url);

    public static HttpResponseMessage Refusal(HttpStatusCode status, string code, string detail = "no", TimeSpan? retryAfter = null)
    {
        HttpResponseMessage response = Json(status, JsonSerializer.SerializeToUtf8Bytes(new ErrorBody([new ErrorItem((int)status, "title", detail, code)]), AttestationJson.Default.ErrorBody));
        if (retryAfter is { } wait)
            response.Headers.RetryAfter = new RetryConditionHeaderValue(wait);
        return response;
    }

    public static HttpResponseMessage Json(HttpStatusCode status, byte[] body) =>
        new(status) { Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } } };

    public static HttpResponseMessage Json(string body) => Json(HttpStatusCode.OK, Encoding.UTF8.GetBytes(body));

    public async Task<HttpResponseMessage> AnswerAsync(string path, string? ticket, Stream body, CancellationToken ct)
    {
        lock (gate)
            calls.Add(path);
        if (Broken?.Invoke(path) is { } broken)
            throw broken;
        if (Instead?.Invoke(path) is { } instead)
            return instead;
        if (ticket is null || ticket != Ticket)
            return Refusal(HttpStatusCode.Unauthorized, "attestation.ticket.invalid");
        return path switch
        {
            "/v1/challenges" => Open((await JsonSerializer.DeserializeAsync(body, AttestationJson.Default.ChallengeRequest, ct))!),
            "/v1/evidence" => Take((await JsonSerializer.DeserializeAsync(body, AttestationJson.Default.Evidence, ct))!),
            _ => Refusal(HttpStatusCode.NotFound, "attestation.request.not_found"),
        };
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => await AnswerAsync(
        request.RequestUri!.AbsolutePath, request.Headers.Authorization?.Parameter, await request.Content!.ReadAsStreamAsync(cancellationToken), cancellationToken);

    private HttpResponseMessage Open(ChallengeRequest request)
    {
        lock (gate)
        {
            if (request.Instance != Given.Instance)
                return Refusal(HttpStatusCode.Forbidden, "attestation.ticket.foreign");
            open ??= new Challenge(Guid.NewGuid(), request.Instance, RandomNumberGenerator.GetBytes(32), ExpiresIn);
            return Json(HttpStatusCode.OK, JsonSerializer.SerializeToUtf8Bytes(open, AttestationJson.Default.Challenge));
        }
    }

    private HttpResponseMessage Take(Evidence evidence)
    {
        lock (gate)
        {
            if (open is not { } challenge || challenge.Id != evidence.Challenge)
                return Refusal(HttpStatusCode.Conflict, "attestation.challenge.unknown");
            byte[] expected = ReportData.Of(challenge.Nonce, challenge.Instance, evidence.PublicKey);
            if (evidence.Report.Length != 0x4A0 || !evidence.Report.AsSpan(0x50, 64).SequenceEqual(expected))
                return Refusal(HttpStatusCode.UnprocessableEntity, "attestation.evidence.foreign");
            open = null;
            Taken.Add(evidence);
            if (LostResults > 0)
            {
                LostResults--;
                throw new HttpRequestException(HttpRequestError.ResponseEnded, "the connection was closed");
            }

            return Json(HttpStatusCode.OK, JsonSerializer.SerializeToUtf8Bytes(
                new EvidenceAnswer(Verdict, Findings, NextRoundIn, Token, Token is null ? null : TokenExpiresIn), AttestationJson.Default.EvidenceAnswer));
        }
    }

    /// <summary>A client disposes its transport; this one answers the next client, too.</summary>
    private sealed class Undisposed(HttpMessageHandler inner) : HttpMessageHandler
    {
        private readonly HttpMessageInvoker invoker = new(inner, disposeHandler: false);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            invoker.SendAsync(request, cancellationToken);
    }
}
