using System.Security.Cryptography;
using OpenStackSev.Attestation.Results;

namespace OpenStackSev.Control.Reattestation.Keys;

/// <summary>The keys of a file of PEM: the first one signs results, the public halves of all of them are published.</summary>
internal sealed class ResultKeys
{
    private ResultKeys(IReadOnlyList<EarSigningKey> keys)
    {
        Current = keys[0];
        Verification = EarVerificationKeys.Of([.. keys]);
        Published = Verification.Write();
    }

    public EarSigningKey Current { get; }
    public EarVerificationKeys Verification { get; }

    /// <summary>The JWK Set, as it is served.</summary>
    public byte[] Published { get; }

    /// <exception cref="FormatException">It is no such file.</exception>
    public static ResultKeys Parse(string text)
    {
        IReadOnlyList<string> blocks = Split(text);
        if (blocks.Count == 0)
            throw new FormatException("there has to be a private key on P-384 in PEM");
        try
        {
            return new ResultKeys([.. blocks.Select(EarSigningKey.FromPem)]);
        }
        catch (ArgumentException e)
        {
            throw new FormatException(e.Message, e);
        }
    }

    public static IReadOnlyList<string> Split(string text)
    {
        var blocks = new List<string>();
        ReadOnlySpan<char> rest = text;
        while (PemEncoding.TryFind(rest, out PemFields fields))
        {
            blocks.Add(rest[fields.Location].ToString());
            rest = rest[fields.Location.End..];
        }

        return blocks;
    }
}
