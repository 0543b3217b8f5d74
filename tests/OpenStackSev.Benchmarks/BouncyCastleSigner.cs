using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;

namespace OpenStackSev.Benchmarks;

/// <summary>ECDSA on P-384 by BouncyCastle, to compare: it keeps multiples of the curve's generator.</summary>
internal sealed class BouncyCastleSigner
{
    private readonly ECDsaSigner signer = new();

    public BouncyCastleSigner()
    {
        var generator = new ECKeyPairGenerator();
        generator.Init(new ECKeyGenerationParameters(new ECDomainParameters(ECNamedCurveTable.GetByName("P-384")), new SecureRandom()));
        AsymmetricCipherKeyPair pair = generator.GenerateKeyPair();
        signer.Init(forSigning: true, pair.Private);
    }

    public void Sign(byte[] hash) => signer.GenerateSignature(hash);
}
