using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Reattestation.Results;
using OpenStackSev.Control.Tests.Stories;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>From the ticket to the token, over HTTP, with a simulated security processor.</summary>
public sealed class RoundTests
{
    [Fact]
    public async Task An_honest_guest_gets_a_verdict_and_a_token_that_verifies()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Assert.Equal(new Uri("https://attestation.example.org:9520"), guest.Instructions.Url);

        EvidenceAnswer answer = (await guest.RoundAsync()).Good;
        Assert.Equal("affirming", answer.Verdict);
        Assert.Empty(answer.Findings);
        Assert.InRange(answer.NextRoundIn, 27 * 60, 30 * 60);

        using HttpResponseMessage keys = await lab.Control.Http.GetAsync("/.well-known/jwks.json", TestContext.Current.CancellationToken);
        Assert.True(EarVerificationKeys.TryParse(await keys.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken), out EarVerificationKeys? known, out _));
        Assert.True(EarToken.Verify(answer.Token!, known, new EarExpectation("openstack-sev", AcceptSimulated: true), lab.Control.Time.GetUtcNow(), out EarResult? result, out _));
        Assert.True(ConfirmationKey.TryFromSubjectPublicKeyInfo(guest.PublicKey, out ConfirmationKey? own));
        Assert.Equal(
            (GuestLab.Instance, GuestLab.Project, GuestLab.Node, own, true, true),
            (result.Claims.Subject.Instance, result.Claims.Subject.Project, result.Claims.Subject.Host, result.Claims.Confirmation, result.Claims.Simulated, result.Claims.BoundToKey));

        InstanceAttestation seen = await lab.AttestationAsync();
        Assert.Equal(("affirming", true, answer.Token, own.Thumbprint), (seen.Instance.Verdict, seen.Instance.Simulated, seen.Judgement!.Token, seen.Judgement.Key));
        Assert.Null(seen.Instance.Host);
        InstanceHost? host = (await lab.AttestationAsync(null, "admin")).Instance.Host;
        Assert.Equal(new InstanceHost(GuestLab.Node, GuestLab.Host, GuestLab.ChipId(lab.Chip)), host);
    }

    [Fact]
    public async Task An_open_challenge_is_given_again_and_good_for_one_answer()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Challenge first = (await guest.AskAsync()).Good, again = (await guest.AskAsync()).Good;
        Assert.Equal((first.Id, Convert.ToHexString(first.Nonce)), (again.Id, Convert.ToHexString(again.Nonce)));

        Evidence evidence = guest.Evidence(first);
        Assert.Equal("affirming", (await guest.SendAsync(evidence)).Good.Verdict);
        Assert.Equal(AttestationErrors.ChallengeUsed.Code, (await guest.SendAsync(evidence)).Code);
        Challenge next = (await guest.AskAsync()).Good;
        Assert.NotEqual(first.Id, next.Id);
        Assert.NotEqual(Convert.ToHexString(first.Nonce), Convert.ToHexString(next.Nonce));
    }

    [Fact]
    public async Task What_is_late_replayed_foreign_or_nobodys_is_no_answer_and_the_verdict_stays()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Challenge first = (await guest.AskAsync()).Good;
        Evidence old = guest.Evidence(first);
        Assert.Equal("affirming", (await guest.SendAsync(old)).Good.Verdict);

        Challenge open = (await guest.AskAsync()).Good;
        Assert.Equal(AttestationErrors.EvidenceReplayed.Code, (await guest.SendAsync(old with { Challenge = open.Id })).Code);
        Assert.Equal(AttestationErrors.EvidenceForeign.Code, (await guest.SendAsync(guest.Evidence(open with { Nonce = new byte[32] }))).Code);
        Assert.Equal(AttestationErrors.EvidenceForeign.Code, (await guest.SendAsync(guest.Evidence(open) with { PublicKey = null })).Code);
        Assert.Equal(AttestationErrors.ChallengeForeign.Code, (await guest.SendAsync(guest.Evidence(open) with { Challenge = Guid.NewGuid() })).Code);
        Assert.Equal(AttestationErrors.ChallengeUsed.Code, (await guest.SendAsync(old)).Code);
        Evidence answer = guest.Evidence(open);
        lab.Control.Time.Advance(TimeSpan.FromSeconds(301));
        Assert.Equal(AttestationErrors.ChallengeLate.Code, (await guest.SendAsync(answer)).Code);
        InstanceAttestation seen = await lab.AttestationAsync();
        Assert.Equal(("affirming", AttestationErrors.ChallengeLate.Code), (seen.Instance.Verdict, seen.Instance.NoAnswerCode));

        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
        Assert.Null((await lab.AttestationAsync()).Instance.NoAnswerCode);
    }

    [Fact]
    public async Task What_no_processor_of_AMDs_made_is_no_answer()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Challenge challenge = (await guest.AskAsync()).Good;
        Evidence good = guest.Evidence(challenge);
        byte[] flipped = [.. good.Report];
        flipped[0x2A0] ^= 1;
        Answer<EvidenceAnswer> answer = await guest.SendAsync(good with { Report = flipped });
        Assert.Equal((HttpStatusCode.UnprocessableEntity, AttestationErrors.EvidenceNotAuthentic.Code), (answer.Status, answer.Code));
        Assert.Contains(SnpCodes.SignatureMismatch.Code, answer.Body, StringComparison.Ordinal);
        Assert.Equal(AttestationErrors.EvidenceNotAuthentic.Code, (await guest.SendAsync(good with { Report = new byte[1184] })).Code);
        Assert.Equal(AttestationErrors.EvidenceMalformed.Code, (await guest.SendAsync(good with { Report = new byte[1183] })).Code);
        Assert.Equal(AttestationErrors.EvidenceMalformed.Code, (await guest.SendAsync(good with { PublicKey = [1, 2, 3] })).Code);
        Assert.Equal(SnpCodes.ReportVersion.Code, (await lab.AttestationAsync()).Instance.NoAnswerCode);
        // Still open: garbage has used up nothing.
        Assert.Equal("affirming", (await guest.SendAsync(good)).Good.Verdict);
    }

    [Fact]
    public async Task A_thousand_posts_of_garbage_leave_the_verdict_and_the_history_what_they_are_and_cost_others_nothing()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        lab.Set(new Guid(StoryCloud.Plain), StoryCloud.Server(StoryCloud.Plain, GuestLab.Project, StoryCloud.SpecsOf("amd-sev-snp")));
        SimulatedGuest guest = await lab.GuestAsync(), other = await lab.GuestAsync(new Guid(StoryCloud.Plain));
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
        Challenge challenge = (await guest.AskAsync()).Good;
        Evidence evidence = guest.Evidence(challenge);
        var statuses = new Dictionary<HttpStatusCode, int>();
        for (int i = 0; i < 1000; i++)
        {
            byte[] garbage = [.. evidence.Report];
            garbage[i] ^= 0x55;
            Answer<EvidenceAnswer> answer = await guest.SendAsync(evidence with { Report = garbage });
            statuses[answer.Status] = statuses.GetValueOrDefault(answer.Status) + 1;
            Assert.True(answer.Status is HttpStatusCode.UnprocessableEntity or HttpStatusCode.TooManyRequests, answer.Body);
        }

        Assert.True(statuses[HttpStatusCode.TooManyRequests] > 900);
        Assert.Equal("affirming", (await other.RoundAsync()).Good.Verdict);
        Assert.Equal("affirming", (await lab.AttestationAsync()).Instance.Verdict);
        JsonElement history = await lab.LookAsync($"/v1/instances/{GuestLab.Instance}/history");
        Assert.Equal(2, history.GetProperty("records").GetArrayLength());
    }

    [Fact]
    public async Task A_ticket_speaks_for_its_own_instance_only()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        lab.Set(new Guid(StoryCloud.Plain), StoryCloud.Server(StoryCloud.Plain, "p2", StoryCloud.SpecsOf("amd-sev-snp")));
        SimulatedGuest guest = await lab.GuestAsync(), other = await lab.GuestAsync(new Guid(StoryCloud.Plain));
        Challenge challenge = (await guest.AskAsync()).Good;
        Assert.Equal(AttestationErrors.TicketOtherInstance.Code, (await other.AskAsync(GuestLab.Instance)).Code);
        Assert.Equal(AttestationErrors.TicketOtherInstance.Code, (await other.SendAsync(guest.Evidence(challenge))).Code);
        // Its own ticket with somebody else's challenge.
        Assert.Equal(AttestationErrors.ChallengeForeign.Code, (await other.SendAsync(other.Evidence(challenge with { Instance = new Guid(StoryCloud.Plain) }))).Code);
        string ticket = guest.Instructions.Ticket;
        foreach (string wrong in new[] { ticket[..^1] + (ticket[^1] == 'A' ? 'B' : 'A'), ticket.ToUpperInvariant(), ticket + "A", "x", ticket.Replace(GuestLab.Instance.ToString("N"), other.Instructions.Instance.ToString("N"), StringComparison.Ordinal) })
            Assert.Equal(AttestationErrors.TicketInvalid.Code, (await guest.AskAsync(ticket: wrong)).Code);
        Assert.Null((await lab.AttestationAsync()).Instance.NoAnswerCode);
    }

    [Fact]
    public async Task A_report_of_another_chip_is_no_answer_until_Nova_says_that_the_instance_moved()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
        guest.Chip = lab.OtherChip;
        Challenge challenge = (await guest.AskAsync()).Good;
        Assert.Equal(AttestationErrors.EvidenceWrongChip.Code, (await guest.SendAsync(guest.Evidence(challenge))).Code);

        lab.Move(GuestLab.OtherHost);
        int asked = lab.Control.Keystone.NovaRequests;
        Assert.Equal(AttestationErrors.EvidenceWrongChip.Code, (await guest.SendAsync(guest.Evidence(challenge))).Code);
        Assert.Equal(asked, lab.Control.Keystone.NovaRequests);     // it was asked just before
        lab.Control.Time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal("affirming", (await guest.SendAsync(guest.Evidence(challenge))).Good.Verdict);
        Assert.Equal(GuestLab.OtherHost, (await lab.AttestationAsync(null, "admin")).Instance.Host!.Name);

        // Back on the old chip without Nova's word, and on one of nobody's.
        guest.Chip = lab.Chip;
        Assert.Equal(AttestationErrors.EvidenceWrongChip.Code, (await guest.RoundAsync()).Code);
        guest.Chip = lab.StrangeChip;
        Assert.Equal(AttestationErrors.EvidenceWrongChip.Code, (await guest.RoundAsync()).Code);
    }

    [Fact]
    public async Task Policy_judges_what_is_authentic()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        EvidenceAnswer debug = (await guest.RoundAsync(fields => fields with { Policy = fields.Policy | (1UL << 19) })).Good;
        Assert.Equal(("contraindicated", SnpCodes.Debug.Code), (debug.Verdict, Assert.Single(debug.Findings)));
        Assert.InRange(debug.NextRoundIn, 270, 300);
        InstanceAttestation seen = await lab.AttestationAsync();
        Assert.Equal(("contraindicated", "contraindicated"), (seen.Instance.Verdict, Assert.Single(seen.Judgement!.Findings).Tier));

        EvidenceAnswer keyless = (await guest.RoundAsync(withKey: false)).Good;
        Assert.Equal(("warning", "attestation.key.none", (string?)null), (keyless.Verdict, Assert.Single(keyless.Findings), keyless.Token));
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
    }

    [Fact]
    public async Task What_is_missing_on_our_side_is_no_verdict_and_leaves_the_challenge_open()
    {
        await using GuestLab lab = await GuestLab.StartAsync(withEndorsements: false);
        SimulatedGuest guest = await lab.GuestAsync();
        Evidence evidence = guest.Evidence((await guest.AskAsync()).Good);
        Answer<EvidenceAnswer> answer = await guest.SendAsync(evidence);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, AttestationErrors.EndorsementsUnavailable.Code, TimeSpan.FromSeconds(30)), (answer.Status, answer.Code, answer.RetryAfter));
        lab.Endorse(new() { NextUpdate = new DateTimeOffset(2026, 11, 25, 11, 0, 0, TimeSpan.Zero) });
        answer = await guest.SendAsync(evidence);
        Assert.Equal(AttestationErrors.EndorsementsUnavailable.Code, answer.Code);
        Assert.Contains(SnpCodes.CrlStale.Code, answer.Body, StringComparison.Ordinal);
        lab.Endorse();
        lab.Control.Time.Advance(TimeSpan.FromSeconds(31));
        // Kept, so that it does not count as silence; no row of history says that the guest did anything wrong.
        Assert.Equal(SnpCodes.CrlStale.Code, (await lab.AttestationAsync()).Instance.NoAnswerCode);
        Assert.DoesNotContain((await lab.LookAsync($"/v1/instances/{GuestLab.Instance}/history")).GetProperty("records").EnumerateArray(), record => record.GetProperty("kind").GetString() == "instance.no_answer");
        Assert.Equal("affirming", (await guest.SendAsync(evidence)).Good.Verdict);
        Assert.Null((await lab.AttestationAsync()).Instance.NoAnswerCode);
    }

    [Fact]
    public async Task The_evidence_that_a_tenant_fetches_is_judged_the_same_without_this_service()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
        InstanceEvidenceBundle fetched = (await lab.LookAsync($"/v1/instances/{GuestLab.Instance}/evidence")).Deserialize(AttestationJson.Default.InstanceEvidenceBundle)!;
        EndorsementBundle bundle = EndorsementBundle.Of(Encoding.ASCII.GetBytes(fetched.Certificates), "certificates.pem");
        bundle.Add(Encoding.ASCII.GetBytes(fetched.RevocationList!), "revocations.crl");
        Assert.Empty(bundle.Findings);
        EndorsementChain? chain = EndorsementChoice.ChainOf(fetched.Report, bundle.Keys,
            TrustedIssuers.From(bundle.Authorities, bundle.Authorities, bundle.Revocations, new HashSet<string>(StringComparer.Ordinal) { GuestLab.Root }));
        byte[] expected = ReportData.Of(fetched.Nonce, fetched.Instance, guest.PublicKey);
        Assert.Equal(expected, fetched.ReportData);
        AttestationResult result = Verifier.Appraise(fetched.Report, chain, AppraisalPolicy.Default with { Crl = CrlUse.Required }, expected, lab.Control.Time.GetUtcNow());
        Assert.Equal((true, Verdict.Affirming), (result.Genuine, result.Verdict));
    }

    [Fact]
    public async Task Instances_are_counted_by_model_host_and_verdict()
    {
        // Names of its own: the exporter hears the meters of all applications in this process, other tests' too.
        await using GuestLab lab = await GuestLab.StartAsync();
        await lab.ReportAsync(GuestLab.Node, "metered-good", lab.Chip);
        lab.Move("metered-good");
        Assert.Equal("affirming", (await (await lab.GuestAsync()).RoundAsync()).Good.Verdict);
        lab.Set(new Guid(StoryCloud.Plain), StoryCloud.Server(StoryCloud.Plain, GuestLab.Project, StoryCloud.SpecsOf("amd-sev-snp"), "metered-new"));
        await (await lab.GuestAsync(new Guid(StoryCloud.Plain))).AskAsync();
        await lab.Control.App.Services.GetServices<IHostedService>().OfType<InstanceMetrics>().Single().RefreshAsync(TestContext.Current.CancellationToken);
        using var scraper = new HttpClient { BaseAddress = lab.Control.MetricsUrl };
        string[] lines = (await scraper.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken)).Split('\n');
        foreach ((string host, string verdict) in new[] { ("metered-good", "affirming"), ("metered-new", "pending") })
        {
            string line = Assert.Single(lines, line => line.StartsWith("osev_instances{", StringComparison.Ordinal) && line.Contains($"host=\"{host}\"", StringComparison.Ordinal));
            Assert.Contains($"verdict=\"{verdict}\"", line, StringComparison.Ordinal);
            Assert.Contains("model=\"amd-sev-snp\"", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Vendordata_is_for_instances_with_encryption_and_keeps_nothing_of_what_it_is_told()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        string secret = Convert.ToBase64String(Encoding.UTF8.GetBytes("hunter2-of-user-data"));
        using HttpResponseMessage plain = await lab.VendordataRawAsync(new Guid(StoryCloud.Plain), secret);
        Assert.Equal((HttpStatusCode.OK, "{}"), (plain.StatusCode, await plain.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
        int asked = lab.Control.Keystone.NovaRequests;
        Assert.Null((await lab.VendordataAsync(new Guid(StoryCloud.Plain))).OpenstackSev);
        Assert.Null((await lab.VendordataAsync(Guid.NewGuid())).OpenstackSev);
        Assert.Equal(asked + 1, lab.Control.Keystone.NovaRequests);
        using HttpResponseMessage snp = await lab.VendordataRawAsync(GuestLab.Instance, secret);
        string body = await snp.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("\"openstack_sev\":{\"url\":\"https://attestation.example.org:9520", body, StringComparison.Ordinal);
        using HttpResponseMessage refused = await lab.VendordataRawAsync(GuestLab.Instance, role: "member");
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);

        string ticket = JsonDocument.Parse(body).RootElement.GetProperty("openstack_sev").GetProperty("ticket").GetString()!;
        string log = string.Join('\n', lab.Control.Log.Lines);
        foreach (string kept in new[] { log }.Concat(Directory.GetFiles(lab.Control.StateFolder, "*", SearchOption.AllDirectories).Select(file => Encoding.Latin1.GetString(Shared(file)))))
        {
            Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
            Assert.DoesNotContain("hunter2-of-user-data", kept, StringComparison.Ordinal);
            Assert.DoesNotContain(ticket, kept, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task While_Nova_is_away_an_instance_that_nobody_knows_yet_waits_and_a_known_one_goes_on()
    {
        await using GuestLab lab = await GuestLab.StartAsync();
        SimulatedGuest guest = await lab.GuestAsync();
        Challenge challenge = (await guest.AskAsync()).Good;
        lab.Control.Time.Advance(TimeSpan.FromSeconds(60));
        lab.Set(new Guid(StoryCloud.Plain), "not JSON");
        using HttpResponseMessage unknown = await lab.VendordataRawAsync(new Guid(StoryCloud.Plain));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, unknown.StatusCode);
        Assert.Contains(RequestErrors.CloudUnavailable.Code, await unknown.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        lab.Set(GuestLab.Instance, "not JSON");
        Evidence evidence = guest.Evidence(challenge);
        guest.Chip = lab.OtherChip;
        Answer<EvidenceAnswer> moved = await guest.SendAsync(guest.Evidence(challenge));
        Assert.Equal((RequestErrors.CloudUnavailable.Code, TimeSpan.FromSeconds(5)), (moved.Code, moved.RetryAfter));
        Assert.Equal("affirming", (await guest.SendAsync(evidence)).Good.Verdict);
    }

    private static byte[] Shared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        byte[] bytes = new byte[stream.Length];
        return bytes[..stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false)];
    }
}
