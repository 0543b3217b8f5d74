using System.Security.Cryptography;

namespace OpenStackSev.Api.Attestation;

/// <summary>What a guest asks its security processor to sign: REPORT_DATA of an answer to a challenge.</summary>
/// <remarks>
/// SHA-512 of exactly 96 bytes: <c>openstack-sev/v1</c> in ASCII (16), the nonce (32), the instance's UUID in the order of its text (16),
/// SHA-256 of the guest's public key as DER SubjectPublicKeyInfo, or zeros without one (32).
/// </remarks>
public static class ReportData
{
    /// <summary>In bytes.</summary>
    public const int Length = 64;

    /// <summary>In bytes.</summary>
    public const int NonceLength = 32;

    private const int InstanceLength = 16;

    private static ReadOnlySpan<byte> Label => "openstack-sev/v1"u8;

    /// <param name="nonce"><see cref="NonceLength"/> bytes of a challenge.</param>
    /// <param name="instance">Nova's UUID of the server.</param>
    /// <param name="publicKey">DER SubjectPublicKeyInfo; empty for none.</param>
    /// <returns><see cref="Length"/> bytes.</returns>
    /// <exception cref="ArgumentException">The nonce has another length.</exception>
    public static byte[] Of(ReadOnlySpan<byte> nonce, Guid instance, ReadOnlySpan<byte> publicKey)
    {
        if (nonce.Length != NonceLength)
            throw new ArgumentException($"a nonce has {NonceLength} bytes, not {nonce.Length}", nameof(nonce));
        Span<byte> bound = stackalloc byte[Label.Length + NonceLength + InstanceLength + SHA256.HashSizeInBytes];
        bound.Clear();
        Label.CopyTo(bound);
        nonce.CopyTo(bound[Label.Length..]);
        // The parameterless form is mixed-endian.
        instance.TryWriteBytes(bound[(Label.Length + NonceLength)..], bigEndian: true, out _);
        if (!publicKey.IsEmpty)
            SHA256.HashData(publicKey, bound[^SHA256.HashSizeInBytes..]);
        return SHA512.HashData(bound);
    }
}
