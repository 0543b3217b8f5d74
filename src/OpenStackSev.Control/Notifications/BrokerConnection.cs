using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace OpenStackSev.Control.Notifications;

/// <summary>Opens connections to the broker: whom to speak to, how, and what a failure means.</summary>
internal static class BrokerConnection
{
    /// <summary>A broker that is silent for two of these is gone; a partition is noticed so.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(10);

    /// <exception cref="BrokerException">No node can be used.</exception>
    public static async Task<IConnection> OpenAsync(TransportUrl url, NotificationOptions options, CancellationToken ct)
    {
        // Recovered by ourselves: what is missed meanwhile is to be known, and the sweep told.
        var factory = new ConnectionFactory
        {
            UserName = url.User,
            Password = url.Password,
            VirtualHost = url.VirtualHost,
            AutomaticRecoveryEnabled = false,
            TopologyRecoveryEnabled = false,
            RequestedHeartbeat = s_heartbeat,
            RequestedConnectionTimeout = s_wait,
            ContinuationTimeout = s_wait,
            HandshakeContinuationTimeout = s_wait,
        };
        X509Certificate2Collection? trusted = url.UsesSsl && options.SslCaFile is { } file ? Read(file) : null;
        try
        {
            return await factory.CreateConnectionAsync(url.Hosts.Select(host => Endpoint(host, url.UsesSsl, trusted)), "openstack-sev-control", ct);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            throw Explained(e, url);
        }
    }

    /// <summary>What a failure of the client means.</summary>
    public static BrokerException Explained(Exception e, TransportUrl url)
    {
        foreach (Exception cause in Causes(e))
        {
            switch (cause)
            {
                case AuthenticationException:
                    return new BrokerException(BrokerCodes.Certificate, $"the certificate of {url} is not trusted: {cause.Message.TrimEnd('.')}; see ssl_ca_file", e);
                case AuthenticationFailureException or PossibleAuthenticationFailureException:
                    return new BrokerException(BrokerCodes.Refused, $"{url} does not know the user of transport_url, or not by this password", e);
                case OperationInterruptedException { ShutdownReason: { } reason }:
                    return OfReply(reason.ReplyCode, reason.ReplyText, url, e);
            }
        }

        return new BrokerException(BrokerCodes.Unreachable, $"no answer from {url}", e);
    }

    private static BrokerException OfReply(ushort code, string text, TransportUrl url, Exception e) => code switch
    {
        Constants.AccessRefused => new(BrokerCodes.Forbidden, $"the user of transport_url may not do what is needed: {text}", e),
        Constants.NotAllowed => new(BrokerCodes.Refused, $"{url}: {text}", e),
        Constants.NotFound => new(BrokerCodes.ExchangeAbsent, $"{text}; Nova declares its exchange when it sends its first notification", e),
        Constants.PreconditionFailed => new(BrokerCodes.QueueDiffers, $"{text}; delete the queue, it is made again", e),
        _ => new(BrokerCodes.Lost, $"{url} ended the connection: {code} {text}", e),
    };

    private static IEnumerable<Exception> Causes(Exception e)
    {
        yield return e;
        IEnumerable<Exception> inner = e is AggregateException many ? many.InnerExceptions : e.InnerException is { } one ? [one] : [];
        foreach (Exception cause in inner.SelectMany(Causes))
            yield return cause;
    }

    private static AmqpTcpEndpoint Endpoint(BrokerAddress address, bool usesSsl, X509Certificate2Collection? trusted)
    {
        if (!usesSsl)
            return new AmqpTcpEndpoint(address.Host, address.Port);
        var ssl = new SslOption(address.Host, enabled: true);
        if (trusted is not null)
            ssl.CertificateValidationCallback = (_, certificate, chain, errors) => Trusts(trusted, certificate, chain, errors);
        return new AmqpTcpEndpoint(address.Host, address.Port, ssl);
    }

    /// <summary>The name has to fit, and the chain has to end at one of the CAs of the file.</summary>
    private static bool Trusts(X509Certificate2Collection trusted, X509Certificate? certificate, X509Chain? sent, SslPolicyErrors errors)
    {
        if (certificate is null || (errors & ~SslPolicyErrors.RemoteCertificateChainErrors) != SslPolicyErrors.None)
            return false;
        using var chain = new X509Chain
        {
            ChainPolicy = { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true },
        };
        chain.ChainPolicy.CustomTrustStore.AddRange(trusted);
        foreach (X509ChainElement element in sent?.ChainElements ?? Enumerable.Empty<X509ChainElement>())
            chain.ChainPolicy.ExtraStore.Add(element.Certificate);
        // serverAuth
        chain.ChainPolicy.ApplicationPolicy.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        using var leaf = new X509Certificate2(certificate);
        return chain.Build(leaf);
    }

    private static X509Certificate2Collection Read(string file)
    {
        var trusted = new X509Certificate2Collection();
        try
        {
            trusted.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new BrokerException(BrokerCodes.Certificate, $"ssl_ca_file {file} cannot be used: {e.Message.TrimEnd('.')}", e);
        }

        return trusted.Count > 0 ? trusted : throw new BrokerException(BrokerCodes.Certificate, $"ssl_ca_file {file} holds no certificate");
    }
}
