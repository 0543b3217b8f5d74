using System.Security.Cryptography;
using System.Text;
using FsCheck.Xunit;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Attestation.Tests.Results;

/// <summary>Keys of issuers and of guests.</summary>
public sealed class EarKeysTests
{
    [Fact]
    public void A_thumbprint_is_the_one_of_RFC_7638()
    {
        // The key of RFC 7517, A.1; its thumbprint, computed by hand as RFC 7638 says.
        Assert.True(ConfirmationKey.TryFromJwk("""
            {"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","kid":"1"}
            """u8, out ConfirmationKey? key));
        Assert.Equal("cn-I_WNMClehiVp51i_0VpOENW1upEerA8sEam5hn-s", key.Thumbprint);
        Assert.True(ConfirmationKey.TryFromThumbprint(key.Thumbprint, out ConfirmationKey? named));
        Assert.Equal(key, named);
    }

    [Fact]
    public void A_key_set_is_written_and_read_again_with_the_keys_in_order()
    {
        using EarSigningKey next = EarSigningKey.Create();
        EarVerificationKeys keys = EarVerificationKeys.Of(next, Sound.Issuer);
        Assert.True(EarVerificationKeys.TryParse(keys.Write(), out EarVerificationKeys? read, out Finding? malformed), malformed?.ToString());
        Assert.Equal([next.KeyId, Sound.Issuer.KeyId], read.KeyIds);
        Assert.Equal(keys.Write(), read.Write());
        Assert.DoesNotContain("\"d\"", Encoding.UTF8.GetString(keys.Write()), StringComparison.Ordinal);
    }

    [Fact]
    public void Keys_that_cannot_verify_ES384_are_left_out()
    {
        string key = Jwk();
        string[] others =
        [
            key.Replace("P-384", "P-256", StringComparison.Ordinal), key.Replace("\"sig\"", "\"enc\"", StringComparison.Ordinal),
            key.Replace("ES384", "ES256", StringComparison.Ordinal), key.Replace("\"kid\"", "\"id\"", StringComparison.Ordinal),
            """{"kty":"oct","kid":"o","k":"AAAA"}""", """{"kty":"RSA","kid":"r","n":"AQAB","e":"AQAB"}""", "7", "[]", "{}",
        ];
        Assert.True(EarVerificationKeys.TryParse(Encoding.UTF8.GetBytes($$"""{"keys":[{{string.Join(',', others)}}],"more":1}"""), out EarVerificationKeys? keys, out _));
        Assert.Empty(keys.KeyIds);
        Assert.True(EarVerificationKeys.TryParse(Encoding.UTF8.GetBytes($$"""{"keys":[{{others[0]}},{{key}}]}"""), out keys, out _));
        Assert.Equal([Sound.Issuer.KeyId], keys.KeyIds);
    }

    [Fact]
    public void A_set_that_nobody_can_be_sure_of_is_malformed()
    {
        string key = Jwk();
        string[] malformed =
        [
            "", "[]", "{}", """{"keys":{}}""", """{"keys":[],"keys":[]}""", $$"""{"keys":[{{key}},{{key}}]}""",
            $$"""{"keys":[{{key.Replace("\"use\"", "\"d\":\"AAAA\",\"use\"", StringComparison.Ordinal)}}]}""",
            """{"keys":["""  + new string(' ', EarVerificationKeys.MaximumSize) + "]}",
        ];
        Assert.All(malformed, json =>
        {
            Assert.False(EarVerificationKeys.TryParse(Encoding.UTF8.GetBytes(json), out _, out Finding? finding));
            Assert.Equal("ear.keys.malformed", finding.Code);
        });
    }

    [Fact]
    public void A_guests_key_is_read_from_its_SubjectPublicKeyInfo_and_nothing_else()
    {
        using ECDsa p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384), p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256), p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using RSA rsa = RSA.Create(2048);
        foreach (ECDsa key in new[] { p384, p256 })
        {
            byte[] der = key.ExportSubjectPublicKeyInfo();
            Assert.True(ConfirmationKey.TryFromSubjectPublicKeyInfo(der, out ConfirmationKey? read));
            Assert.Equal(ConfirmationKey.Of(key), read);
            Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo([.. der, 0], out _));
            Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(der.AsSpan(1), out _));
        }
        Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(p521.ExportSubjectPublicKeyInfo(), out _));
        Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(rsa.ExportSubjectPublicKeyInfo(), out _));
        Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(new byte[5000], out _));
        Assert.Throws<ArgumentException>(() => ConfirmationKey.Of(p521));
    }

    [Fact]
    public void A_JWK_off_the_curve_or_with_a_private_key_is_refused()
    {
        string key = Jwk();
        Assert.True(ConfirmationKey.TryFromJwk(Encoding.UTF8.GetBytes(key), out _));
        string x = key.Split("\"x\":\"")[1].Split('"')[0];
        Assert.False(ConfirmationKey.TryFromJwk(Encoding.UTF8.GetBytes(key.Replace(x, new string('A', 64), StringComparison.Ordinal)), out _));
        Assert.False(ConfirmationKey.TryFromJwk(Encoding.UTF8.GetBytes(key.Insert(1, "\"d\":\"AAAA\",")), out _));
        Assert.False(ConfirmationKey.TryFromJwk(Encoding.UTF8.GetBytes(key.Insert(1, "\"kty\":\"EC\",")), out _));
        Assert.False(ConfirmationKey.TryFromThumbprint("", out _));
        // 43 characters hold two bits more than 32 bytes do.
        Assert.False(ConfirmationKey.TryFromThumbprint(Sound.GuestKey.Thumbprint[..^1] + "B", out _));
    }

    [Fact]
    public void Only_a_private_key_on_P384_signs_results()
    {
        using ECDsa p256 = ECDsa.Create(ECCurve.NamedCurves.nistP256), p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string[] pems = ["", "no PEM", p256.ExportPkcs8PrivateKeyPem(), p384.ExportSubjectPublicKeyInfoPem()];
        Assert.All(pems, pem => Assert.Throws<ArgumentException>(() => EarSigningKey.FromPem(pem)));
        using EarSigningKey sec1 = EarSigningKey.FromPem(p384.ExportECPrivateKeyPem()), pkcs8 = EarSigningKey.FromPem(p384.ExportPkcs8PrivateKeyPem());
        Assert.Equal(sec1.KeyId, pkcs8.KeyId);
    }

    [Property(MaxTest = 300)]
    public void No_bytes_of_a_key_make_it_throw(byte[] bytes)
    {
        Assert.False(ConfirmationKey.TryFromSubjectPublicKeyInfo(bytes, out _));
        Assert.False(ConfirmationKey.TryFromJwk(bytes, out _));
        Assert.False(EarVerificationKeys.TryParse(bytes, out _, out _));
    }

    private static string Jwk() => Encoding.UTF8.GetString(EarVerificationKeys.Of(Sound.Issuer).Write())["""{"keys":[""".Length..^"]}".Length];
}
