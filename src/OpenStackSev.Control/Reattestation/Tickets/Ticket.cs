using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Control.Reattestation.Keys;

namespace OpenStackSev.Control.Reattestation.Tickets;

/// <summary>What an instance shows to speak for itself: <c>key.instance.code</c>. It is derived, and so kept nowhere.</summary>
/// <remarks>
/// The code is HMAC-SHA256 over a label and the instance's UUID in the order of its text. The same instance has the same ticket as long as the key
/// is the same. Trust: the host reads it as well; it keeps other tenants from answering in an instance's name.
/// </remarks>
internal static class Ticket
{
    private const int InstanceDigits = 32;
    private const int CodeCharacters = 43;
    private const int Length = TicketKeys.IdLength + 1 + InstanceDigits + 1 + CodeCharacters;

    private static ReadOnlySpan<byte> Label => "openstack-sev ticket v1"u8;

    public static string Of(TicketKey key, Guid instance) => $"{key.Id}.{instance:N}.{Base64Url.EncodeToString(Code(key, instance))}";

    /// <summary>Whose ticket it is.</summary>
    /// <param name="text">Untrusted.</param>
    /// <returns>False for what no key of ours made. In a time that does not tell how much of it is right.</returns>
    public static bool TryRead(string text, TicketKeys keys, out Guid instance)
    {
        instance = default;
        if (text.Length != Length || text[TicketKeys.IdLength] != '.' || text[TicketKeys.IdLength + 1 + InstanceDigits] != '.')
            return false;
        ReadOnlySpan<char> named = text.AsSpan(TicketKeys.IdLength + 1, InstanceDigits);
        if (keys.Find(text.AsSpan(0, TicketKeys.IdLength)) is not { } key || !Guid.TryParseExact(named, "N", out Guid claimed))
            return false;
        // As text, so that there is one ticket of an instance and not several spellings.
        if (!CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(text), Encoding.ASCII.GetBytes(Of(key, claimed))))
            return false;
        instance = claimed;
        return true;
    }

    private static byte[] Code(TicketKey key, Guid instance)
    {
        Span<byte> bytes = stackalloc byte[Label.Length + 16];
        Label.CopyTo(bytes);
        instance.TryWriteBytes(bytes[Label.Length..], bigEndian: true, out _);
        return key.Authenticate(bytes);
    }
}
