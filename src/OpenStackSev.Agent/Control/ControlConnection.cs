using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Api.Hosts;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Control;

/// <summary>The control plane over this node's certificate, which is read again when its file changes.</summary>
public sealed class ControlConnection(ControlOptions options, OpenStackConnection cloud) : IDisposable
{
    private AttestationClient? client;
    private DateTime certificateOf;

    /// <exception cref="AttestationApiException">The control plane refused, failed or did not answer.</exception>
    /// <exception cref="OpenStackApiException">Its endpoint is not known.</exception>
    /// <exception cref="ControlCertificateException">The node's certificate cannot be used.</exception>
    public Task<HostReportAnswer> ReportAsync(Guid node, HostReport report, CancellationToken ct) => Client().Api.ReportHostAsync(node, report, ct);

    /// <summary>A successor of the certificate that this connection is made with.</summary>
    /// <inheritdoc cref="ReportAsync" path="/exception"/>
    /// <param name="request">PKCS#10, PEM.</param>
    public Task<RenewedCertificate> RenewAsync(Guid node, string request, CancellationToken ct) =>
        Client().Api.RenewCertificateAsync(node, new CertificateRenewal(request), ct);

    public void Dispose() => client?.Dispose();

    private AttestationClient Client()
    {
        DateTime written = options.CertificateFile is { } file ? File.GetLastWriteTimeUtc(file) : default;
        if (client is not null && written == certificateOf)
            return client;
        HttpMessageHandler transport = options.AsServiceUser ? cloud.AuthenticatedTransport() : WithCertificate();
        client?.Dispose();
        certificateOf = written;
        return client = new AttestationClient(transport, EndpointAsync);
    }

    private ValueTask<Uri> EndpointAsync(CancellationToken ct) =>
        options.Endpoint is { } configured ? ValueTask.FromResult(configured) : cloud.EndpointAsync(ServiceType.Attestation, ct);

    private SocketsHttpHandler WithCertificate()
    {
        try
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(options.CertificateFile!, options.KeyFile);
            var handler = new SocketsHttpHandler
            {
                ConnectTimeout = TimeSpan.FromSeconds(10),
                AllowAutoRedirect = false,
                PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            };
            handler.SslOptions.ClientCertificates = [certificate];
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
            if (options.CaFile is { } ca)
            {
                var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
                policy.CustomTrustStore.ImportFromPemFile(ca);
                handler.SslOptions.CertificateChainPolicy = policy;
            }

            return handler;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)     // the last: key and certificate are no pair
        {
            throw new ControlCertificateException($"[control] certificate, key or cafile cannot be used: {e.Message.TrimEnd('.')}", e);
        }
    }
}

/// <summary>The files of <c>[control]</c> cannot be used now. They may be mended while the agent runs.</summary>
public sealed class ControlCertificateException(string detail, Exception? inner = null) : Exception(detail, inner);
