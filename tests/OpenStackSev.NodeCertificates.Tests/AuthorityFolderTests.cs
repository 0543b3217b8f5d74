using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.NodeCertificates.Tests;

public sealed class AuthorityFolderTests : IDisposable
{
    private readonly GivenAuthority ca = new();

    public void Dispose() => ca.Dispose();

    [Fact]
    public void The_CAs_key_is_its_owners_alone_and_nobody_elses_key_is_kept()
    {
        ca.Issue();
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(ca.File("ca.key")));
        string[] withKeys = [.. Directory.GetFiles(ca.Path, "*", SearchOption.AllDirectories).Where(file => File.ReadAllText(file).Contains("PRIVATE", StringComparison.Ordinal))];
        Assert.Equal([ca.File("ca.key")], withKeys);
    }

    [Fact]
    public void A_CA_is_made_once()
    {
        byte[] before = File.ReadAllBytes(ca.File("ca.key"));
        NodeAuthorityException e = Assert.Throws<NodeAuthorityException>(() => AuthorityFolder.Create(ca.Path, GivenAuthority.Now));
        Assert.Contains("holds a CA already", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(ca.File("ca.key")));
    }

    [Fact]
    public void A_folder_without_a_CA_says_how_to_make_one() =>
        Assert.Contains("osev host certificate init", Assert.Throws<NodeAuthorityException>(() => AuthorityFolder.Open(ca.File("none"))).Hint, StringComparison.Ordinal);

    [Fact]
    public void One_writer_at_a_time()
    {
        using AuthorityFolder held = AuthorityFolder.Open(ca.Path);
        Assert.Contains("somebody else", Assert.Throws<NodeAuthorityException>(() => AuthorityFolder.Open(ca.Path)).Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Lists_say_what_became_of_each_certificate()
    {
        IssuedCertificate revoked = ca.Issue(), expired = ca.Issue(lifetime: TimeSpan.FromDays(1)), valid = ca.Issue();
        ca.Revoke(revoked.Serial);
        using AuthorityFolder folder = AuthorityFolder.Open(ca.Path);
        Dictionary<string, ListedCertificate> listed = folder.List(GivenAuthority.Now.AddDays(2)).ToDictionary(one => one.Certificate.Serial, StringComparer.Ordinal);
        Assert.Equal(3, listed.Count);
        Assert.Equal((CertificateState.Revoked, (DateTimeOffset?)GivenAuthority.Now), (listed[revoked.Serial].State, listed[revoked.Serial].RevokedAt));
        Assert.Equal(CertificateState.Expired, listed[expired.Serial].State);
        Assert.Equal(CertificateState.Valid, listed[valid.Serial].State);
        Assert.Equal(CertificateState.NotYetValid, folder.List(GivenAuthority.Now.AddDays(-2)).Single(one => one.Certificate.Serial == valid.Serial).State);
    }

    [Fact]
    public void What_was_revoked_stays_revoked_with_its_date()
    {
        IssuedCertificate first = ca.Issue(), second = ca.Issue();
        ca.Revoke(first.Serial);
        using AuthorityFolder folder = AuthorityFolder.Open(ca.Path);
        folder.Revoke([first.Serial, second.Serial], GivenAuthority.Now.AddDays(1));
        Dictionary<string, DateTimeOffset?> at = folder.List(GivenAuthority.Now).ToDictionary(one => one.Certificate.Serial, one => one.RevokedAt, StringComparer.Ordinal);
        Assert.Equal(GivenAuthority.Now, at[first.Serial]);
        Assert.Equal(GivenAuthority.Now.AddDays(1), at[second.Serial]);
    }

    [Fact]
    public void A_foreign_revocation_list_is_not_signed_anew()
    {
        using var other = new GivenAuthority();
        File.Copy(other.File("revoked.crl"), ca.File("revoked.crl"), overwrite: true);
        Assert.Contains("is not signed by this CA", Assert.Throws<NodeAuthorityException>(() => ca.Revoke("11")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_of_another_CA_is_told()
    {
        using var other = new GivenAuthority();
        File.Copy(other.File("ca.key"), ca.File("ca.key"), overwrite: true);
        Assert.Contains("not that of its certificate", Assert.Throws<NodeAuthorityException>(() => AuthorityFolder.Open(ca.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_file_is_told()
    {
        File.WriteAllText(ca.File("ca.pem"), "nothing");
        Assert.Contains("malformed", Assert.Throws<NodeAuthorityException>(() => AuthorityFolder.ReadPublic(ca.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_never_outlives_its_CA() =>
        Assert.Equal(GivenAuthority.Now.AddYears(10), ca.Issue(lifetime: TimeSpan.FromDays(36500)).NotAfter);

    [Fact]
    public void Openssl_agrees_about_good_and_revoked_certificates()
    {
        if (!File.Exists("/usr/bin/openssl"))
            Assert.Skip("openssl is not installed");
        IssuedCertificate good = ca.Issue(), revoked = ca.Issue();
        ca.Revoke(revoked.Serial);
        Assert.Equal(0, Verify(good));
        Assert.NotEqual(0, Verify(revoked));
    }

    [Fact]
    public void The_frameworks_own_chain_agrees()
    {
        using X509Certificate2 issued = X509CertificateLoader.LoadCertificate(ca.Issue().Bytes);
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = GivenAuthority.Now.UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPemFile(ca.File("ca.pem"));
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        Assert.True(chain.Build(issued), string.Join(", ", chain.ChainStatus.Select(status => status.StatusInformation)));
    }

    private int Verify(IssuedCertificate certificate)
    {
        string file = ca.File("check.pem");
        File.WriteAllText(file, certificate.Pem);
        var start = new ProcessStartInfo("/usr/bin/openssl") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (string argument in new[]
        {
            "verify", "-x509_strict", "-purpose", "sslclient", "-attime", $"{GivenAuthority.Now.ToUnixTimeSeconds()}", "-crl_check",
            "-CRLfile", ca.File("revoked.crl"), "-CAfile", ca.File("ca.pem"), file,
        })
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode;
    }
}
