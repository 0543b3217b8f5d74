using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>What the control plane answered: what was asked for, or the code of why not.</summary>
public sealed record Reply<T>(HttpStatusCode Status, T? Value, string? Code, TimeSpan? RetryAfter)
    where T : class
{
    public T Good => Value ?? throw new InvalidOperationException(ToString());

    public override string ToString() => $"{(int)Status} {Code}";
}

/// <summary>A guest whose every step a test decides about. Its ticket comes by the real vendordata and metadata API.</summary>
public sealed class HandmadeGuest : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly SimulatedAuthority authority;
    private readonly SimulatedSecurityProcessor processor;
    private readonly HttpClient http;

    private HandmadeGuest(SnpLab lab, GuestInstructions instructions, string chip)
    {
        Instructions = instructions;
        authority = SimulatedAuthority.Load(lab.Chain);
        processor = new SimulatedSecurityProcessor(authority, Convert.FromHexString(chip));
        http = new HttpClient { BaseAddress = instructions.Url, Timeout = TimeSpan.FromSeconds(60) };
    }

    public GuestInstructions Instructions { get; }

    /// <param name="chip">16 hexadecimal digits.</param>
    public static async Task<HandmadeGuest> OfAsync(SnpLab lab, string instance, string project, string chip)
    {
        await using MetadataProxy metadata = new(instance, project);
        using var client = new HttpClient();
        GuestInstructions? instructions = null;
        // Nova leaves out what did not come in time, and a guest looks again.
        await RealCloud.EventuallyAsync(async () => (instructions = await InstructionsAsync(client, metadata)) is not null, () => $"no ticket of {instance} in vendor_data2.json");
        return new HandmadeGuest(lab, instructions!, chip);
    }

    public Task<Reply<Challenge>> AskAsync() => SendAsync("/v1/challenges",
        JsonSerializer.Serialize(new ChallengeRequest(Instructions.Instance), AttestationJson.Default.ChallengeRequest), Instructions.Ticket, AttestationJson.Default.Challenge);

    /// <summary>What answers a challenge.</summary>
    public Evidence Evidence(Challenge challenge)
    {
        byte[] publicKey = key.ExportSubjectPublicKeyInfo();
        byte[] report = processor.Report(processor.Fields with { ReportData = ReportData.Of(challenge.Nonce, challenge.Instance, publicKey) });
        return new Evidence(challenge.Id, challenge.Instance, report, publicKey, processor.CertificateTable());
    }

    /// <param name="ticket">Another one than this guest's; empty for none.</param>
    public Task<Reply<EvidenceAnswer>> SendAsync(Evidence evidence, string? ticket = null) => SendAsync("/v1/evidence",
        JsonSerializer.Serialize(evidence, AttestationJson.Default.Evidence), ticket ?? Instructions.Ticket, AttestationJson.Default.EvidenceAnswer);

    /// <summary>A whole round.</summary>
    public async Task<Reply<EvidenceAnswer>> RoundAsync() => await SendAsync(Evidence((await AskAsync()).Good));

    public void Dispose()
    {
        http.Dispose();
        processor.Dispose();
        authority.Dispose();
        key.Dispose();
    }

    private static async Task<GuestInstructions?> InstructionsAsync(HttpClient client, MetadataProxy metadata)
    {
        using JsonDocument data = JsonDocument.Parse(await client.GetStringAsync(new Uri(metadata.Url, "vendor_data2.json"), TestContext.Current.CancellationToken));
        return data.RootElement.TryGetProperty("sev", out JsonElement target) && target.TryGetProperty(GuestInstructions.Name, out JsonElement ours)
            ? ours.Deserialize(AttestationJson.Default.GuestInstructions)
            : null;
    }

    private async Task<Reply<T>> SendAsync<T>(string path, string body, string ticket, JsonTypeInfo<T> type)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (ticket.Length > 0)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", ticket);
        using HttpResponseMessage response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode
            ? new(response.StatusCode, JsonSerializer.Deserialize(text, type), null, null)
            : new(response.StatusCode, null, JsonSerializer.Deserialize(text, AttestationJson.Default.ErrorBody)!.Errors[0].Code, response.Headers.RetryAfter?.Delta);
    }
}
