using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>An answer of the control plane: what was asked for, or the code of why not.</summary>
internal sealed record Answer<T>(HttpStatusCode Status, T? Value, string? Code, string Body, TimeSpan? RetryAfter)
    where T : class
{
    public T Good => Value ?? throw new InvalidOperationException($"{(int)Status}: {Body}");
}

/// <summary>A guest that plays by the rules, unless a test makes it lie.</summary>
internal sealed class SimulatedGuest(GuestLab lab, GuestInstructions instructions, SimulatedSecurityProcessor chip)
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);

    public GuestInstructions Instructions { get; } = instructions;
    public byte[] PublicKey => key.ExportSubjectPublicKeyInfo();
    public SimulatedSecurityProcessor Chip { get; set; } = chip;

    public Task<Answer<Challenge>> AskAsync(Guid? instance = null, string? ticket = null) => SendAsync(
        "/v1/challenges", JsonSerializer.Serialize(new ChallengeRequest(instance ?? Instructions.Instance), AttestationJson.Default.ChallengeRequest),
        ticket, AttestationJson.Default.Challenge);

    /// <summary>What answers a challenge.</summary>
    public Evidence Evidence(Challenge challenge, Func<ReportFields, ReportFields>? change = null, bool withKey = true)
    {
        byte[]? publicKey = withKey ? PublicKey : null;
        ReportFields fields = Chip.Fields with { ReportData = ReportData.Of(challenge.Nonce, challenge.Instance, publicKey) };
        return new Evidence(challenge.Id, challenge.Instance, Chip.Report(change?.Invoke(fields) ?? fields), publicKey, Chip.CertificateTable());
    }

    public Task<Answer<EvidenceAnswer>> SendAsync(Evidence evidence, string? ticket = null) => SendAsync(
        "/v1/evidence", JsonSerializer.Serialize(evidence, AttestationJson.Default.Evidence), ticket, AttestationJson.Default.EvidenceAnswer);

    /// <summary>A whole round.</summary>
    public async Task<Answer<EvidenceAnswer>> RoundAsync(Func<ReportFields, ReportFields>? change = null, bool withKey = true) =>
        await SendAsync(Evidence((await AskAsync()).Good, change, withKey));

    /// <summary>What was sealed for this guest's key.</summary>
    public string Decrypt(byte[] box)
    {
        using var agreement = ECDiffieHellman.Create(key.ExportParameters(includePrivateParameters: true));
        return Sealed.Open(agreement, box);
    }

    private async Task<Answer<T>> SendAsync<T>(string path, string body, string? ticket, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        using HttpResponseMessage response = await lab.SendAsync(HttpMethod.Post, path, ("Authorization", "Bearer " + (ticket ?? Instructions.Ticket)), body);
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return response.IsSuccessStatusCode
            ? new(response.StatusCode, JsonSerializer.Deserialize(text, type), null, text, null)
            : new(response.StatusCode, null, JsonSerializer.Deserialize(text, AttestationJson.Default.ErrorBody)!.Errors[0].Code, text, response.Headers.RetryAfter?.Delta);
    }
}
