using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>The real application over TLS with a node CA of its own, and nodes with certificates good and bad.</summary>
internal sealed class NodeCloud : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-node-cloud").FullName;
    private RunningControl? control;

    public RunningControl Control => control!;
    public string Authority => Path.Join(folder, "ca");

    public static Task<NodeCloud> StartAsync(params (string Key, string Value)[] settings) =>
        StartAsync(settings.ToDictionary(one => one.Key, one => one.Value, StringComparer.Ordinal));

    /// <param name="policy">Text of policy.yaml.</param>
    /// <param name="services">Other services of the cloud, by path.</param>
    public static async Task<NodeCloud> StartAsync(
        IReadOnlyDictionary<string, string> settings, string? policy = null, Action<WebApplication>? services = null, Action<IServiceCollection>? replace = null)
    {
        var cloud = new NodeCloud();
        // A year and more before: certificates may be old.
        AuthorityFolder.Create(cloud.Authority, Given.Now.AddDays(-400));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using X509Certificate2 server = new CertificateRequest("CN=control", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        string certificateFile = Path.Join(cloud.folder, "server.crt"), keyFile = Path.Join(cloud.folder, "server.key");
        await File.WriteAllTextAsync(certificateFile, server.ExportCertificatePem());
        await File.WriteAllTextAsync(keyFile, key.ExportPkcs8PrivateKeyPem());
        var all = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["api.tls_cert"] = certificateFile,
            ["api.tls_key"] = keyFile,
            ["api.requests_per_second"] = "0",
            ["hosts.node_ca"] = cloud.Authority,
        };
        foreach ((string name, string value) in settings)
            all[name] = value;
        cloud.control = await RunningControl.StartAsync(all, policy, services, replace);
        return cloud;
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

    /// <summary>Something that the CA signed and never issues.</summary>
    public X509Certificate2 Craft(string usage, string? uri)
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

    public void Revoke(Guid node)
    {
        using AuthorityFolder ca = AuthorityFolder.Open(Authority);
        ca.Revoke([.. ca.List(Given.Now).Where(one => one.Certificate.Node == node).Select(one => one.Certificate.Serial)], Given.Now);
    }

    public HttpClient Client(X509Certificate2? certificate = null)
    {
        var handler = new SocketsHttpHandler { PooledConnectionLifetime = TimeSpan.Zero };
#pragma warning disable CA5359 // the test's own server
        handler.SslOptions.RemoteCertificateValidationCallback = static (_, _, _, _) => true;
#pragma warning restore CA5359
        if (certificate is not null)
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        return new HttpClient(handler) { BaseAddress = Control.Url };
    }

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
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<(int Status, string? Code, JsonNode? Body)> ReadAsync(HttpResponseMessage response)
    {
        string text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        JsonNode? body = text.Length > 0 ? JsonNode.Parse(text) : null;
        return ((int)response.StatusCode, (string?)body?["errors"]?[0]?["code"], body);
    }
}
