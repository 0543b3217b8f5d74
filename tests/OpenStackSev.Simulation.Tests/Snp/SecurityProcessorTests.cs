using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Tests.Snp;

public sealed class SecurityProcessorTests(Chains chains)
{
    public static TheoryData<SimulatedLine> Lines => [.. Enum.GetValues<SimulatedLine>()];

    [Theory, MemberData(nameof(Lines))]
    public void A_reports_signature_is_good_under_the_certificate(SimulatedLine line)
    {
        using SimulatedSecurityProcessor processor = new(chains[line]);
        byte[] report = processor.Report(processor.Fields);
        Assert.Equal(ReportFields.Length, report.Length);
        Assert.True(Verifies(report, processor.Vcek));
        Assert.True(Verifies(SimulatedSecurityProcessor.WithOtherS(report), processor.Vcek));
        Assert.NotEqual(report, SimulatedSecurityProcessor.WithOtherS(report));
        report[0x50] ^= 1;
        Assert.False(Verifies(report, processor.Vcek));
        Assert.True(Verifies(processor.Sign(report), processor.Vcek));
    }

    [Fact]
    public void A_VLEK_signs_when_the_fields_say_so()
    {
        using SimulatedSecurityProcessor processor = new(chains[SimulatedLine.Milan]);
        byte[] report = processor.Report(processor.Fields with { SigningKey = 1, ChipId = [] });
        Assert.True(Verifies(report, processor.Vlek));
        Assert.False(Verifies(report, processor.Vcek));
        Assert.Equal(4, report[0x48]);
    }

    [Fact]
    public void A_masked_chip_key_leaves_the_signature_zero()
    {
        using SimulatedSecurityProcessor processor = new(chains[SimulatedLine.Milan]);
        byte[] report = processor.Report(processor.Fields with { MaskChipKey = true });
        Assert.Equal(2, report[0x48]);
        Assert.All(report[ReportFields.SignedLength..], b => Assert.Equal(0, b));
    }

    [Fact]
    public void A_chip_has_the_same_key_at_the_same_TCB_and_another_at_another()
    {
        SimulatedAuthority turin = chains[SimulatedLine.Turin];
        using SimulatedSecurityProcessor first = new(turin), second = new(turin), updated = new(turin, tcb: new(1, 1, 1, 5, 81));
        byte[] key = first.Vcek.Key.ExportSubjectPublicKeyInfo();
        Assert.Equal(key, second.Vcek.Key.ExportSubjectPublicKeyInfo());
        Assert.NotEqual(key, updated.Vcek.Key.ExportSubjectPublicKeyInfo());
    }

    // Reads the slots anew rather than with the code that writes them.
    private static bool Verifies(byte[] report, SimulatedKey key)
    {
        using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(key.Certificate);
        using ECDsa ecdsa = certificate.GetECDsaPublicKey()!;
        byte[] signature = [.. report[0x2A0..0x2D0].Reverse(), .. report[0x2E8..0x318].Reverse()];
        Assert.Equal(BigInteger.Zero, new BigInteger(report.AsSpan(0x2D0, 24)));
        Assert.Equal(BigInteger.Zero, new BigInteger(report.AsSpan(0x318, 392)));
        return ecdsa.VerifyData(report.AsSpan(0, 0x2A0), signature, HashAlgorithmName.SHA384);
    }
}
