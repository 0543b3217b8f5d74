using System.Text.Json;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>A tenant's running server, its host's firmware, and what operator and tenant see of it by <c>osev</c>.</summary>
public sealed class RolledBackTests(Stack stack) : IAsyncLifetime
{
    private const string Usual = "1/1/1/4/81", Older = "1/1/1/3/70";
    private readonly string folder = Directory.CreateTempSubdirectory("osev-rolled-back-").FullName;
    private ProvenServers? servers;
    private SnpLab? lab;

    private SnpLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        servers = await ProvenServers.StartAsync(stack);
        lab = await SnpLab.StartAsync(stack.Cloud);
    }

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
        if (servers is not null)
            await servers.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Firmware_that_is_rolled_back_is_contraindicated_by_its_code_until_it_is_repaired()
    {
        using RealCloud tenant = await TenantAsync();
        (Server server, string project) = await servers!.BootAsync("1", host: null, tenant);
        string chip = await Lab.EnrolAsync(server.Node!);
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, project, chip, "--tcb", Usual);
        guest.Start();
        await Lab.UntilAsync(server.Id, "affirming");
        await TenantVerifiesAsync(server.Id);

        string policy = Path.Join(folder, "policy.json");
        await File.WriteAllTextAsync(policy, """
            {"version": 1, "name": "minimum", "minimum_tcb": {"turin": {"fmc": 1, "bootloader": 1, "tee": 1, "snp": 4, "microcode": 81}}}
            """, TestContext.Current.CancellationToken);
        await Lab.SucceedAsync("policy", "store", policy);
        await Lab.SucceedAsync("policy", "activate", "1");
        await guest.ChangeAsync("--set-tcb", Older);
        await ProvenNowAsync(server.Id, exitCode: 2, "snp.tcb.below_minimum");
        string shown = (await Lab.SucceedAsync("instance", "show", server.Id)).Output;
        Assert.Contains("contraindicated (simulated)", shown, StringComparison.Ordinal);
        Assert.Contains("expected snp ≥ 4, microcode ≥ 81 (policy), got snp 3, microcode 70", shown, StringComparison.Ordinal);
        Assert.Contains($"{server.Id},contraindicated (simulated),snp.tcb.below_minimum",
            (await Lab.SucceedAsync("instance", "list", "-f", "csv", "-c", "instance", "-c", "verdict", "-c", "findings")).Output, StringComparison.Ordinal);
        Assert.Equal(2, (await guest.AskAsync("status")).ExitCode);

        await guest.ChangeAsync("--set-tcb", Usual);
        await ProvenNowAsync(server.Id, exitCode: 0, "affirming");
    }

    /// <summary>The operator asks, the guest finds the nudge in its metadata, and the operator has the answer.</summary>
    private async Task ProvenNowAsync(string server, int exitCode, string said)
    {
        Ended asked = await Lab.OsevAsync("attest", "instance", server, "--now", "--wait", "--timeout", "100");
        Assert.True(asked.ExitCode == exitCode, asked.ToString());
        Assert.Contains(said, asked.Output, StringComparison.Ordinal);
    }

    /// <summary>As the tenant whose server it is: the token by the published keys, and the evidence without the control plane.</summary>
    private async Task TenantVerifiesAsync(string server)
    {
        string token = (await TenantsOsevAsync(0, "instance", "show", server, "--token")).Output.Trim();
        string keys = Path.Join(folder, "jwks.json");
        using (var http = new HttpClient())
            await File.WriteAllBytesAsync(keys, await http.GetByteArrayAsync(new Uri(SnpLab.Url, ".well-known/jwks.json"), TestContext.Current.CancellationToken));
        string issuer = SnpLab.Url.AbsoluteUri.TrimEnd('/');
        Ended refused = await Programs.OsevAsync("attest", "token", "verify", token, "--keys", keys, "--issuer", issuer);
        Assert.True(refused.ExitCode == 2 && refused.Output.Contains("ear.simulated", StringComparison.Ordinal), refused.ToString());
        Ended believed = await Programs.OsevAsync("attest", "token", "verify", token, "--keys", keys, "--issuer", issuer, "--accept-simulated", "-f", "json");
        Assert.True(believed.ExitCode == 1, believed.ToString());    // what is simulated is a warning at most
        using JsonDocument claims = JsonDocument.Parse(believed.Output);
        Assert.Equal(server, claims.RootElement.GetProperty("instance").GetString());

        Ended fetched = await TenantsOsevAsync(0, "instance", "evidence", server, "--out", Path.Join(folder, "evidence"), "-f", "json");
        using JsonDocument files = JsonDocument.Parse(fetched.Output);
        string[] command = files.RootElement.GetProperty("command").GetString()!.Split(' ');
        Ended verified = await Programs.OsevAsync([.. command.Skip(1), "--simulated-root", Path.Join(Lab.Chain, "ark.pem")]);
        Assert.True(verified.ExitCode == 0 && verified.Output.Contains("AFFIRMING", StringComparison.Ordinal), verified.ToString());
        Ended strange = await Programs.OsevAsync([.. command.Skip(1)]);
        Assert.NotEqual(0, strange.ExitCode);
    }

    private async Task<Ended> TenantsOsevAsync(int exitCode, params string[] arguments)
    {
        Ended ended = await Programs.OsevOfAsync(Lab.CloudsFile, ["--os-cloud", "osev-demo", .. arguments]);
        Assert.True(ended.ExitCode == exitCode, ended.ToString());
        return ended;
    }

    private static async Task<RealCloud> TenantAsync()
    {
        CloudSettings demo = CloudSettings.Load("osev-demo", CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", Stack.CloudsFile));
        return await RealCloud.ConnectAsync(demo.AuthUrl.AbsoluteUri, demo.Username!, demo.Password!, demo.ProjectName!, Stack.Release.ComputeVersion);
    }
}
