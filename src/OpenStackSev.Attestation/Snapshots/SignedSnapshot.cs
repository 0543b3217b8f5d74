using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Attestation.Snapshots;

/// <summary>Why a snapshot says nothing.</summary>
/// <param name="Code">One of <see cref="SnapshotCodes"/>; the filter of nova-scheduler has the same.</param>
public sealed record SnapshotFault(string Code, string Detail);

/// <summary>Once shipped, never changed.</summary>
public static class SnapshotCodes
{
    public const string TooLarge = "snapshot.too_large";
    public const string Malformed = "snapshot.malformed";

    /// <summary>Signed, but as something else.</summary>
    public const string NotOne = "snapshot.not_one";
    public const string KeyUnknown = "snapshot.key_unknown";
    public const string Signature = "snapshot.signature";
}

/// <summary>A snapshot of the hosts' trust as it goes to nova-scheduler: a JWS in compact form (RFC 7515), ES384.</summary>
public static class SignedSnapshot
{
    /// <summary>The <c>typ</c>, so that no result or ticket under the same keys is ever taken for one.</summary>
    public const string Type = "openstack-sev-snapshot";

    /// <summary>In bytes; 100,000 hosts are some 40 MB.</summary>
    public const int MaximumSize = 64 * 1024 * 1024;

    private const int SignatureSize = 96;
    private const int LongestHeader = 1024;

    /// <param name="payload">UTF-8.</param>
    /// <returns>ASCII.</returns>
    public static byte[] Sign(ReadOnlySpan<byte> payload, EarSigningKey key) =>
        Encoding.ASCII.GetBytes(SignedDocument.Sign(Encoding.UTF8.GetString(payload), Type, key));

    /// <summary>The payload of a snapshot that one of the keys signed. Never throws on input.</summary>
    /// <param name="text">White space around it is left out.</param>
    public static bool TryOpen(
        ReadOnlySpan<byte> text, EarVerificationKeys keys, [NotNullWhen(true)] out byte[]? payload, [NotNullWhen(false)] out SnapshotFault? fault)
    {
        payload = null;
        if (text.Length > MaximumSize)
        {
            fault = new(SnapshotCodes.TooLarge, $"more than {MaximumSize} bytes");
            return false;
        }

        text = text.Trim(" \t\r\n"u8);
        int first = text.IndexOf((byte)'.'), last = text.LastIndexOf((byte)'.');
        if (first < 0 || first == last || text[(first + 1)..last].Contains((byte)'.') || !TryDecode(text[(first + 1)..last], out byte[]? content)
            || first > LongestHeader || !TryDecode(text[..first], out byte[]? head) || HeaderOf(head) is not { } header)
        {
            fault = new(SnapshotCodes.Malformed, "no JWS in compact form");
            return false;
        }

        fault = Check(header, text[..last], text[(last + 1)..], keys);
        if (fault is null)
            payload = content;
        return fault is null;
    }

    private static SnapshotFault? Check(SnapshotHeader header, ReadOnlySpan<byte> signed, ReadOnlySpan<byte> encoded, EarVerificationKeys keys)
    {
        if (header.Algorithm != EarToken.Algorithm || header.Type != Type || header.Critical is not null)
            return new(SnapshotCodes.NotOne, $"it is no {EarToken.Algorithm} {Type}");
        if (header.KeyId is null || keys.Find(header.KeyId) is not { } key)
            return new(SnapshotCodes.KeyUnknown, "signed with a key that is not among the keys");
        using ECDsa ecdsa = key.Create();
        return TryDecode(encoded, out byte[]? signature) && signature.Length == SignatureSize
            && ecdsa.VerifyData(signed, signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            ? null
            : new(SnapshotCodes.Signature, "the signature does not hold");
    }

    private static SnapshotHeader? HeaderOf(byte[] json)
    {
        try
        {
            return JsonSerializer.Deserialize(json, SnapshotJson.Default.SnapshotHeader);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static bool TryDecode(ReadOnlySpan<byte> text, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = null;
        if (!Base64Url.IsValid(text))
            return false;
        bytes = Base64Url.DecodeFromUtf8(text);
        return true;
    }
}
