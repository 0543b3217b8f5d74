using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.OpenStack.Http;

/// <summary>The network side of a cloud: TLS as clouds.yaml asks for it.</summary>
internal static class Transport
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    public static SocketsHttpHandler For(CloudSettings cloud)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectTimeout = ConnectTimeout,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            // A daemon must notice that a name moved to another address.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        if (!cloud.Verify)
        {
#pragma warning disable CA5359 // the operator asked for it: verify: false
            handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        }
        else if (cloud.CaCertificateFile is { } file)
        {
            handler.SslOptions.CertificateChainPolicy = TrustOnly(file);
        }

        return handler;
    }

    private static X509ChainPolicy TrustOnly(string file)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        try
        {
            policy.CustomTrustStore.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new CloudConfigurationException($"cacert {file} cannot be used: {e.Message}", "give a readable PEM file with the cloud's CA certificate");
        }

        return policy.CustomTrustStore.Count > 0
            ? policy
            : throw new CloudConfigurationException($"cacert {file} holds no certificate", "give a PEM file with the cloud's CA certificate");
    }
}
