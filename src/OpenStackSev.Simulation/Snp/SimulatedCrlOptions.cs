using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Snp;

/// <summary>What a revocation list says, and what shall be wrong with it. Null is the usual.</summary>
/// <remarks>No list of AMD was at hand: version 2, issuer and algorithm are as the ARK's; extensions and times are made up after RFC 5280.</remarks>
public sealed record SimulatedCrlOptions
{
    /// <summary>Null is a day ago.</summary>
    public DateTimeOffset? ThisUpdate { get; init; }

    /// <summary>Null is a year after <see cref="ThisUpdate"/>.</summary>
    public DateTimeOffset? NextUpdate { get; init; }

    /// <summary>Leaves nextUpdate out.</summary>
    public bool WithoutNextUpdate { get; init; }

    /// <summary>Serial numbers, e.g. the ASK's. No VCEK can be named: all have number 0.</summary>
    public IReadOnlyList<BigInteger> Revoked { get; init; } = [];

    public BigInteger Number { get; init; } = BigInteger.One;

    /// <summary>Another key that signs, while the issuer's name stays.</summary>
    public RSA? SignedBy { get; init; }

    /// <summary>Another name of the issuer, while the ARK signs.</summary>
    public string? IssuerCommonName { get; init; }

    public SimulatedSignatureScheme SignatureScheme { get; init; }

    public bool ExplicitTrailerField { get; init; } = true;

    /// <summary>Makes the extensions from the right ones, as with certificates.</summary>
    public Func<IReadOnlyList<SimulatedExtension>, IEnumerable<SimulatedExtension>>? Extensions { get; init; }

    internal byte[] Sign(byte[] issuer, RSA key, byte[] keyIdentifier, DateTimeOffset now)
    {
        SimulatedExtension[] extensions =
        [
            new(SimulatedOid.AuthorityKeyIdentifier, false, SignedForm.AuthorityKeyIdentifier(keyIdentifier)),
            new(SimulatedOid.CrlNumber, false, SignedForm.Integer(Number)),
        ];
        DateTimeOffset thisUpdate = ThisUpdate ?? now.AddDays(-1);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteInteger(1);
            writer.WriteEncodedValue(SignedForm.Algorithm(SignatureScheme, ExplicitTrailerField));
            writer.WriteEncodedValue(issuer);
            SignedForm.WriteTime(writer, thisUpdate);
            if (!WithoutNextUpdate)
                SignedForm.WriteTime(writer, NextUpdate ?? thisUpdate.AddYears(1));
            // RFC 5280 5.1.2.6: absent, not empty, when nothing is revoked.
            if (Revoked.Count > 0)
            {
                using (writer.PushSequence())
                {
                    foreach (BigInteger serial in Revoked)
                    {
                        using (writer.PushSequence())
                        {
                            writer.WriteInteger(serial);
                            SignedForm.WriteTime(writer, thisUpdate);
                        }
                    }
                }
            }
            SignedForm.WriteExtensions(writer, [.. Extensions?.Invoke(extensions) ?? extensions], SignedForm.Context(0));
        }
        return SignedForm.Sign(writer.Encode(), SignedBy ?? key, SignatureScheme, ExplicitTrailerField);
    }
}
