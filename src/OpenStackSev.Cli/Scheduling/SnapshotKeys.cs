using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Cli.Scheduling;

/// <summary>The file with the keys that snapshots are believed by: a JWK Set.</summary>
internal static class SnapshotKeys
{
    private const string Hint = "osev snapshot-sync keys fetches those of the control plane";

    /// <exception cref="SnapshotException">It is not there, or no JWK Set with a key on P-384.</exception>
    public static EarVerificationKeys Read(string path)
    {
        byte[] content = new SnapshotStore(path).Read(EarVerificationKeys.MaximumSize)
            ?? throw new SnapshotException("keys.missing", $"{path} is not there, or larger than {EarVerificationKeys.MaximumSize} bytes", Hint);
        return Parse(content, path);
    }

    /// <param name="from">Where the bytes come from, for people.</param>
    /// <exception cref="SnapshotException">They are no JWK Set with a key on P-384.</exception>
    public static EarVerificationKeys Parse(ReadOnlySpan<byte> content, string from)
    {
        if (!EarVerificationKeys.TryParse(content, out EarVerificationKeys? keys, out Finding? malformed))
            throw new SnapshotException("keys.malformed", $"{from}: expected {malformed.Expected}, got {malformed.Actual}", Hint);
        return keys.KeyIds.Count > 0 ? keys : throw new SnapshotException("keys.none", $"{from} has no key on P-384", Hint);
    }
}
