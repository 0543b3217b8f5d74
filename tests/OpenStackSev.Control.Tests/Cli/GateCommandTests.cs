using OpenStackSev.Attestation;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Gates;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev gate</c> against the real application.</summary>
[Collection(CommandLab.Name)]
public sealed class GateCommandTests : IAsyncLifetime
{
    private GatedCloud? cloud;

    private GatedCloud Cloud => cloud!;

    public async ValueTask InitializeAsync()
    {
        cloud = await GatedCloud.StartAsync();
        await CommandLab.UseAsync(cloud.Control);
    }

    public async ValueTask DisposeAsync()
    {
        CommandLab.Forget();
        await Cloud.DisposeAsync();
    }

    [Fact]
    public async Task A_gate_is_listed_and_shown_beside_its_instance()
    {
        (FakeServer server, FakeStack stack) = await Cloud.AddAsync();
        (FakeServer other, _) = await Cloud.AddAsync(project: "p9");
        Cloud.Control.Time.Advance(TimeSpan.FromSeconds(30));
        await Cloud.JudgeAsync(server.Id, Verdict.Contraindicated, "snp.policy.debug");
        await Cloud.LookAsync();
        Assert.Equal($"INSTANCE,PROJECT,STACK,GATE,STANDING,CODE\n{server.Id},p1,{stack.Id},gate,closed,snp.policy.debug\n",
            await CommandLab.OkAsync("gate", "list", "--standing", "closed", "-f", "csv", "-c", "instance", "-c", "project", "-c", "stack", "-c", "gate", "-c", "standing", "-c", "code"));
        Assert.Equal($"INSTANCE,STANDING,FAILURE\n{other.Id},waiting,identity.401\n",
            await CommandLab.OkAsync("gate", "list", "--project", "p9", "-f", "csv", "-c", "instance", "-c", "standing", "-c", "failure"));
        string shown = await CommandLab.OkAsync("instance", "show", $"{server.Id}");
        Assert.Contains($"closed, resource gate of stack {stack.Id}: not attested: snp.policy.debug: ", shown, StringComparison.Ordinal);
        Assert.Contains("it needs role reader there", await CommandLab.OkAsync("instance", "show", $"{other.Id}"), StringComparison.Ordinal);
    }
}
