using System.Security.Cryptography;

namespace OpenStackSev.Guest.Rounds;

/// <summary>The key K that results are bound to (<c>cnf</c>): ECDSA P-384, made at start, only in this process' memory.</summary>
/// <remarks>
/// It lives as long as the process and is not rotated meanwhile. Who can read this memory can read the next key as well, so rotating would take
/// nothing from an attacker; and a token of the last hour would name a key that nobody can prove any more.
/// </remarks>
internal sealed class GuestKey : IDisposable
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly Lock gate = new();

    public GuestKey() => PublicKey = key.ExportSubjectPublicKeyInfo();

    /// <summary>DER SubjectPublicKeyInfo.</summary>
    public byte[] PublicKey { get; }

    /// <summary>ES384 of RFC 7518: ECDSA over SHA-384, r and s of 48 bytes each.</summary>
    public byte[] Sign(ReadOnlySpan<byte> message)
    {
        lock (gate)
            return key.SignData(message, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation);
    }

    public void Dispose() => key.Dispose();
}
