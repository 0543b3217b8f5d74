using System.Security.Cryptography;

namespace OpenStackSev.Control.Reattestation.Keys;

/// <summary>A key that tickets are made with.</summary>
internal sealed class TicketKey
{
    private readonly byte[] secret;

    public TicketKey(byte[] secret)
    {
        this.secret = secret;
        Id = Convert.ToHexStringLower(SHA256.HashData(secret))[..TicketKeys.IdLength];
    }

    /// <summary>First 8 hexadecimal digits of the key's SHA-256.</summary>
    public string Id { get; }

    public byte[] Authenticate(ReadOnlySpan<byte> bytes) => HMACSHA256.HashData(secret, bytes);
}

/// <summary>The keys of a file: one of 64 hexadecimal digits a line. The first one makes tickets, all of them verify.</summary>
internal sealed class TicketKeys
{
    public const int KeyBytes = 32;
    public const int IdLength = 8;

    private readonly IReadOnlyList<TicketKey> keys;

    private TicketKeys(IReadOnlyList<TicketKey> keys) => this.keys = keys;

    public TicketKey Current => keys[0];

    public TicketKey? Find(ReadOnlySpan<char> id)
    {
        foreach (TicketKey key in keys)
        {
            if (id.SequenceEqual(key.Id))
                return key;
        }

        return null;
    }

    /// <exception cref="FormatException">It is no such file.</exception>
    public static TicketKeys Parse(string text)
    {
        IReadOnlyList<string> lines = Split(text);
        if (lines.Count == 0 || !lines.All(line => line.Length == 2 * KeyBytes && line.All(char.IsAsciiHexDigitLower)))
            throw new FormatException($"each line has to be a key of {2 * KeyBytes} lower-case hex digits, and there has to be one");
        return new TicketKeys([.. lines.Select(line => new TicketKey(Convert.FromHexString(line)))]);
    }

    public static IReadOnlyList<string> Split(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
