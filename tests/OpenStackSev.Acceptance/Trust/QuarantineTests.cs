using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>A host that is set aside by hand, in the real Nova.</summary>
[Collection(nameof(TrustedHosts))]
public sealed class QuarantineTests(Stack stack, TrustedHosts hosts) : IAsyncLifetime
{
    private TrustLab Lab => hosts.Lab;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (!stack.IsThere)
            return;
        await stack.Cloud.ChangeServiceAsync("compute2", ("status", "enabled"));
        await hosts.RestoreAsync();
    }

    [Fact]
    public async Task A_quarantine_disables_the_compute_service_and_undoes_its_own_reason_only()
    {
        await Lab.Control.SucceedAsync("host", "quarantine", "compute2", "--reason", "the test says so", "--disable-service");
        await UntilServiceAsync("disabled", reason => reason?.Contains("openstack-sev", StringComparison.Ordinal) == true);
        await Lab.UntilTraitAsync("compute2", "CUSTOM_SEV_QUARANTINED", isThere: true);
        Assert.Contains("the test says so", (await Lab.Control.SucceedAsync("host", "show", "compute2", "-f", "json")).Output, StringComparison.Ordinal);
        await Lab.Control.SucceedAsync("host", "release", "compute2");
        await UntilServiceAsync("enabled", reason => reason is null);
        await Lab.UntilTraitAsync("compute2", "CUSTOM_SEV_QUARANTINED", isThere: false);

        // What somebody else has disabled, or disabled again for a reason of their own, stays so.
        await Lab.Control.SucceedAsync("host", "quarantine", "compute2", "--reason", "the test says so", "--disable-service");
        await UntilServiceAsync("disabled", reason => reason?.Contains("openstack-sev", StringComparison.Ordinal) == true);
        await stack.Cloud.ChangeServiceAsync("compute2", ("status", "disabled"), ("disabled_reason", "a fan is broken"));
        await Lab.Control.SucceedAsync("host", "release", "compute2");
        await Lab.UntilTraitAsync("compute2", "CUSTOM_SEV_QUARANTINED", isThere: false);
        await Lab.UntilAsync("compute2", "trusted");
        await UntilServiceAsync("disabled", reason => reason == "a fan is broken");

        IReadOnlyList<string> history = await Lab.HistoryAsync("compute2");
        foreach (string kind in new[] { "host.quarantined", "host.released", "host.trust.changed" })
            Assert.Contains(kind, history);
    }

    private async Task UntilServiceAsync(string status, Func<string?, bool> reason)
    {
        JsonNode? last = null;
        await RealCloud.EventuallyAsync(
            async () => (string?)(last = await stack.Cloud.ComputeServiceAsync("compute2"))["status"] == status && reason((string?)last["disabled_reason"]),
            () => $"{last?.ToJsonString()}");
    }
}
