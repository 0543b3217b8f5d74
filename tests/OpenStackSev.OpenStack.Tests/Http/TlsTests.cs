using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Http;

/// <summary>A Keystone behind a certificate: a 403 of it means that it was trusted.</summary>
public sealed class TlsTests : IDisposable
{
    private const string Answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("openstacksev-tls-");

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_refused_with_a_hint()
    {
        using X509Certificate2 own = SelfSigned("127.0.0.1");
        OpenStackApiException e = await Refused(own, caFile: null);
        Assert.EndsWith("; if the cloud has a CA of its own, name it in cacert of clouds.yaml", e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_is_its_own_CA_is_trusted_when_named()
    {
        using X509Certificate2 own = SelfSigned("127.0.0.1");
        await Trusted(own, CaFile(own));
    }

    [Fact]
    public async Task A_certificate_of_a_named_CA_is_trusted()
    {
        using X509Certificate2 ca = Ca("ca"), other = Ca("other"), server = Signed(ca, "127.0.0.1");
        await Trusted(server, CaFile(other, ca));
    }

    [Fact]
    public async Task A_certificate_of_another_CA_is_refused()
    {
        using X509Certificate2 ca = Ca("ca"), other = Ca("other"), server = Signed(ca, "127.0.0.1");
        await Refused(server, CaFile(other));
    }

    [Fact]
    public async Task A_CA_of_the_same_name_is_another_CA()
    {
        using X509Certificate2 ca = Ca("ca"), impostor = Ca("ca"), server = Signed(impostor, "127.0.0.1");
        await Refused(server, CaFile(ca));
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused()
    {
        using X509Certificate2 ca = Ca("ca"), server = Signed(ca, "127.0.0.2");
        await Refused(server, CaFile(ca));
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        using X509Certificate2 ca = Ca("ca"), server = Signed(ca, "127.0.0.1", DateTimeOffset.UtcNow.AddHours(-1));
        await Refused(server, CaFile(ca));
    }

    [Fact]
    public async Task Without_verification_anything_is_trusted()
    {
        using X509Certificate2 own = SelfSigned("127.0.0.2", DateTimeOffset.UtcNow.AddHours(-1));
        await Trusted(own, caFile: null, verify: false);
    }

    [Fact]
    public async Task Without_verification_the_CA_file_is_not_read()
    {
        using X509Certificate2 own = SelfSigned("127.0.0.1");
        await Trusted(own, Path.Combine(_folder.FullName, "missing"), verify: false);
    }

    [Theory]
    [InlineData(null, "cannot be used")]
    [InlineData("", "holds no certificate")]
    [InlineData("not PEM", "holds no certificate")]
    [InlineData("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used")]
    public void A_CA_file_that_cannot_be_used_stops_at_once(string? content, string expected)
    {
        string file = Path.Combine(_folder.FullName, "ca.pem");
        if (content is not null)
            File.WriteAllText(file, content);
        var e = Assert.Throws<CloudConfigurationException>(() => OpenStackConnection.Open(Cloud(new Uri("https://k/v3"), file, verify: true)));
        Assert.StartsWith($"cacert {file} {expected}", e.Message, StringComparison.Ordinal);
    }

    private static async Task Trusted(X509Certificate2 certificate, string? caFile, bool verify = true) =>
        Assert.Equal(HttpStatusCode.Forbidden, (await Asked(certificate, caFile, verify)).Status);

    private static async Task<OpenStackApiException> Refused(X509Certificate2 certificate, string? caFile)
    {
        OpenStackApiException e = await Asked(certificate, caFile, verify: true);
        Assert.Null(e.Status);
        Assert.StartsWith("TLS failed: ", e.Detail, StringComparison.Ordinal);
        return e;
    }

    private static async Task<OpenStackApiException> Asked(X509Certificate2 certificate, string? caFile, bool verify)
    {
        await using var server = new RawServer(Answer, certificate: certificate);
        using var connection = OpenStackConnection.Open(Cloud(server.Url("https"), caFile, verify));
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal(1, connection.RequestCount);
        return e;
    }

    private static CloudSettings Cloud(Uri url, string? caFile, bool verify) => new()
    {
        Name = "tls",
        AuthType = CloudAuthType.Token,
        AuthUrl = url,
        Token = "t",
        CaCertificateFile = caFile,
        Verify = verify,
    };

    private string CaFile(params IEnumerable<X509Certificate2> certificates)
    {
        string file = Path.Combine(_folder.FullName, "ca.pem");
        File.WriteAllText(file, string.Join('\n', certificates.Select(one => one.ExportCertificatePem())));
        return file;
    }

    private static X509Certificate2 SelfSigned(string address, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request("server", key, address).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), until ?? DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Ca(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Request(name, key, address: null).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static X509Certificate2 Signed(X509Certificate2 ca, string address, DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 signed = Request("server", key, address)
            .Create(ca, DateTimeOffset.UtcNow.AddDays(-2), until ?? DateTimeOffset.UtcNow.AddHours(12), RandomNumberGenerator.GetBytes(8));
        return signed.CopyWithPrivateKey(key);
    }

    /// <param name="address">Null for a CA.</param>
    private static CertificateRequest Request(string name, ECDsa key, string? address)
    {
        var request = new CertificateRequest("CN=" + name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: address is null, false, 0, critical: true));
        if (address is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(IPAddress.Parse(address));
            request.CertificateExtensions.Add(names.Build());
        }

        return request;
    }
}
