using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenStackSev.Api.Capacity;

/// <summary>UUIDs of our guard providers: the same name gives the same UUID on every agent, so that a repeated creation is harmless.</summary>
/// <remarks>Source: RFC 9562, "UUID Version 5": SHA-1 of the namespace in network order and the name.</remarks>
public static class ProviderIdentity
{
    /// <summary>Namespace of this product. Never changed: existing providers would be orphaned.</summary>
    public static Guid Namespace { get; } = new("6f0a4c1e-8d52-5b7e-9c64-2a1d73e5b0f8");

    /// <summary>UUIDv5 of <paramref name="providerName"/>, e.g. <c>compute1:sev</c>.</summary>
    public static Guid Of(string providerName)
    {
        byte[] name = Encoding.UTF8.GetBytes(providerName);
        Span<byte> input = new byte[16 + name.Length];
        // Guid.ToByteArray() is mixed-endian; the RFC hashes network order.
        Namespace.TryWriteBytes(input, bigEndian: true, out _);
        name.CopyTo(input[16..]);
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // UUIDv5 is defined over SHA-1; nothing is protected by it
        SHA1.HashData(input, hash);
#pragma warning restore CA5350
        Span<byte> uuid = hash[..16];
        BinaryPrimitives.WriteUInt16BigEndian(uuid[6..], (ushort)((BinaryPrimitives.ReadUInt16BigEndian(uuid[6..]) & 0x0FFF) | 0x5000));
        uuid[8] = (byte)((uuid[8] & 0x3F) | 0x80);
        return new Guid(uuid, bigEndian: true);
    }
}
