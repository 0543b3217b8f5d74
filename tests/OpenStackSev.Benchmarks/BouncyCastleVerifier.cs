using System.Security.Cryptography;
using OpenStackSev.Simulation.Snp;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.X509;

namespace OpenStackSev.Benchmarks;

/// <summary>The same signatures and dates, checked by BouncyCastle alone. The hash is .NET's, in its favour.</summary>
internal sealed class BouncyCastleVerifier(SimulatedAuthority authority, byte[] report)
{
    private readonly X509CertificateParser _parser = new();
    private readonly AsymmetricKeyParameter _ask = new X509CertificateParser().ReadCertificate(authority.Ask.Certificate).GetPublicKey();
    private ECPublicKeyParameters? _known;

    /// <summary>A VCEK seen for the first time, below an ASK that is known, and the report.</summary>
    public void VerifyFirst(byte[] vcekDer)
    {
        X509Certificate vcek = _parser.ReadCertificate(vcekDer);
        vcek.Verify(_ask);
        vcek.CheckValidity(DateTime.UtcNow);
        _known = (ECPublicKeyParameters)vcek.GetPublicKey();
        VerifyKnown();
    }

    public void VerifyKnown()
    {
        byte[] hash = SHA384.HashData(report.AsSpan(0, 0x2A0)), r = report[0x2A0..(0x2A0 + 48)], s = report[(0x2A0 + 72)..(0x2A0 + 120)];
        Array.Reverse(r);
        Array.Reverse(s);
        ECDsaSigner signer = new();
        signer.Init(forSigning: false, _known!);
        if (!signer.VerifySignature(hash, new BigInteger(1, r), new BigInteger(1, s)))
            throw new InvalidOperationException("what is measured does not verify");
    }
}
