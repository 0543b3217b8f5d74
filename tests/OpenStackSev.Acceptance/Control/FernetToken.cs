using System.Buffers.Binary;
using System.Security.Cryptography;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Control;

/// <summary>Makes a good token of this lab's Keystone an expired one, by the lab's own keys: nobody waits an hour for a test.</summary>
/// <remarks>
/// Source: Fernet specification (0x80, seconds, IV, AES-128-CBC, HMAC-SHA256); keystone/token/token_formatters.py, whose payload is MessagePack
/// with the end of the token as its only 64-bit floating-point number.
/// </remarks>
internal static class FernetToken
{
    private const byte Double = 0xcb;
    private const int HeadLength = 25, MacLength = 32;

    /// <returns>Null when none of the lab's keys made the token.</returns>
    public static string? Expired(string token)
    {
        byte[] bytes = Bytes(token);
        foreach (string file in Directory.GetFiles(Path.Join(Stack.StateDir, "keys", "fernet")))
        {
            byte[] key = Bytes(File.ReadAllText(file).Trim());
            if (!HMACSHA256.HashData(key[..16], bytes[..^MacLength]).AsSpan().SequenceEqual(bytes.AsSpan()[^MacLength..]))
                continue;
            using var aes = Aes.Create();
            aes.Key = key[16..];
            byte[] payload = aes.DecryptCbc(bytes.AsSpan()[HeadLength..^MacLength], bytes.AsSpan(9, 16));
            int end = EndOf(payload);
            BinaryPrimitives.WriteDoubleBigEndian(payload.AsSpan(end + 1), DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeSeconds());
            byte[] signed = [.. bytes[..HeadLength], .. aes.EncryptCbc(payload, bytes.AsSpan(9, 16))];
            return Text([.. signed, .. HMACSHA256.HashData(key[..16], signed)]);
        }

        return null;
    }

    // Ids hold any byte, that of the number's type too: what follows the right one is a time to come.
    private static int EndOf(byte[] payload)
    {
        long now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return Enumerable.Range(0, payload.Length - 8).First(i => payload[i] == Double
            && BinaryPrimitives.ReadDoubleBigEndian(payload.AsSpan(i + 1)) - now is > 0 and < 7 * 86_400);
    }

    private static byte[] Bytes(string text) => Convert.FromBase64String(text.Replace('-', '+').Replace('_', '/').PadRight((text.Length + 3) / 4 * 4, '='));

    private static string Text(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
}
