using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.NodeCertificates.Tests;

/// <summary>A CA in a folder of one test's own, and certificates that only a defect or an attacker would make.</summary>
internal sealed class GivenAuthority : IDisposable
{
    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Node = new("5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11");
    public static readonly TimeSpan Year = TimeSpan.FromDays(365);

    public GivenAuthority() => AuthorityFolder.Create(Path, Now);

    public string Path { get; } = Directory.CreateTempSubdirectory("osev-ca-").FullName;

    public string File(string name) => System.IO.Path.Join(Path, name);

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public IssuedCertificate Issue(Guid? node = null, DateTimeOffset? at = null, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using AuthorityFolder folder = AuthorityFolder.Open(Path);
        return folder.Issue(node ?? Node, NodeCertificateRequest.Of(key), at ?? Now, lifetime ?? Year);
    }

    public void Revoke(params string[] serials)
    {
        using AuthorityFolder folder = AuthorityFolder.Open(Path);
        folder.Revoke(serials, Now);
    }

    public NodeTrust Trust()
    {
        (byte[] certificate, byte[] revocations) = AuthorityFolder.ReadPublic(Path);
        Assert.True(NodeTrust.TryRead(certificate, revocations, out NodeTrust? trust, out string? problem), problem);
        return trust;
    }

    /// <summary>Signed with the CA's real key, by another library.</summary>
    public byte[] Signed(Action<SubjectAlternativeNameBuilder>? names, string? usage = "1.3.6.1.5.5.7.3.2", bool isAuthority = false)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var ca = X509Certificate2.CreateFromPem(System.IO.File.ReadAllText(File("ca.pem")), System.IO.File.ReadAllText(File("ca.key")));
        var request = new CertificateRequest("CN=crafted", key, HashAlgorithmName.SHA384);
        if (isAuthority)
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        if (usage is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (names is not null)
        {
            var builder = new SubjectAlternativeNameBuilder();
            names(builder);
            request.CertificateExtensions.Add(builder.Build());
        }

        using X509Certificate2 made = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(ca.GetECDsaPrivateKey()!),
            Now.AddDays(-1), Now.AddDays(100), [1, 2, 3, 4]);
        return made.RawData;
    }
}
