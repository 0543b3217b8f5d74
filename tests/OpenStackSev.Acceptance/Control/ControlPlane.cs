using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Acceptance.Control;

/// <summary>The control plane as a program of its own, with TLS and a node CA, that checks tokens by the real Keystone.</summary>
public sealed class ControlPlane : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-control-").FullName;
    private Process? process;
    private Task<Ended>? ended;

    public Uri Url { get; } = new($"https://127.0.0.1:{Ports.Free()}");
    public string Authority => Path.Join(folder, "node-ca");
    public string ServerCertificate => Path.Join(folder, "server.crt");

    /// <summary>The stack's clouds, which know this control plane.</summary>
    public string CloudsFile => Path.Join(folder, "clouds.yaml");

    public static async Task<ControlPlane> StartAsync(params string[] hosts)
    {
        var control = new ControlPlane();
        await control.WriteAsync(hosts);
        await SucceededAsync(Programs.OsevAsync("host", "certificate", "init", "--ca", control.Authority));
        await SucceededAsync(Programs.ControlAsync("manage", "db", "sync", "--config-file", Path.Join(control.folder, "control.conf")));
        control.process = Programs.StartControl("--config-file", Path.Join(control.folder, "control.conf"));
        control.ended = Programs.EndOfAsync(control.process, TimeSpan.FromMinutes(10));
        using HttpClient client = control.Client();
        await RealCloud.EventuallyAsync(async () => await AnswersAsync(client), () => "no answer at /healthcheck");
        return control;
    }

    /// <summary>Key and certificate of a node in files: the certificate's file.</summary>
    public async Task<string> IssueAsync(Guid node, params string[] options)
    {
        string output = Path.Join(folder, Guid.NewGuid().ToString("N"));
        await SucceededAsync(Programs.OsevAsync(["host", "certificate", "issue", $"{node}", "--ca", Authority, "--out", output, .. options]));
        return Path.Join(output, $"{node}.crt");
    }

    public Task RevokeAsync(Guid node) => SucceededAsync(Programs.OsevAsync("host", "certificate", "revoke", $"{node}", "--ca", Authority));

    /// <summary><c>osev</c> as a user of clouds.yaml.</summary>
    public Task<Ended> OsevAsync(string cloud, params string[] arguments) => Programs.OsevOfAsync(CloudsFile, ["--os-cloud", cloud, .. arguments]);

    /// <param name="certificateFile">With its key beside it; null for none.</param>
    public HttpClient Client(string? certificateFile = null)
    {
        var handler = new SocketsHttpHandler();
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.ImportFromPemFile(ServerCertificate);
        handler.SslOptions.CertificateChainPolicy = policy;
        if (certificateFile is not null)
        {
            X509Certificate2 certificate = X509Certificate2.CreateFromPemFile(certificateFile, Path.ChangeExtension(certificateFile, ".key"));
            handler.SslOptions.LocalCertificateSelectionCallback = (_, _, _, _, _) => certificate;
        }

        return new HttpClient(handler) { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(30) };
    }

    public async ValueTask DisposeAsync()
    {
        if (process is not null && ended is not null)
        {
            Ended end = await Programs.StopAsync(process, ended);
            process.Dispose();
            TestContext.Current.TestOutputHelper?.WriteLine(end.ToString());
        }

        Directory.Delete(folder, recursive: true);
    }

    private static async Task<bool> AnswersAsync(HttpClient client)
    {
        try
        {
            return await client.GetStringAsync("/healthcheck") == "OK";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task SucceededAsync(Task<Ended> running)
    {
        Ended end = await running;
        Assert.True(end.ExitCode == 0, end.ToString());
    }

    private async Task WriteAsync(string[] hosts)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        using X509Certificate2 server = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(ServerCertificate, server.ExportCertificatePem());
        await File.WriteAllTextAsync(Path.Join(folder, "server.key"), key.ExportPkcs8PrivateKeyPem());

        CloudSettings cloud = CloudSettings.Load("osev", CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", Stack.CloudsFile));
        await File.WriteAllTextAsync(CloudsFile, (await File.ReadAllTextAsync(Stack.CloudsFile)).Replace(
            "    identity_api_version: 3\n", $"    identity_api_version: 3\n    cacert: {ServerCertificate}\n    attestation_endpoint_override: {Url}\n", StringComparison.Ordinal));
        await File.WriteAllTextAsync(Path.Join(folder, "control.conf"), $"""
            [DEFAULT]
            state_dir = {folder}/state
            [api]
            bind_port = {Url.Port}
            tls_cert = {ServerCertificate}
            tls_key = {folder}/server.key
            [metrics]
            enabled = false
            [keystone_authtoken]
            auth_url = {cloud.AuthUrl.AbsoluteUri}
            username = {cloud.Username}
            password = {cloud.Password}
            user_domain_id = default
            project_name = {cloud.ProjectName}
            project_domain_id = default
            [hosts]
            node_ca = {Authority}
            {string.Join('\n', hosts)}
            """);
    }
}
