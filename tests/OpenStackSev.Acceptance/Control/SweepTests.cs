using System.Text.Json;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Control;

/// <summary>Instances of the real Nova as the control plane looks after them.</summary>
public sealed class SweepTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "sweep-";
    private ControlPlane? control;

    private ControlPlane Control => control!;

    public async ValueTask InitializeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        await stack.Cloud.EmptyGuardProvidersAsync();
        control = await ControlPlane.StartAsync("[sweep]", "interval = 5");
    }

    public async ValueTask DisposeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        if (control is not null)
            await control.DisposeAsync();
    }

    [Fact]
    public async Task An_encrypted_instance_is_seen_moved_and_gone_and_a_plain_one_is_none_of_ours()
    {
        bool isSnp = Stack.Release.ContextsOnChildren;
        foreach (string name in new[] { "compute1", "compute2" })
            await SimulatedNode.NovaOffersAsync(stack.Cloud, name, isSnp ? [("sev", "5"), ("sev_snp", "5")] : [("sev", "5")]);
        string image = await stack.Cloud.ImageAsync("sweep-image", [("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), .. isSnp ? new[] { ("hw_firmware_stateless", "true") } : []]);
        string flavor = await stack.Cloud.FlavorAsync("sweep.sev",
            [("hw:mem_encryption", "true"), .. isSnp ? new[] { ("hw:mem_encryption_model", "amd-sev-snp") } : []]);
        Server server = await stack.Cloud.BootAsync(Servers + "1", flavor, image, host: "compute1");
        Assert.True(server is { Status: "ACTIVE", Node: "compute1" }, server.ToString());
        Server plain = await stack.Cloud.BootAsync(Servers + "plain", await stack.Cloud.FlavorAsync("sweep.plain"), image);

        JsonElement seen = await ShownAsync(server.Id, "ACTIVE", "compute1");
        Assert.Equal(isSnp ? "amd-sev-snp" : "amd-sev", seen.GetProperty("model").GetString());
        // Only a guest of SEV-SNP can answer: of the others is said why not.
        Assert.Equal(isSnp, seen.TryGetProperty("round_opened_at", out _));
        Assert.Equal(isSnp ? null : "none", seen.TryGetProperty("verdict", out JsonElement verdict) ? verdict.GetString() : null);
        Ended unknown = await Control.OsevAsync("osev", "attest", "instance", plain.Id);
        Assert.True(unknown.ExitCode == 3 && unknown.Error.Contains("attestation.instance.not_found", StringComparison.Ordinal), unknown.ToString());

        await stack.Cloud.ActAsync(server.Id, "migrate");
        Server moved = await stack.Cloud.UntilAsync(server.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
        Assert.True(moved.Status == "VERIFY_RESIZE", moved.ToString());
        await stack.Cloud.ActAsync(server.Id, "confirmResize");
        await ShownAsync(server.Id, "ACTIVE", moved.Node!);
        await NudgedAsync(server.Id, isSnp);

        await stack.Cloud.DeleteServersAsync(Servers);
        await ShownAsync(server.Id, "DELETED", moved.Node!);
        Ended status = await Control.OsevAsync("osev", "sweep", "status", "-f", "json");
        using JsonDocument sweep = JsonDocument.Parse(status.Output);
        Assert.True(sweep.RootElement.GetProperty("last").GetProperty("is_complete").GetBoolean(), status.ToString());
        Assert.Empty(sweep.RootElement.GetProperty("last").GetProperty("failures").EnumerateArray());
    }

    /// <summary>Asked to prove itself now, the guest finds the time of that in its metadata.</summary>
    private async Task NudgedAsync(string server, bool isSnp)
    {
        Ended asked = await Control.OsevAsync("osev", "attest", "instance", server, "--now");
        Assert.Equal(!isSnp, asked.Error.Contains("attestation.instance.without_reports", StringComparison.Ordinal));
        long before = DateTimeOffset.UtcNow.AddMinutes(-5).ToUnixTimeMilliseconds();
        string? number = (string?)(await stack.Cloud.GetAsync("compute", $"/servers/{server}/metadata"))!["metadata"]!["openstack_sev_nudge"];
        Assert.Equal(isSnp, number is not null && long.Parse(number, System.Globalization.CultureInfo.InvariantCulture) > before);
    }

    private async Task<JsonElement> ShownAsync(string server, string status, string host)
    {
        Ended last = new(-1, "", "");
        JsonElement instance = default;
        await RealCloud.EventuallyAsync(async () =>
        {
            last = await Control.OsevAsync("osev", "attest", "instance", server, "-f", "json");
            if (last.Output.Length == 0)
                return false;
            using JsonDocument document = JsonDocument.Parse(last.Output);
            instance = document.RootElement.GetProperty("instance").Clone();
            return instance.GetProperty("status").GetString() == status && instance.GetProperty("host").GetProperty("name").GetString() == host;
        }, last.ToString);
        return instance;
    }
}
