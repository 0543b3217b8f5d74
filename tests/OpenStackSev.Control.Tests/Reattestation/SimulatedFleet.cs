using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>What is wrong with what a member of a fleet says.</summary>
internal enum Lie
{
    None,

    /// <summary>A genuine report, of another host's chip.</summary>
    WrongChip,

    /// <summary>Its host's firmware was rolled back: a genuine report of its chip at an old TCB.</summary>
    OldTcb,

    /// <summary>Its host may read its memory.</summary>
    Debug,

    /// <summary>The report that answered its challenge of the round before.</summary>
    Replay,

    /// <summary>A report for a nonce that is not its challenge's.</summary>
    ForeignNonce,

    /// <summary>It asks for a challenge and never answers.</summary>
    Silence,
}

/// <summary>An instance of a fleet.</summary>
/// <param name="Chip">Number of the chip of its host.</param>
internal sealed record FleetMember(Guid Instance, int Chip, Lie Lie, string Ticket)
{
    /// <summary>Its ticket stays out of whatever prints it.</summary>
    public override string ToString() => $"{Instance} {Lie}";
}

/// <summary>What came of one member's answer.</summary>
/// <param name="Verdict">Null where it was no answer.</param>
/// <param name="Code">Of the error, or of the first finding; null for neither.</param>
internal sealed record FleetOutcome(FleetMember Member, HttpStatusCode Status, string? Verdict, string? Code, TimeSpan Took);

/// <summary>Many guests on a few chips that drive a running control plane over HTTP, some of them lying. Keys and reports are made before they are sent, so that what is measured is the control plane.</summary>
internal sealed class SimulatedFleet(HttpClient control, IReadOnlyList<SimulatedSecurityProcessor> chips, IReadOnlyList<SimulatedSecurityProcessor> oldChips, IReadOnlyList<FleetMember> members) : IDisposable
{
    // One key for all: what a control plane does with it costs the same, and making a hundred thousand would not.
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly ConcurrentDictionary<Guid, byte[]> answered = new();

    /// <summary>A whole round: challenges for all, then their reports, then all answers.</summary>
    /// <param name="parallel">Requests at one time.</param>
    public async Task<IReadOnlyList<FleetOutcome>> RoundAsync(int parallel, CancellationToken ct)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = parallel, CancellationToken = ct };
        var asked = new ConcurrentBag<(FleetMember Member, Evidence Evidence)>();
        byte[] publicKey = key.ExportSubjectPublicKeyInfo();
        await Parallel.ForEachAsync(members, options, async (member, stop) =>
        {
            string body = JsonSerializer.Serialize(new ChallengeRequest(member.Instance), AttestationJson.Default.ChallengeRequest);
            (HttpStatusCode status, Challenge? challenge, string? code) = await SendAsync("/v1/challenges", body, member, AttestationJson.Default.Challenge, stop);
            if (challenge is null)
                throw new InvalidOperationException($"{member} got no challenge: {(int)status} {code}");
            if (member.Lie != Lie.Silence)
                asked.Add((member, EvidenceOf(member, challenge, publicKey)));
        });

        var outcomes = new ConcurrentBag<FleetOutcome>();
        await Parallel.ForEachAsync(asked, options, async (one, stop) =>
        {
            string body = JsonSerializer.Serialize(one.Evidence, AttestationJson.Default.Evidence);
            long start = Stopwatch.GetTimestamp();
            (HttpStatusCode status, EvidenceAnswer? answer, string? code) = await SendAsync("/v1/evidence", body, one.Member, AttestationJson.Default.EvidenceAnswer, stop);
            outcomes.Add(new FleetOutcome(one.Member, status, answer?.Verdict, code ?? (answer?.Findings is [string first, ..] ? first : null), Stopwatch.GetElapsedTime(start)));
        });
        return [.. outcomes];
    }

    public void Dispose() => key.Dispose();

    private Evidence EvidenceOf(FleetMember member, Challenge challenge, byte[] publicKey)
    {
        SimulatedSecurityProcessor chip = member.Lie switch
        {
            Lie.WrongChip => chips[(member.Chip + 1) % chips.Count],
            Lie.OldTcb => oldChips[member.Chip],
            _ => chips[member.Chip],
        };
        byte[] nonce = member.Lie == Lie.ForeignNonce ? RandomNumberGenerator.GetBytes(ReportData.NonceLength) : challenge.Nonce;
        ReportFields fields = chip.Fields with { ReportData = ReportData.Of(nonce, member.Instance, publicKey) };
        if (member.Lie == Lie.Debug)
            fields = fields with { Policy = fields.Policy | (1UL << 19) };
        byte[] report = member.Lie == Lie.Replay && answered.TryGetValue(member.Instance, out byte[]? before) ? before : chip.Report(fields);
        answered[member.Instance] = report;
        return new Evidence(challenge.Id, member.Instance, report, publicKey, chip.CertificateTable());
    }

    private async Task<(HttpStatusCode Status, T? Value, string? Code)> SendAsync<T>(string path, string body, FleetMember member, JsonTypeInfo<T> type, CancellationToken ct)
        where T : class
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", member.Ticket);
        using HttpResponseMessage response = await control.SendAsync(request, ct);
        string text = await response.Content.ReadAsStringAsync(ct);
        return response.IsSuccessStatusCode
            ? (response.StatusCode, JsonSerializer.Deserialize(text, type), null)
            : (response.StatusCode, null, JsonSerializer.Deserialize(text, AttestationJson.Default.ErrorBody)!.Errors[0].Code);
    }
}
