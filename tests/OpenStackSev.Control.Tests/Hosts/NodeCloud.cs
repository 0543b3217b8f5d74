using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>A node CA, the application's own TLS certificate, and certificates of nodes good and bad.</summary>
internal sealed class NodeFiles : IDisposable
{
    private const string ClientUse = "1.3.6.1.5.5.7.3.2", ServerUse = "1.3.6.1.5.5.7.3.1";
    private readonly string folder = Directory.CreateTempSubdirectory("osev-nodes").FullName;

    public NodeFiles()
    {
        AuthorityFolder.Create(Authority, Given.Now);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 server = new CertificateRequest("CN=control", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Join(folder, "server.crt"), server.ExportCertificatePem());
        File.WriteAllText(Path.Join(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());
    }

    public string Authority => Path.Join(folder, "ca");

    /// <summary>By which the application serves TLS and believes this CA.</summary>
    public Dictionary<string, string> Settings => new(StringComparer.Ordinal)
    {
        ["api.tls_cert"] = Path.Join(folder, "server.crt"),
        ["api.tls_key"] = Path.Join(folder, "server.key"),
        ["hosts.node_ca"] = Authority,
    };

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>A certificate as stories name it.</summary>
    public X509Certificate2 Named(string name)
    {
        switch (name)
        {
            case "of the node":
                return Issue(Given.Node);
            case "of another node":
                return Issue(Given.OtherNode);
            case "expired":
                return Issue(Given.Node, at: Given.Now.AddDays(-2));
            case "not yet valid":
                return Issue(Given.Node, at: Given.Now.AddHours(1));
            case "revoked":
                X509Certificate2 revoked = Issue(Given.Node);
                Revoke(Given.Node);
                return revoked;
            case "of another CA":
                AuthorityFolder.Create(Path.Join(folder, "other-ca"), Given.Now);
                return Issue(Given.Node, Path.Join(folder, "other-ca"));
            case "for servers":
                return Craft(ServerUse, $"urn:uuid:{Given.Node}");
            case "of no node":
                return Craft(ClientUse, uri: null);
            default:
                throw new InvalidDataException($"no certificate is called '{name}'");
        }
    }

    /// <summary>A certificate of the CA on a new key, with that key.</summary>
    public X509Certificate2 Issue(Guid node, string? authority = null, DateTimeOffset? at = null, TimeSpan? lifetime = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using AuthorityFolder ca = AuthorityFolder.Open(authority ?? Authority);
        IssuedCertificate issued = ca.Issue(node, NodeCertificateRequest.Of(key), at ?? Given.Now, lifetime ?? TimeSpan.FromDays(1));
        using X509Certificate2 bare = X509CertificateLoader.LoadCertificate(issued.Bytes);
        return bare.CopyWithPrivateKey(key);
    }

    public void Revoke(Guid node)
    {
        using AuthorityFolder ca = AuthorityFolder.Open(Authority);
        ca.Revoke([.. ca.List(Given.Now).Where(one => one.Certificate.Node == node).Select(one => one.Certificate.Serial)], Given.Now);
    }

    /// <summary>Of an application with these files; each request has a connection of its own.</summary>
    public static HttpClient Client(Uri url, X509Certificate2? certificate)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero };
#pragma warning disable CA5359 // the test's own server
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        if (certificate is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return new HttpClient(handler) { BaseAddress = url };
    }

    /// <summary>Something that the CA signed and never issues.</summary>
    private X509Certificate2 Craft(string usage, string? uri)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        using var ca = X509Certificate2.CreateFromPem(File.ReadAllText(Path.Join(Authority, "ca.pem")), File.ReadAllText(Path.Join(Authority, "ca.key")));
        var request = new CertificateRequest("CN=crafted", key, HashAlgorithmName.SHA384);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(usage)], false));
        if (uri is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddUri(new Uri(uri));
            request.CertificateExtensions.Add(names.Build());
        }

        using X509Certificate2 made = request.Create(ca.SubjectName, X509SignatureGenerator.CreateForECDsa(ca.GetECDsaPrivateKey()!), Given.Now.AddDays(-1), Given.Now.AddDays(1), [9, 9]);
        return made.CopyWithPrivateKey(key);
    }
}

/// <summary>The real application over TLS, and what a test asks it.</summary>
internal sealed class NodeCloud : IAsyncDisposable
{
    private RunningControl? control;

    public NodeFiles Files { get; } = new();
    public RunningControl Control => control!;
    public string Authority => Files.Authority;

    public static async Task<NodeCloud> StartAsync(params (string Key, string Value)[] settings)
    {
        var cloud = new NodeCloud();
        Dictionary<string, string> all = cloud.Files.Settings;
        all["api.requests_per_second"] = "0";
        foreach ((string name, string value) in settings)
            all[name] = value;
        cloud.control = await RunningControl.StartAsync(all);
        return cloud;
    }

    public X509Certificate2 Issue(Guid node, TimeSpan? lifetime = null) => Files.Issue(node, lifetime: lifetime);

    public void Revoke(Guid node) => Files.Revoke(node);

    public HttpClient Client(X509Certificate2? certificate = null) => NodeFiles.Client(Control.Url, certificate);

    public async Task<(int Status, string? Code, JsonNode? Body)> ReportAsync(X509Certificate2? certificate, Guid node, HostReport report)
    {
        using HttpClient client = Client(certificate);
        using HttpResponseMessage response = await client.PutAsJsonAsync($"/v1/hosts/{node}", report, AttestationJson.Default.HostReport, TestContext.Current.CancellationToken);
        return await ReadAsync(response);
    }

    public async Task<(int Status, string? Code, JsonNode? Body)> AskAsync(HttpMethod method, string path, JsonNode? body, params string[] roles)
    {
        using HttpClient client = Client();
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        request.Headers.Add("X-Auth-Token", Control.Keystone.Issue("alice", "p1", roles).Secret);
        using HttpResponseMessage response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return await ReadAsync(response);
    }

    public async ValueTask DisposeAsync()
    {
        if (control is not null)
            await control.DisposeAsync();
        Files.Dispose();
    }

    private static async Task<(int Status, string? Code, JsonNode? Body)> ReadAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonNode? body = text.Length > 0 ? JsonNode.Parse(text) : null;
        return ((int)response.StatusCode, (string?)body?["errors"]?[0]?["code"], body);
    }
}
