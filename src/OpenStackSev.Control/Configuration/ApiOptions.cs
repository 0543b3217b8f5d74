using System.Net;
using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Configuration;

/// <summary>Where and how the API is served. Section <c>[api]</c>.</summary>
public sealed class ApiOptions
{
    public static IniSection<ApiOptions> Section { get; } =
        new IniSection<ApiOptions>("api", "Where and how the API is served.")
            .Text("bind_host", "Address to listen on. Beyond loopback it needs tls_cert, or a proxy that ends TLS and insecure_transport = true.",
                o => o.BindHost, (o, value) => o.BindHost = value)
            .Count("bind_port", "Port to listen on; 0 takes any that is free.", o => o.BindPort, (o, value) => o.BindPort = value, 0, 65535)
            .Url("public_endpoint", "URL under which clients know this service; it is in the version document. Unset: links are relative.",
                o => o.PublicEndpoint, (o, value) => o.PublicEndpoint = value, example: "https://attestation.example.org")
            .File("tls_cert", "PEM file of the certificate, followed by its intermediates. Read again when it changes.",
                o => o.TlsCert, (o, value) => o.TlsCert = value, example: "/etc/openstack-sev/control.crt")
            .File("tls_key", "PEM file of the certificate's key, not encrypted.",
                o => o.TlsKey, (o, value) => o.TlsKey = value, example: "/etc/openstack-sev/control.key")
            .Flag("insecure_transport", "Serve plain HTTP beyond loopback: tokens then cross the network in the clear unless a proxy ends TLS.",
                o => o.InsecureTransport, (o, value) => o.InsecureTransport = value)
            .Count("maximum_body_bytes", "A larger body is refused with 413.",
                o => o.MaximumBodyBytes, (o, value) => o.MaximumBodyBytes = value, 1024, 64 * 1024 * 1024)
            .Count("maximum_connections", "Connections that are open at one time; a further one waits to be accepted.",
                o => o.MaximumConnections, (o, value) => o.MaximumConnections = value, 1, 100_000)
            .Count("requests_per_second",
                "Of one user in one project, one node, or one address that has not authenticated; bursts of twice as many pass. 0 sets no limit.",
                o => o.RequestsPerSecond, (o, value) => o.RequestsPerSecond = value, 0, 1_000_000)
            .Duration("graceful_shutdown_timeout", "What is being answered when the service is told to stop gets so many seconds to end.",
                o => o.GracefulShutdownTimeout, (o, value) => o.GracefulShutdownTimeout = value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(10))
            .Rule(Problems);

    public string BindHost { get; set; } = "127.0.0.1";
    public int BindPort { get; set; } = 9520;
    public Uri? PublicEndpoint { get; set; }
    public string? TlsCert { get; set; }
    public string? TlsKey { get; set; }
    public bool InsecureTransport { get; set; }
    public int MaximumBodyBytes { get; set; } = 4 * 1024 * 1024;
    public int MaximumConnections { get; set; } = 4096;
    public int RequestsPerSecond { get; set; } = 200;
    public TimeSpan GracefulShutdownTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary><see cref="BindHost"/>, once it was found to be one.</summary>
    public IPAddress Address => IPAddress.Parse(BindHost);

    private static IEnumerable<string> Problems(ApiOptions options)
    {
        if (!IPAddress.TryParse(options.BindHost, out IPAddress? address))
            yield return $"bind_host = {options.BindHost}: not an IP address; 0.0.0.0 or :: listens on all";
        if (options.TlsCert is null != options.TlsKey is null)
            yield return "tls_cert and tls_key: give both or neither";
        if (address is not null && !IPAddress.IsLoopback(address) && options.TlsCert is null && !options.InsecureTransport)
            yield return $"bind_host = {options.BindHost}: beyond loopback tokens need TLS; give tls_cert and tls_key, or insecure_transport = true behind a proxy";
    }
}
