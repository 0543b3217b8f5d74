using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Conventions;

/// <summary>The service's certificate from its PEM files, read again when they change: renewal needs no restart.</summary>
internal sealed class ServerCertificate
{
    /// <summary>Nothing is fetched for a client's certificate.</summary>
    private static readonly X509ChainPolicy s_clientChain = new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        DisableCertificateDownloads = true,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
    };

    private readonly string certificateFile;
    private readonly string keyFile;
    private readonly Lock gate = new();
    private (DateTime Certificate, DateTime Key) read;
    private SslStreamCertificateContext current;

    private ServerCertificate(string certificateFile, string keyFile)
    {
        (this.certificateFile, this.keyFile) = (certificateFile, keyFile);
        read = WrittenAt();
        current = Read();
    }

    /// <exception cref="ConfigurationException">The files cannot be used.</exception>
    public static void Use(ListenOptions listen, ApiOptions api)
    {
        if (api is not { TlsCert: { } certificateFile, TlsKey: { } keyFile })
            return;
        ServerCertificate certificate;
        try
        {
            certificate = new ServerCertificate(certificateFile, keyFile);
        }
        catch (Exception e) when (IsUnusable(e))
        {
            throw new ConfigurationException([$"[api] tls_cert = {certificateFile}, tls_key = {keyFile}: cannot be used: {e.Message.TrimEnd('.')}"]);
        }

        listen.UseHttps(new TlsHandshakeCallbackOptions
        {
            OnConnection = _ => ValueTask.FromResult(new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate.Current(),
                // A client may bring a certificate, and any is taken here: who it is of is judged where the refusal can say why.
                ClientCertificateRequired = true,
                CertificateChainPolicy = s_clientChain,
#pragma warning disable CA5359 // no server's certificate: a client's, see above
                RemoteCertificateValidationCallback = static (_, _, _, _) => true,
#pragma warning restore CA5359
            }),
        });
    }

    private SslStreamCertificateContext Current()
    {
        lock (gate)
        {
            (DateTime, DateTime) written = WrittenAt();
            if (written == read)
                return current;
            read = written;
            try
            {
                current = Read();
            }
            catch (Exception e) when (IsUnusable(e))
            {
                // Half of a renewal: the old one serves until the other file is there too.
            }

            return current;
        }
    }

    /// <summary>An <see cref="ArgumentException"/> is what a key gets that is not the certificate's.</summary>
    private static bool IsUnusable(Exception e) => e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException;

    private (DateTime, DateTime) WrittenAt() => (File.GetLastWriteTimeUtc(certificateFile), File.GetLastWriteTimeUtc(keyFile));

    private SslStreamCertificateContext Read()
    {
        var intermediates = new X509Certificate2Collection();
        intermediates.ImportFromPemFile(certificateFile);
        X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(certificateFile, keyFile);
        return SslStreamCertificateContext.Create(certificate, intermediates, offline: true);
    }
}
