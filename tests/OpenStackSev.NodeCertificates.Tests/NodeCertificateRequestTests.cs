using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.NodeCertificates.Tests;

public sealed class NodeCertificateRequestTests : IDisposable
{
    private readonly GivenAuthority ca = new();

    public void Dispose() => ca.Dispose();

    [Fact]
    public void A_certificate_is_issued_on_the_key_of_the_request_and_its_names_are_not_read()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Assert.True(NodeCertificateRequest.TryParse(NodeCertificateRequest.Pem(key, Guid.NewGuid()), out NodeCertificateRequest? request, out _));
        using AuthorityFolder folder = AuthorityFolder.Open(ca.Path);
        IssuedCertificate issued = folder.Issue(GivenAuthority.Node, request, GivenAuthority.Now, GivenAuthority.Year);
        using X509Certificate2 read = X509CertificateLoader.LoadCertificate(issued.Bytes);
        using ECDsa? held = read.GetECDsaPublicKey();
        Assert.Equal(key.ExportSubjectPublicKeyInfo(), held!.ExportSubjectPublicKeyInfo());
        Assert.Equal(GivenAuthority.Node, issued.Node);
    }

    [Fact]
    public void The_same_key_gets_a_new_certificate()
    {
        IssuedCertificate first = ca.Issue();
        using AuthorityFolder folder = AuthorityFolder.Open(ca.Path);
        IssuedCertificate second = folder.Issue(GivenAuthority.Node, NodeCertificateRequest.SameKeyAs(first), GivenAuthority.Now.AddDays(300), GivenAuthority.Year);
        using X509Certificate2 before = X509CertificateLoader.LoadCertificate(first.Bytes), after = X509CertificateLoader.LoadCertificate(second.Bytes);
        Assert.Equal(before.PublicKey.ExportSubjectPublicKeyInfo(), after.PublicKey.ExportSubjectPublicKeyInfo());
        Assert.NotEqual(first.Serial, second.Serial);
        Assert.True(second.NotAfter > first.NotAfter);
    }

    [Fact]
    public void A_request_on_another_kind_of_key_is_refused()
    {
        using var p521 = ECDsa.Create(ECCurve.NamedCurves.nistP521);
        using var rsa = RSA.Create(2048);
        Refused("its key is not of P-256 or P-384", NodeCertificateRequest.Pem(p521, GivenAuthority.Node));
        Refused("its key is not of P-256 or P-384",
            new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem());
    }

    [Fact]
    public void A_request_that_another_key_signed_is_refused()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA384).CreateSigningRequest();
        request[^1] ^= 1;
        Refused("its signature is not by its own key", PemEncoding.WriteString("CERTIFICATE REQUEST", request));
    }

    [Fact]
    public void What_is_no_request_is_refused()
    {
        Refused("no PEM text CERTIFICATE REQUEST is in it", "");
        Refused("no PEM text CERTIFICATE REQUEST is in it", ca.Issue().Pem);
        Refused("it is malformed", PemEncoding.WriteString("CERTIFICATE REQUEST", [1, 2, 3]));
        Refused("a certificate request has at most 16384 characters", new string('A', 20_000));
    }

    [Fact]
    public void No_changed_byte_of_a_request_throws()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA384).CreateSigningRequest();
        for (int i = 0; i < request.Length; i++)
        {
            foreach (byte flip in new byte[] { 0x01, 0x80 })
            {
                byte[] changed = [.. request];
                changed[i] ^= flip;
                Assert.False(NodeCertificateRequest.TryParse(PemEncoding.WriteString("CERTIFICATE REQUEST", changed), out _, out _), $"byte {i} is ignored");
            }
        }
    }

    private static void Refused(string problem, string pem)
    {
        Assert.False(NodeCertificateRequest.TryParse(pem, out _, out string? told));
        Assert.Equal(problem, told);
    }
}
