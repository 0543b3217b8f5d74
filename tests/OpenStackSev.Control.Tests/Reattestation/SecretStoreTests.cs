using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>The example of the README: a secret store that knows JWTs and nothing of this project.</summary>
public sealed class SecretStoreTests
{
    private const string Issuer = "https://attestation.example.org";

    [Fact]
    public async Task The_store_of_the_README_gives_its_secret_to_an_honest_guest_and_to_nobody_else()
    {
        await using GuestLab lab = await GuestLab.StartAsync(new Dictionary<string, string> { ["reattestation.issuer"] = Issuer });
        using HttpResponseMessage published = await lab.Control.Http.GetAsync("/.well-known/jwks.json", TestContext.Current.CancellationToken);
        var keys = new JsonWebKeySet(await published.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Dictionary<string, JsonElement> rules = RulesOfTheReadme();
        SimulatedGuest guest = await lab.GuestAsync();
        string token = (await guest.RoundAsync()).Good.Token!;

        // Of a laboratory: the README's own table refuses what is simulated.
        Assert.Equal("/ear_status", (await OpenAsync(token, keys, rules, lab)).Refused);
        foreach ((string pointer, string value) in new[] { ("/ear_status", "\"warning\""), ("/submods/sev-snp/ear_verifier_claims/openstack_sev/simulated", "true") })
            rules[pointer] = JsonDocument.Parse(value).RootElement;
        (byte[]? given, string? refused) = await OpenAsync(token, keys, rules, lab);
        Assert.Null(refused);
        Assert.Equal("the database's password", guest.Decrypt(given!));
        Assert.Throws<AuthenticationTagMismatchException>(() => new SimulatedGuest(lab, guest.Instructions, guest.Chip).Decrypt(given!));

        Dictionary<string, JsonElement> others = new(rules, StringComparer.Ordinal) { ["/openstack/project"] = JsonDocument.Parse("\"p2\"").RootElement };
        Assert.Equal("/openstack/project", (await OpenAsync(token, keys, others, lab)).Refused);
        string debuggable = (await guest.RoundAsync(fields => fields with { Policy = fields.Policy | (1UL << 19) })).Good.Token!;
        Assert.Equal("/ear_status", (await OpenAsync(debuggable, keys, rules, lab)).Refused);
        Assert.Equal("signature", (await OpenAsync(token[..^4] + (token.EndsWith("AAAA", StringComparison.Ordinal) ? "BBBB" : "AAAA"), keys, rules, lab)).Refused);
        lab.Control.Time.Advance(TimeSpan.FromMinutes(46));
        Assert.Equal("signature", (await OpenAsync(token, keys, rules, lab)).Refused);
    }

    /// <summary>What a store does: signature, issuer and times by its library, then the table, then a secret for the key in the token.</summary>
    private static async Task<(byte[]? Secret, string? Refused)> OpenAsync(string token, JsonWebKeySet keys, Dictionary<string, JsonElement> rules, GuestLab lab)
    {
        TokenValidationResult valid = await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = keys.GetSigningKeys(),
            ValidAlgorithms = ["ES384"],
            ValidIssuer = Issuer,
            ValidateAudience = false,
            LifetimeValidator = (notBefore, expires, _, _) => lab.Control.Time.GetUtcNow() is var now && notBefore <= now.UtcDateTime && now.UtcDateTime < expires,
        });
        if (!valid.IsValid)
            return (null, "signature");
        using JsonDocument claims = JsonDocument.Parse(Base64UrlEncoder.Decode(token.Split('.')[1]));
        foreach ((string pointer, JsonElement wanted) in rules)
        {
            if (At(claims.RootElement, pointer) is not { } value || !JsonElement.DeepEquals(value, wanted))
                return (null, pointer);
        }

        JsonElement jwk = At(claims.RootElement, "/cnf/jwk")!.Value;
        using var recipient = ECDiffieHellman.Create(new ECParameters
        {
            Curve = ECCurve.NamedCurves.nistP384,
            Q = new() { X = Base64UrlEncoder.DecodeBytes(jwk.GetProperty("x").GetString()), Y = Base64UrlEncoder.DecodeBytes(jwk.GetProperty("y").GetString()) },
        });
        return (Sealed.To(recipient.PublicKey, Encoding.UTF8.GetBytes("the database's password")), null);
    }

    private static JsonElement? At(JsonElement element, string pointer)
    {
        foreach (string name in pointer.Split('/').Skip(1))
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
                return null;
        }

        return element;
    }

    private static Dictionary<string, JsonElement> RulesOfTheReadme()
    {
        string readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "Reattestation", "README.md"));
        string block = readme.Split("```json\n")[1].Split("```")[0];
        return JsonSerializer.Deserialize<Dictionary<string, JsonElement>>(block)!;
    }
}

/// <summary>A secret for one key: an ephemeral key, then AES-GCM with what the two agree on.</summary>
internal static class Sealed
{
    private const int KeyBytes = 120, NonceBytes = 12, TagBytes = 16;

    public static byte[] To(ECDiffieHellmanPublicKey recipient, byte[] secret)
    {
        using var ephemeral = ECDiffieHellman.Create(ECCurve.NamedCurves.nistP384);
        byte[] nonce = RandomNumberGenerator.GetBytes(NonceBytes), hidden = new byte[secret.Length], tag = new byte[TagBytes];
        using var aes = new AesGcm(ephemeral.DeriveKeyFromHash(recipient, HashAlgorithmName.SHA256), TagBytes);
        aes.Encrypt(nonce, secret, hidden, tag);
        return [.. ephemeral.ExportSubjectPublicKeyInfo(), .. nonce, .. tag, .. hidden];
    }

    public static string Open(ECDiffieHellman own, byte[] box)
    {
        using var ephemeral = ECDiffieHellman.Create();
        ephemeral.ImportSubjectPublicKeyInfo(box.AsSpan(0, KeyBytes), out _);
        byte[] secret = new byte[box.Length - KeyBytes - NonceBytes - TagBytes];
        using var aes = new AesGcm(own.DeriveKeyFromHash(ephemeral.PublicKey, HashAlgorithmName.SHA256), TagBytes);
        aes.Decrypt(box.AsSpan(KeyBytes, NonceBytes), box.AsSpan(KeyBytes + NonceBytes + TagBytes), box.AsSpan(KeyBytes + NonceBytes, TagBytes), secret);
        return Encoding.UTF8.GetString(secret);
    }
}
