using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>A control plane that the real Nova asks for vendordata, on simulated chips: Nova, Keystone, metadata and all programs are real.</summary>
/// <remarks><c>OSEV_VENDORDATA_URL</c> of <c>up.sh</c> has to be <see cref="VendordataUrl"/>; tests/run.sh sees to it.</remarks>
public sealed class SnpLab : IAsyncDisposable
{
    public const string VendordataUrl = "http://198.18.34.1:9540/v1/vendordata";

    /// <summary>Of the control plane.</summary>
    public static readonly Uri Url = new(Stack.Release.ContextsOnChildren ? "http://198.18.34.1:9540" : "http://127.0.0.1:9540");

    private readonly string folder = Directory.CreateTempSubdirectory("osev-snp-").FullName;
    private readonly RealCloud cloud;
    private Process? control;
    private Task<Ended>? ended;

    private SnpLab(RealCloud cloud)
    {
        this.cloud = cloud;
        cloud.Use("attestation", Url.AbsoluteUri.TrimEnd('/'));
    }

    /// <summary>Nova asks at <see cref="VendordataUrl"/>.</summary>
    public static bool HasVendordata => File.ReadAllText(Path.Join(Stack.StateDir, "etc/nova/nova.conf")).Contains(VendordataUrl, StringComparison.Ordinal);

    public string Chain => Path.Join(folder, "amd");
    public string CloudsFile => Path.Join(folder, "clouds.yaml");
    public string Database => Path.Join(folder, "state/control.sqlite");
    private string Configuration => Path.Join(folder, "control.conf");

    /// <param name="settings">Lines of control.conf beside those that all tests have; sections in brackets.</param>
    public static Task<SnpLab> StartAsync(RealCloud cloud, params string[] settings) => StartAsync(cloud, keystone: null, settings);

    /// <param name="keystone">Where the control plane asks for Keystone; null for where it is.</param>
    public static Task<SnpLab> StartAsync(RealCloud cloud, Uri? keystone, params string[] settings) =>
        StartAsync(cloud, keystone, ["heartbeat_interval = 600"], settings);

    /// <param name="hosts">Lines of section hosts.</param>
    /// <remarks>Where Nova knows no SEV-SNP it asks nobody for vendordata, and no guest proves itself.</remarks>
    public static async Task<SnpLab> StartAsync(RealCloud cloud, Uri? keystone, string[] hosts, string[] settings)
    {
        if (Stack.Release.ContextsOnChildren)
            NeedsVendordata();
        var lab = new SnpLab(cloud);
        try
        {
            await lab.BeginAsync(keystone, hosts, settings);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A failure where CI=true, else a skip that says what to do.</summary>
    public static void NeedsVendordata()
    {
        if (HasVendordata)
            return;
        string reason = $"Nova asks nobody for vendordata: OSEV_VENDORDATA_URL={VendordataUrl} devstack/local/up.sh --release {Stack.Release.Name} --computes 4";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    public async Task StartControlAsync()
    {
        control = Programs.StartControl("--config-file", Configuration);
        ended = Programs.EndOfAsync(control, TimeSpan.FromMinutes(15));
        using var client = new HttpClient { BaseAddress = Url, Timeout = TimeSpan.FromSeconds(10) };
        await RealCloud.EventuallyAsync(async () => await AnswersAsync(client), () => "no answer at /healthcheck");
    }

    /// <summary>Ends it in good order, as <see cref="KillControlAsync"/> does not.</summary>
    public async Task StopControlAsync()
    {
        Ended end = await Programs.StopAsync(control!, ended!);
        control!.Dispose();
        control = null;
        // Null in a fixture.
        TestContext.Current.TestOutputHelper?.WriteLine(end.ToString());
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillControlAsync()
    {
        control!.Kill();
        await ended!;
        control.Dispose();
        control = null;
    }

    /// <summary>A host of Nova's that reports one chip of this lab's, and is approved.</summary>
    /// <returns>The chip: 16 hexadecimal digits.</returns>
    public async Task<string> EnrolAsync(string node)
    {
        Guid uuid = (await cloud.ProviderAsync(node))!.Uuid;
        string chip = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(8));
        await cloud.SendAsync(HttpMethod.Put, "attestation", $"/v1/hosts/{uuid}", new JsonObject
        {
            ["name"] = node,
            ["agent_version"] = "0",
            ["facts"] = new JsonObject { ["simulated"] = true, ["product"] = "turin", ["sev_snp"] = true },
            ["chips"] = new JsonArray(chip.PadRight(128, '0')),
            ["capacity"] = new JsonArray(),
            ["findings"] = new JsonArray(),
        });
        await cloud.SendAsync(HttpMethod.Post, "attestation", $"/v1/hosts/{uuid}/approval", new JsonObject { ["chips"] = new JsonArray(chip.PadRight(128, '0')) });
        return chip;
    }

    /// <summary>What the control plane says of an instance; null for one that it does not know.</summary>
    public async Task<JsonNode?> ShownAsync(string instance)
    {
        (HttpStatusCode status, JsonNode? body) = await cloud.TrySendAsync(HttpMethod.Get, "attestation", $"/v1/instances/{instance}/attestation");
        return status == HttpStatusCode.OK ? body : null;
    }

    /// <summary>Kinds of an instance's history, the latest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(string instance) =>
        [.. (await cloud.GetAsync("attestation", $"/v1/instances/{instance}/history?limit=1000"))!["records"]!.AsArray().Select(record => (string)record!["kind"]!)];

    public async Task UntilAsync(string instance, string verdict)
    {
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(
            async () => (string?)(shown = await ShownAsync(instance))?["instance"]!["verdict"] == verdict, () => $"{instance} is not {verdict}: {shown}");
    }

    /// <summary><c>osev</c> that knows this control plane.</summary>
    public Task<Ended> OsevAsync(params string[] arguments) => Programs.OsevOfAsync(CloudsFile, ["--os-cloud", "osev", .. arguments]);

    /// <summary>The same until it is stopped.</summary>
    public Process StartOsev(params string[] arguments) => Programs.StartOsevOf(CloudsFile, ["--os-cloud", "osev", .. arguments]);

    public async Task<Ended> SucceedAsync(params string[] arguments)
    {
        Ended end = File.Exists(CloudsFile) ? await OsevAsync(arguments) : await Programs.OsevAsync(arguments);
        Assert.True(end.ExitCode == 0, $"osev {string.Join(' ', arguments)}: {end}");
        return end;
    }

    public async ValueTask DisposeAsync()
    {
        if (control is not null)
            await StopControlAsync();
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

    private async Task BeginAsync(Uri? keystone, string[] hosts, string[] settings)
    {
        await SucceedAsync("simulate", "chain", "--product", "turin", "--key-bits", "2048", "--out", Chain);
        await SucceedAsync("endorsements", "import", Path.Join(Chain, "ark.pem"), Path.Join(Chain, "ask.pem"), Path.Join(Chain, "vcek.crl"),
            "--folder", Path.Join(folder, "state/endorsements"), "--simulated-root", Path.Join(Chain, "ark.pem"));
        await ConfigureAsync(keystone, hosts, settings);
        Ended synced = await Programs.ControlAsync("manage", "db", "sync", "--config-file", Configuration);
        Assert.True(synced.ExitCode == 0, synced.ToString());
        await StartControlAsync();
    }

    private async Task ConfigureAsync(Uri? keystone, string[] hosts, string[] settings)
    {
        OpenStack.CloudSettings admin = OpenStack.CloudSettings.Load("osev", OpenStack.CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", Stack.CloudsFile));
        await File.WriteAllTextAsync(CloudsFile, (await File.ReadAllTextAsync(Stack.CloudsFile)).Replace(
            "    identity_api_version: 3\n", $"    identity_api_version: 3\n    attestation_endpoint_override: {Url.AbsoluteUri.TrimEnd('/')}\n", StringComparison.Ordinal));
        string root = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(
            System.Security.Cryptography.X509Certificates.X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(Path.Join(Chain, "ark.pem"))).RawData));
        await File.WriteAllTextAsync(Configuration, $"""
            [DEFAULT]
            state_dir = {folder}/state
            [api]
            bind_host = {Url.Host}
            bind_port = {Url.Port}
            insecure_transport = true
            public_endpoint = {Url.AbsoluteUri.TrimEnd('/')}
            [metrics]
            enabled = false
            [keystone_authtoken]
            auth_url = {(keystone ?? admin.AuthUrl).AbsoluteUri}
            username = {admin.Username}
            password = {admin.Password}
            user_domain_id = default
            project_name = {admin.ProjectName}
            project_domain_id = default
            [hosts]
            allow_service_user = true
            {string.Join('\n', hosts)}
            [endorsements]
            use_kds = false
            simulated_roots = {root}
            {string.Join('\n', settings)}
            """);
    }
}
