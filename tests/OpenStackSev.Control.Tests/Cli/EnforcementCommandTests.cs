using System.Text.Json;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Tests.Enforcement;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev enforcement</c> against the real application.</summary>
[Collection(CommandLab.Name)]
public sealed class EnforcementCommandTests : IAsyncLifetime
{
    private EnforcedCloud? cloud;

    private EnforcedCloud Cloud => cloud!;

    public async ValueTask InitializeAsync()
    {
        cloud = await EnforcedCloud.StartAsync(policy: "\"admin\": \"role:service\"\n");
        await CommandLab.UseAsync(cloud.Control);
    }

    public async ValueTask DisposeAsync()
    {
        CommandLab.Forget();
        await Cloud.DisposeAsync();
    }

    [Fact]
    public async Task What_was_done_is_shown_and_released()
    {
        Assert.Contains("none that something speaks against", await CommandLab.OkAsync("enforcement", "status"), StringComparison.Ordinal);
        Guid bad = await Cloud.AddAsync();
        await Cloud.LookAsync();
        Assert.Equal($"INSTANCE,STANDING,REASON,DONE\n{bad},acted,,record event tag lock stop\n",
            await CommandLab.OkAsync("enforcement", "list", "-f", "csv", "-c", "instance", "-c", "standing", "-c", "reason", "-c", "done"));
        Assert.Contains("acted", await CommandLab.OkAsync("enforcement", "status"), StringComparison.Ordinal);
        await CommandLab.OkAsync("enforcement", "release", $"{bad}", "--reason", "fixed");
        await Cloud.LookAsync();
        JsonElement one = JsonDocument.Parse(await CommandLab.OkAsync("enforcement", "list", "-f", "json")).RootElement.GetProperty("instances")[0];
        Assert.Equal((EnforcementReasons.Released, "ACTIVE"), (one.GetProperty("reason").GetString(), Cloud.Nova.Server(bad).Status));
        Assert.Equal("INSTANCE\n", await CommandLab.OkAsync("enforcement", "list", "--standing", "dry_run", "-f", "csv", "-c", "instance"));
    }

    [Fact]
    public async Task An_open_breaker_is_shown_and_resumed()
    {
        for (int i = 0; i < 3; i++)
            await Cloud.AddAsync(project: $"p{i}");
        await Cloud.LookAsync();
        Assert.Contains("go on with osev enforcement resume", await CommandLab.OkAsync("enforcement", "status"), StringComparison.Ordinal);
        Assert.Contains("closed", await CommandLab.OkAsync("enforcement", "resume", "--reason", "seen"), StringComparison.Ordinal);
        await CommandLab.FailsAsync(1, "attestation 409 attestation.enforcement.not_open", "", "enforcement", "resume", "--reason", "seen");
    }
}
