using System.Security.Cryptography;
using OpenStackSev.Simulation.Snp;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using BigInteger = Org.BouncyCastle.Math.BigInteger;

namespace OpenStackSev.Simulation.Tests.Snp;

/// <summary>Read by another library than the one that writes.</summary>
public sealed class RevocationListTests(Chains chains)
{
    private SimulatedAuthority Genoa => chains[SimulatedLine.Genoa];

    [Fact]
    public void A_list_is_of_the_root_and_names_what_is_revoked()
    {
        DateTimeOffset from = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        X509Crl list = new(Genoa.IssueCrl(new() { ThisUpdate = from, NextUpdate = from.AddDays(30), Revoked = [Genoa.Ask.Serial], Number = 7 }));
        list.Verify(Ark);
        Assert.Equal(2, list.Version);
        Assert.Equal(new X509Certificate(Genoa.Ark.Certificate).SubjectDN, list.IssuerDN);
        Assert.Equal(from.UtcDateTime, list.ThisUpdate);
        Assert.Equal(from.UtcDateTime.AddDays(30), list.NextUpdate);
        Assert.Equal(new BigInteger("20002", 16), Assert.Single(list.GetRevokedCertificates()).SerialNumber);
        Assert.True(list.IsRevoked(new X509Certificate(Genoa.Ask.Certificate)));
        Assert.False(list.IsRevoked(new X509Certificate(Genoa.Asvk.Certificate)));
    }

    [Fact]
    public void A_list_that_revokes_nothing_and_one_without_an_end_are_read()
    {
        X509Crl list = new(Genoa.IssueCrl(new() { WithoutNextUpdate = true }));
        list.Verify(Ark);
        Assert.Null(list.GetRevokedCertificates());
        Assert.Null(list.NextUpdate);
    }

    [Fact]
    public void A_list_signed_by_another_is_refused()
    {
        using RSA stranger = RSA.Create(2048);
        X509Crl list = new(Genoa.IssueCrl(new() { SignedBy = stranger }));
        Assert.ThrowsAny<GeneralSecurityException>(() => list.Verify(Ark));
    }

    [Fact]
    public void The_issuers_name_can_be_anothers() =>
        Assert.Contains("CN=ARK-Milan", new X509Crl(Genoa.IssueCrl(new() { IssuerCommonName = "ARK-Milan" })).IssuerDN.ToString(),
            StringComparison.Ordinal);

    private AsymmetricKeyParameter Ark => new X509Certificate(Genoa.Ark.Certificate).GetPublicKey();
}
