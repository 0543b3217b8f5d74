using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using FsCheck.Xunit;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Attestation.Tests.Results;

/// <summary>Results as relying parties get them.</summary>
public sealed class EarTokenTests
{
    private const string Issuer = "https://sev.example.org";
    private const string Audience = "barbican";
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(10);
    private static readonly EarVerificationKeys s_keys = EarVerificationKeys.Of(Sound.Issuer);
    private static readonly EarExpectation s_expected = new(Issuer, Audience);
    private static readonly ConcurrentDictionary<string, ECDsa> s_imported = new(StringComparer.Ordinal);
    private static readonly Lazy<string> s_token = new(() => Signed(Sound.Real));

    /// <summary>What a forger with the issuer's key could write, or an issuer by mistake: each is refused with one code.</summary>
    public static TheoryData<string, string> WrongPayloads { get; } = new()
    {
        { "eat_profile=\"tag:ietf.org,2026:rats/ear#05\"", "ear.profile.unknown" },
        { "eat_profile=null", "ear.profile.unknown" },
        { "iss=\"https://elsewhere.example.org\"", "ear.issuer.mismatch" },
        { "iss=null", "ear.issuer.mismatch" },
        { "aud=\"nova\"", "ear.audience.mismatch" },
        { "aud=null", "ear.audience.mismatch" },
        { "aud=[\"nova\", 1]", "ear.audience.mismatch" },
        { "aud=7", "ear.audience.mismatch" },
        { "iat=null", "ear.claim.malformed" },
        { "exp=null", "ear.claim.malformed" },
        { "exp=1795521600.5", "ear.claim.malformed" },
        { "exp=\"1795521600\"", "ear.claim.malformed" },
        { "exp=99999999999999999999", "ear.claim.malformed" },
        { "nbf=\"now\"", "ear.claim.malformed" },
        { "cnf=null", "ear.claim.malformed" },
        { "cnf={}", "ear.claim.malformed" },
        { "cnf={\"jkt\": \"short\"}", "ear.claim.malformed" },
        { "sub=\"11111111-2222-3333-4444-555555555556\"", "ear.claim.malformed" },
        { "openstack=null", "ear.claim.malformed" },
        { "openstack.host=\"host\"", "ear.claim.malformed" },
        { "openstack.cloud=7", "ear.claim.malformed" },
        { "ear_verifier_id=null", "ear.claim.malformed" },
        { "ear_status=\"warning\"", "ear.claim.malformed" },
        { "ear_status=2", "ear.claim.malformed" },
        { "submods={}", "ear.claim.malformed" },
        { "submods.other={\"ear_status\": \"contraindicated\"}", "ear.claim.malformed" },
        { "submods.sev-snp.ear_trustworthiness_vector=null", "ear.claim.malformed" },
        { "submods.sev-snp.ear_trustworthiness_vector.hardware=128", "ear.claim.malformed" },
        { "submods.sev-snp.ear_trustworthiness_vector.hardware=null", "ear.claim.malformed" },
        { "submods.sev-snp.ear_trustworthiness_vector.more=96", "ear.claim.malformed" },
        { "submods.sev-snp.ear_trustworthiness_vector.hardware=96", "ear.status.inconsistent" },
        { "submods.sev-snp.ear_trustworthiness_vector.hardware=-33", "ear.status.inconsistent" },
        { "submods.sev-snp.ear_verifier_claims=null", "ear.claim.malformed" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.genuine=\"yes\"", "ear.claim.malformed" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.simulated=null", "ear.claim.malformed" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.simulated=true", "ear.simulated" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.evidence=\"word\"", "ear.claim.malformed" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.product=\"rome\"", "ear.claim.malformed" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.findings=[1]", "ear.claim.malformed" },
        { "submods.sev-snp.ear_verifier_claims.openstack_sev.not_checked=[\"all\"]", "ear.claim.malformed" },
    };

    public static TheoryData<string, string> WrongHeaders { get; } = new()
    {
        { "alg=\"none\"", "ear.algorithm.not_allowed" },
        { "alg=\"HS384\"", "ear.algorithm.not_allowed" },
        { "alg=\"RS384\"", "ear.algorithm.not_allowed" },
        { "alg=\"PS384\"", "ear.algorithm.not_allowed" },
        { "alg=\"ES256\"", "ear.algorithm.not_allowed" },
        { "alg=\"es384\"", "ear.algorithm.not_allowed" },
        { "alg=null", "ear.algorithm.not_allowed" },
        { "crit=[\"exp\"]", "ear.algorithm.not_allowed" },
        { "b64=false", "ear.algorithm.not_allowed" },
        { "typ=\"JWT\"", "ear.type.not_allowed" },
        { "typ=null", "ear.type.not_allowed" },
        { "kid=\"another\"", "ear.key.unknown" },
        { "kid=null", "ear.key.unknown" },
        { "kid=7", "ear.key.unknown" },
        { "jku=\"https://elsewhere.example.org\"", "" },
    };

    [Fact]
    public void What_is_signed_is_read_again()
    {
        Assert.True(EarToken.Verify(s_token.Value, s_keys, s_expected, Given.Now, out EarResult? result, out IReadOnlyList<Finding> findings), Text(findings));
        Assert.Empty(findings);
        Assert.Equivalent(EarClaims.From(Sound.Real, Sound.Subject, Sound.GuestKey, "7"), result.Claims, strict: true);
        Assert.Equal((Issuer, Audience, Given.Now, Given.Now + s_lifetime, Sound.Issuer.KeyId),
            (result.Issuer, result.Audience, result.IssuedAt, result.ExpiresAt, result.KeyId));
        Assert.Equal(Verdict.Affirming, result.Claims.Status);
        using ECDsa? key = result.Claims.Confirmation!.CreatePublicKey();
        Assert.Equal(Sound.GuestKey, ConfirmationKey.Of(key!));
    }

    [Fact]
    public void Every_verdict_is_read_as_it_was_written()
    {
        foreach (Check check in SnpCodes.All)
        {
            Finding[] findings = [check.Finds("", "", "")];
            AttestationResult found = Sound.Real with { Findings = findings, Verdict = check.Tier, Genuine = check.Stage >= Stage.Challenge, BoundToChip = false };
            EarResult result = Read(Signed(found), s_expected);
            Assert.Equal(check.Tier, result.Claims.Status);
            Assert.Equal([check.Code], result.Claims.Findings);
        }
    }

    [Fact]
    public void The_claims_are_those_of_the_draft_and_no_evidence_is_in_them()
    {
        JsonNode payload = Part(s_token.Value, 1);
        Assert.Equal(["eat_profile", "iss", "aud", "sub", "iat", "nbf", "exp", "ear_verifier_id", "ear_status", "cnf", "openstack", "submods"],
            payload.AsObject().Select(member => member.Key));
        Assert.Equal("tag:ietf.org,2026:rats/ear#04", (string?)payload["eat_profile"]);
        Assert.Equal(["developer", "build"], payload["ear_verifier_id"]!.AsObject().Select(member => member.Key));
        JsonObject appraisal = payload["submods"]!["sev-snp"]!.AsObject();
        Assert.Equal(["ear_status", "ear_trustworthiness_vector", "ear_appraisal_policy_ids", "ear_verifier_claims"], appraisal.Select(member => member.Key));
        Assert.Equal(
            ["instance-identity", "configuration", "executables", "file-system", "hardware", "runtime-opaque", "storage-opaque", "sourced-data"],
            appraisal["ear_trustworthiness_vector"]!.AsObject().Select(member => member.Key));
        Assert.Equal("default@7", (string?)appraisal["ear_appraisal_policy_ids"]![0]);
        Assert.Equal(["alg", "kid", "typ"], Part(s_token.Value, 0).AsObject().Select(member => member.Key).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(Convert.ToHexStringLower(Sound.Real.Report!.ChipId.Span), payload.ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Another_library_takes_the_token_and_the_key_set()
    {
        JsonWebKeySet keys = new(Encoding.UTF8.GetString(s_keys.Write()));
        TokenValidationParameters parameters = new()
        {
            IssuerSigningKeys = keys.GetSigningKeys(),
            ValidAlgorithms = ["ES384"],
            ValidTypes = ["eat+jwt"],
            ValidIssuer = Issuer,
            ValidAudience = Audience,
            LifetimeValidator = (notBefore, expires, _, _) => notBefore <= Given.Now.UtcDateTime && Given.Now.UtcDateTime < expires,
        };
        TokenValidationResult taken = await new JsonWebTokenHandler().ValidateTokenAsync(s_token.Value, parameters);
        Assert.True(taken.IsValid, taken.Exception?.Message);
        Assert.Equal("affirming", taken.Claims["ear_status"]);
        Assert.Equal(Sound.Issuer.KeyId, Base64UrlEncoder.Encode(Assert.Single(keys.Keys).ComputeJwkThumbprint()));
    }

    [Fact]
    public void Without_a_key_or_a_challenge_nothing_is_signed()
    {
        Assert.Throws<ArgumentException>("confirmation", () => Signed(Sound.Real, confirmation: null));
        Assert.Throws<ArgumentException>("result", () => Signed(Sound.Real with { NotChecked = [Unchecked.ReportData] }));
    }

    [Fact]
    public void What_could_not_be_read_again_is_not_signed()
    {
        Assert.Throws<ArgumentException>("issuer", () => Sign(Sound.Subject, issuer: ""));
        Assert.Throws<ArgumentException>("audience", () => Sign(Sound.Subject, audience: "a\nb"));
        Assert.Throws<ArgumentException>("subject", () => Sign(Sound.Subject with { Project = "" }));
        Assert.Throws<ArgumentException>("subject", () => Sign(Sound.Subject with { Region = new('r', 256) }));
        Assert.Throws<ArgumentException>("subject", () => Sign(Sound.Subject with { Instance = Guid.Empty }));
        Assert.Throws<ArgumentOutOfRangeException>("lifetime", () => Sign(Sound.Subject, lifetime: TimeSpan.FromMinutes(61)));
        Assert.Throws<ArgumentOutOfRangeException>("lifetime", () => Sign(Sound.Subject, lifetime: TimeSpan.Zero));

        static string Sign(OpenStackSubject subject, string issuer = Issuer, string? audience = null, TimeSpan? lifetime = null) =>
            EarToken.Sign(Sound.Real, subject, Sound.GuestKey, issuer, audience, Sound.Issuer, Given.Now, lifetime ?? s_lifetime);
    }

    [Fact]
    public void A_key_may_be_named_by_its_thumbprint_alone()
    {
        Assert.True(ConfirmationKey.TryFromThumbprint(Sound.GuestKey.Thumbprint, out ConfirmationKey? thumbprint));
        EarResult result = Read(Signed(Sound.Real, thumbprint), s_expected);
        Assert.Equal(Sound.GuestKey, result.Claims.Confirmation);
        Assert.False(result.Claims.Confirmation!.HasKey);
    }

    [Theory]
    [MemberData(nameof(WrongPayloads))]
    public void A_wrong_claim_is_refused_though_the_signature_holds(string change, string code) =>
        Assert.Equal([code], Codes(Resigned(Changed(Part(s_token.Value, 1), change).ToJsonString())));

    [Theory]
    [MemberData(nameof(WrongHeaders))]
    public void A_header_chooses_neither_algorithm_nor_key(string change, string code) =>
        Assert.Equal(code.Length == 0 ? [] : [code], Codes(Resigned(Payload(s_token.Value), Changed(Part(s_token.Value, 0), change).ToJsonString())));

    [Fact]
    public void A_token_that_is_not_signed_or_by_another_is_refused()
    {
        string[] parts = s_token.Value.Split('.');
        Assert.Equal(["ear.token.malformed"], Codes($"{parts[0]}.{parts[1]}."));
        Assert.Equal(["ear.algorithm.not_allowed"], Codes($"{Encode("""{"alg":"none","typ":"eat+jwt"}""")}.{parts[1]}.{parts[2]}"));
        using EarSigningKey another = EarSigningKey.Create();
        Assert.Equal(["ear.signature.mismatch"], Codes(Resigned(Payload(s_token.Value), signer: another)));
        // HMAC with the public key as its secret: the oldest trick.
        string header = Encode($$"""{"alg":"HS384","kid":"{{Sound.Issuer.KeyId}}","typ":"eat+jwt"}""");
        byte[] mac = HMACSHA384.HashData(s_keys.Write(), Encoding.ASCII.GetBytes($"{header}.{parts[1]}"));
        Assert.Equal(["ear.algorithm.not_allowed"], Codes($"{header}.{parts[1]}.{Base64Url.EncodeToString(mac)}"));
        Assert.Equal(["ear.signature.mismatch"], Codes($"{parts[0]}.{parts[1]}.{Base64Url.EncodeToString(new byte[96])}"));
        Assert.Equal(["ear.signature.mismatch"], Codes($"{parts[0]}.{parts[1]}.{parts[2][..^4]}"));
    }

    [Fact]
    public void No_character_of_a_token_can_be_changed()
    {
        string token = s_token.Value;
        for (int i = 0; i < token.Length; i++)
        {
            char other = token[i] == 'A' ? 'B' : 'A';
            Assert.NotEmpty(Codes($"{token[..i]}{other}{token[(i + 1)..]}"));
        }
    }

    [Fact]
    public void A_key_that_comes_twice_is_refused_wherever_it_is()
    {
        string payload = Payload(s_token.Value);
        Assert.Equal(["ear.token.malformed"], Codes(Resigned(payload.Insert(1, "\"ear_status\":\"affirming\","))));
        Assert.Equal(["ear.token.malformed"], Codes(Resigned(payload.Replace("\"hardware\":2", "\"hardware\":2,\"hardware\":2", StringComparison.Ordinal))));
        Assert.Equal(["ear.token.malformed"], Codes(Resigned(payload, $$"""{"alg":"none","alg":"ES384","kid":"{{Sound.Issuer.KeyId}}","typ":"eat+jwt"}""")));
    }

    [Fact]
    public void What_is_no_token_is_refused()
    {
        string[] none =
        [
            "", ".", "..", "...", "a.b.c", "a.b.c.d", $"{s_token.Value}.", $" {s_token.Value}", $"{s_token.Value}=", $"{s_token.Value}\n",
            $"{Encode("[]")}.{Encode("{}")}.{Encode("x")}", $"{Encode("{")}.{Encode("{}")}.{Encode("x")}", $"{Encode("{\"alg\":\"\\ud800\"}")}.{Encode("{}")}.{Encode("x")}",
            $"{Encode(new string('[', 5000))}.{Encode("{}")}.{Encode("x")}",
        ];
        Assert.All(none, token => Assert.Equal(["ear.token.malformed"], Codes(token)));
        Assert.Equal(["ear.token.malformed"], Codes(Resigned("[]")));
        Assert.Equal(["ear.token.size"], Codes(new string('a', EarToken.MaximumSize + 1)));
    }

    [Fact]
    public void Time_is_kept_to_the_second()
    {
        Assert.Empty(At(Given.Now));
        Assert.Empty(At(Given.Now + s_lifetime - TimeSpan.FromTicks(1)));
        Assert.Equal(["ear.time.expired"], At(Given.Now + s_lifetime));
        Assert.Equal(["ear.time.not_yet_valid"], At(Given.Now - TimeSpan.FromTicks(1)));

        TimeSpan skew = TimeSpan.FromSeconds(30);
        Assert.Empty(At(Given.Now + s_lifetime + skew - TimeSpan.FromTicks(1), skew));
        Assert.Equal(["ear.time.expired"], At(Given.Now + s_lifetime + skew, skew));
        Assert.Empty(At(Given.Now - skew, skew));
        Assert.Equal(["ear.time.not_yet_valid"], At(Given.Now - skew - TimeSpan.FromTicks(1), skew));

        Assert.Throws<ArgumentOutOfRangeException>(() => At(Given.Now, TimeSpan.FromMinutes(6)));
        Assert.Throws<ArgumentOutOfRangeException>(() => At(Given.Now, TimeSpan.FromSeconds(-1)));

        static IEnumerable<string> At(DateTimeOffset now, TimeSpan skew = default)
        {
            EarToken.Verify(s_token.Value, s_keys, s_expected with { Skew = skew }, now, out _, out IReadOnlyList<Finding> findings);
            return findings.Select(finding => finding.Code);
        }
    }

    [Fact]
    public void A_result_lives_an_hour_at_most_whoever_signed_it()
    {
        long now = Given.Now.ToUnixTimeSeconds();
        Assert.Equal(["ear.time.lifetime"], Codes(Resigned(Changed(Part(s_token.Value, 1), $"exp={now + 3601}").ToJsonString())));
        Assert.Empty(Codes(Resigned(Changed(Part(s_token.Value, 1), $"exp={now + 3600}").ToJsonString())));
        Assert.Equal(["ear.time.expired", "ear.time.lifetime"], Codes(Resigned(Changed(Part(s_token.Value, 1), $"exp={now - 1}").ToJsonString())));
        Assert.Equal(["ear.time.not_yet_valid"], Codes(Resigned(Changed(Part(s_token.Value, 1), $"nbf={now + 1}").ToJsonString())));
        Assert.Empty(Codes(Resigned(Changed(Part(s_token.Value, 1), "nbf=null").ToJsonString())));
    }

    [Fact]
    public void A_result_made_out_to_somebody_is_for_nobody_else()
    {
        Assert.Equal(["ear.audience.mismatch"], Codes(s_token.Value, s_expected with { Audience = null }));
        string anybody = EarToken.Sign(Sound.Real, Sound.Subject, Sound.GuestKey, Issuer, null, Sound.Issuer, Given.Now, s_lifetime);
        Assert.Empty(Codes(anybody, s_expected with { Audience = null }));
        Assert.Equal(["ear.audience.mismatch"], Codes(anybody));
        Assert.Empty(Codes(Resigned(Changed(Part(s_token.Value, 1), $"aud=[\"nova\", \"{Audience}\"]").ToJsonString())));
    }

    [Fact]
    public void A_simulated_result_is_taken_only_by_who_asks_for_it()
    {
        string token = Signed(Sound.Simulated);
        Assert.Equal(["ear.simulated"], Codes(token));
        EarResult result = Read(token, s_expected with { AcceptSimulated = true });
        Assert.True(result.Claims.Simulated);
        Assert.Equal(Verdict.Warning, result.Claims.Status);
    }

    [Fact]
    public void A_claim_that_nobody_knows_is_passed_over() =>
        Assert.Empty(Codes(Resigned(Changed(Part(s_token.Value, 1), "more={\"of\": [1]}").ToJsonString())));

    [Fact]
    public void All_that_is_wrong_with_a_signed_result_comes_at_once() =>
        Assert.Equal(["ear.issuer.mismatch", "ear.audience.mismatch", "ear.simulated"], Codes(Signed(Sound.Simulated), new("https://elsewhere.example.org", "nova")));

    [Fact]
    public void A_disposed_key_signs_nothing()
    {
        EarSigningKey key = EarSigningKey.FromPem(Sound.Issuer.ExportPem());
        Assert.Equal(Sound.Issuer.KeyId, key.KeyId);
        key.Dispose();
        Assert.Throws<ObjectDisposedException>(() => EarToken.Sign(Sound.Real, Sound.Subject, Sound.GuestKey, Issuer, null, key, Given.Now, s_lifetime));
    }

    [Property(MaxTest = 500)]
    public void No_text_makes_it_throw(string? token) => Assert.NotEmpty(Codes(token ?? ""));

    [Property(MaxTest = 100)]
    public void No_signed_bytes_make_it_throw(byte[] payload) =>
        Assert.NotEmpty(Codes(Signed(Part(s_token.Value, 0).ToJsonString(), payload, Sound.Issuer)));

    [Property(MaxTest = 100)]
    public void No_change_of_a_signed_payload_makes_it_throw(int at, byte value)
    {
        byte[] payload = Encoding.UTF8.GetBytes(Payload(s_token.Value));
        payload[(int)((uint)at % payload.Length)] = value;
        bool taken = EarToken.Verify(Signed(Part(s_token.Value, 0).ToJsonString(), payload, Sound.Issuer), s_keys, s_expected, Given.Now,
            out EarResult? result, out IReadOnlyList<Finding> findings);
        Assert.Equal(taken, result is not null);
        Assert.Equal(taken, findings.Count == 0);
    }

    private static string Signed(AttestationResult found) => Signed(found, Sound.GuestKey);

    private static string Signed(AttestationResult found, ConfirmationKey? confirmation) =>
        EarToken.Sign(found, Sound.Subject, confirmation, Issuer, Audience, Sound.Issuer, Given.Now, s_lifetime, "7");

    private static string Resigned(string payload, string? header = null, EarSigningKey? signer = null) =>
        Signed(header ?? Part(s_token.Value, 0).ToJsonString(), Encoding.UTF8.GetBytes(payload), signer ?? Sound.Issuer);

    private static string Signed(string header, byte[] payload, EarSigningKey signer)
    {
        ECDsa key = s_imported.GetOrAdd(signer.KeyId, _ =>
        {
            ECDsa imported = ECDsa.Create();
            imported.ImportFromPem(signer.ExportPem());
            return imported;
        });
        string signed = $"{Encode(header)}.{Base64Url.EncodeToString(payload)}";
        return $"{signed}.{Base64Url.EncodeToString(key.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA384))}";
    }

    /// <summary><c>a.b=value</c> sets a member, <c>a.b=null</c> removes it.</summary>
    private static JsonNode Changed(JsonNode json, string change)
    {
        string[] sides = change.Split('=', 2);
        string[] path = sides[0].Split('.');
        JsonObject parent = path[..^1].Aggregate(json, (node, key) => node[key]!).AsObject();
        if (sides[1] == "null")
            Assert.True(parent.Remove(path[^1]));
        else
            parent[path[^1]] = JsonNode.Parse(sides[1]);
        return json;
    }

    private static EarResult Read(string token, EarExpectation expected)
    {
        Assert.True(EarToken.Verify(token, s_keys, expected, Given.Now, out EarResult? result, out IReadOnlyList<Finding> findings), Text(findings));
        return result;
    }

    private static IEnumerable<string> Codes(string token, EarExpectation? expected = null)
    {
        bool taken = EarToken.Verify(token, s_keys, expected ?? s_expected, Given.Now, out EarResult? result, out IReadOnlyList<Finding> findings);
        Assert.Equal(taken, result is not null);
        Assert.Equal(taken, findings.Count == 0);
        return findings.Select(finding => finding.Code);
    }

    private static string Encode(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static string Payload(string token) => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(token.Split('.')[1]));

    private static JsonNode Part(string token, int part) => JsonNode.Parse(Base64Url.DecodeFromChars(token.Split('.')[part]))!;

    private static string Text(IReadOnlyList<Finding> findings) => string.Join('\n', findings);
}
