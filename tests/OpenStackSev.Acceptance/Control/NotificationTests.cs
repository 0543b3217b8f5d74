using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Control;

/// <summary>The real Nova's notifications through the real RabbitMQ. The sweep looks once an hour, and after each connection: what is known between was heard.</summary>
public sealed class NotificationTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "heard-";
    private const int Bound = 100;

    private readonly string queue = $"openstack_sev.test_{Guid.NewGuid():N}";
    private ControlPlane? control;
    private BrokenLine? line;
    private string? image;

    private static bool IsSnp => Stack.Release.ContextsOnChildren;
    private ControlPlane Control => control!;
    private BrokenLine Line => line!;

    public async ValueTask InitializeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        await stack.Cloud.EmptyGuardProvidersAsync();
        foreach (string name in new[] { "compute1", "compute2" })
            await SimulatedNode.NovaOffersAsync(stack.Cloud, name, IsSnp ? [("sev", "5"), ("sev_snp", "5")] : [("sev", "5")]);
        line = new BrokenLine(Stack.Setting("IP"), int.Parse(Stack.Setting("RPORT"), CultureInfo.InvariantCulture));
        control = await ControlPlane.StartAsync("[sweep]", "interval = 3600", "full_listing_interval = 7200", "nudges = 0", "[notifications]",
            $"transport_url = rabbit://osev:{Stack.Setting("PASSWORD")}@127.0.0.1:{line.Port}/", $"queue = {queue}", $"maximum_queue_length = {Bound}", "queue_lifetime = 3600");
        await StateAsync("connected");
    }

    public async ValueTask DisposeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        if (control is not null)
            await control.DisposeAsync();
        if (line is not null)
            await line.DisposeAsync();
        if (control is not null)
            await Programs.BrokerAsync("delete_queue", queue);
    }

    [Fact]
    public async Task What_happens_to_an_instance_is_known_at_once()
    {
        Server server = await BootAsync();
        await ToldAsync(server.Id, "instance.seen");
        string seen = await ShownAsync(server.Id, _ => true);

        await stack.Cloud.ActAsync(server.Id, "rebuild", new JsonObject { ["imageRef"] = await ImageAsync() });
        await stack.Cloud.UntilAsync(server.Id, now => now.Status == "ACTIVE");
        if (IsSnp)
        {
            // The same image: nothing that Nova lists says so.
            await ToldAsync(server.Id, "instance.rebuilt");
            Assert.True(string.CompareOrdinal(await ShownAsync(server.Id, status => status == "ACTIVE"), seen) > 0, "no round was opened after it");
        }

        await stack.Cloud.ActAsync(server.Id, "os-stop");
        await ShownAsync(server.Id, status => status == "SHUTOFF");
        await stack.Cloud.ActAsync(server.Id, "os-start");
        await ShownAsync(server.Id, status => status == "ACTIVE");
        if (IsSnp)
            await ToldAsync(server.Id, "instance.restarted");

        await stack.Cloud.ActAsync(server.Id, "migrate");
        Server moved = await stack.Cloud.UntilAsync(server.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
        Assert.True(moved.Status == "VERIFY_RESIZE", moved.ToString());
        await ToldAsync(server.Id, "instance.moved");
        await stack.Cloud.ActAsync(server.Id, "confirmResize");
        await ShownAsync(server.Id, status => status == "ACTIVE");

        await stack.Cloud.DeleteServersAsync(Servers);
        await ToldAsync(server.Id, "instance.gone");
        Numbers numbers = await StateAsync("connected");
        Assert.True(numbers is { Handled: > 4, Unreadable: 0, Failed: 0, Returned: 0 }, numbers.ToString());
    }

    [Fact]
    public async Task A_flavor_that_will_not_be_encrypted_is_told_when_it_is_made()
    {
        Numbers before = await StateAsync("connected");
        string flavor = await stack.Cloud.FlavorAsync("2.85", "heard.wrong", ("hw:mem_encryption_model", "amd-sev"));
        await RealCloud.EventuallyAsync(async () => (await StateAsync("connected")).Handled > before.Handled, () => "nothing was said about the flavor");
        await stack.Cloud.SendAsync(HttpMethod.Delete, "compute", "/flavors/" + flavor);
    }

    [Fact]
    public async Task A_broker_that_was_restarted_is_heard_again()
    {
        Numbers lost;
        await Programs.BrokerAsync("stop_app");
        try
        {
            lost = await StateAsync("connecting");
        }
        finally
        {
            await Programs.BrokerAsync("start_app");
        }

        Assert.StartsWith("notifications.", lost.Code, StringComparison.Ordinal);
        // An exchange that was not durable is declared anew by the next notification of Nova's, which need not reach us.
        await RealCloud.EventuallyAsync(async () =>
        {
            await stack.Cloud.FlavorAsync("2.85", "heard.wrong", ("hw:mem_encryption_model", "amd-sev"));
            return (await StateAsync("connected")).Handled > 0;
        }, () => "nothing was heard");
        string server = await BootAgainAsync();
        await ToldAsync(server, "instance.seen");
        await stack.Cloud.DeleteServersAsync(Servers);
        await ToldAsync(server, "instance.gone");
    }

    [Fact(Skip = Release.SameOnAll, SkipUnless = nameof(Release.IsForAll), SkipType = typeof(Release))]
    public async Task What_was_sent_during_a_partition_is_heard_after_it()
    {
        Line.Cut();
        Numbers lost = await StateAsync("connecting");
        Assert.StartsWith("notifications.", lost.Code, StringComparison.Ordinal);
        Server server = await BootAsync();
        Line.Mend();
        await StateAsync("connected");
        await ToldAsync(server.Id, "instance.seen");
    }

    [Fact(Skip = Release.SameOnAll, SkipUnless = nameof(Release.IsForAll), SkipType = typeof(Release))]
    public async Task A_queue_that_was_filled_to_its_bound_while_nobody_listened_costs_one_look_of_the_sweep()
    {
        await Line.CloseAsync();
        await StateAsync("connecting");
        Server server = await BootAsync();
        var flavors = new List<string>();
        await RealCloud.EventuallyAsync(async () =>
        {
            // At least two notifications each.
            for (int i = 0; i < 10; i++)
                flavors.Add(await stack.Cloud.FlavorAsync($"heard.{flavors.Count}", ("hw:mem_encryption", "false")));
            return flavors.Count >= Bound / 2 && await WaitingAsync() >= Bound;
        }, () => $"{flavors.Count} flavors do not fill the queue");
        Assert.Equal(Bound, await WaitingAsync());
        Line.Mend();
        Numbers full = await StateAsync("connected");
        Assert.True(full.FoundFull > 0, full.ToString());
        // What was said of the server was dropped, as the first in the queue.
        await ToldAsync(server.Id, "instance.seen");
        foreach (string flavor in flavors)
            await stack.Cloud.SendAsync(HttpMethod.Delete, "compute", "/flavors/" + flavor);
    }

    private async Task<int> WaitingAsync() => int.Parse(
        (await Programs.BrokerAsync("list_queues", "--no-table-headers", "name", "messages")).Split('\n').Select(row => row.Split('\t')).First(row => row[0] == queue)[1], CultureInfo.InvariantCulture);

    private async Task<Server> BootAsync()
    {
        string flavor = await stack.Cloud.FlavorAsync("heard.sev", [("hw:mem_encryption", "true"), .. IsSnp ? new[] { ("hw:mem_encryption_model", "amd-sev-snp") } : []]);
        Server server = await stack.Cloud.BootAsync(Servers + "1", flavor, await ImageAsync());
        Assert.True(server.Status == "ACTIVE", server.ToString());
        return server;
    }

    /// <summary>As <see cref="BootAsync"/>, again until it works: what Nova's services told one another while the broker was away is lost, and a server may wait for ever.</summary>
    private async Task<string> BootAgainAsync()
    {
        string flavor = await stack.Cloud.FlavorAsync("heard.sev", [("hw:mem_encryption", "true"), .. IsSnp ? new[] { ("hw:mem_encryption_model", "amd-sev-snp") } : []]);
        JsonNode body = JsonNode.Parse($$$"""{"server":{"name":"{{{Servers}}}1","flavorRef":"{{{flavor}}}","imageRef":"{{{await ImageAsync()}}}","networks":"none"}}""")!;
        string server = "";
        int looks = 0;
        await RealCloud.EventuallyAsync(async () =>
        {
            if (looks++ % 20 == 0)
            {
                await stack.Cloud.DeleteServersAsync(Servers);
                server = (string)(await stack.Cloud.SendAsync(HttpMethod.Post, "compute", "/servers", body.DeepClone()))!["server"]!["id"]!;
            }

            return (await stack.Cloud.ServerAsync(server)).Status == "ACTIVE";
        }, () => $"server {server} does not boot", TimeSpan.FromMinutes(5));
        return server;
    }

    private async Task<string> ImageAsync() => image ??= await stack.Cloud.ImageAsync("heard-image",
        [("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), .. IsSnp ? new[] { ("hw_firmware_stateless", "true") } : []]);

    /// <summary>Waits until notifications are in this state.</summary>
    private async Task<Numbers> StateAsync(string state)
    {
        Ended last = new(-1, "", "");
        Numbers? numbers = null;
        await RealCloud.EventuallyAsync(async () =>
        {
            last = await Control.OsevAsync("osev", "sweep", "status", "-f", "json");
            if (last.ExitCode != 0)
                return false;
            using JsonDocument document = JsonDocument.Parse(last.Output);
            JsonElement status = document.RootElement.GetProperty("notifications");
            numbers = new Numbers(status.TryGetProperty("code", out JsonElement code) ? code.GetString() : null, status.GetProperty("handled").GetInt64(), status.GetProperty("unreadable").GetInt64(),
                status.GetProperty("failed").GetInt64(), status.GetProperty("returned").GetInt64(), status.GetProperty("found_full").GetInt64());
            return status.GetProperty("state").GetString() == state;
        }, last.ToString);
        return numbers!;
    }

    /// <summary>Waits until its history has a record of this kind.</summary>
    private async Task ToldAsync(string server, string kind)
    {
        Ended last = new(-1, "", "");
        await RealCloud.EventuallyAsync(async () =>
        {
            last = await Control.OsevAsync("osev", "history", server, "-f", "json");
            return last.Output.Contains($"\"{kind}\"", StringComparison.Ordinal);
        }, () => $"no {kind}: {last}");
    }

    /// <summary>Waits until it is shown with such a status.</summary>
    /// <returns>When its round was opened; empty for none.</returns>
    private async Task<string> ShownAsync(string server, Func<string, bool> status)
    {
        Ended last = new(-1, "", "");
        string opened = "";
        await RealCloud.EventuallyAsync(async () =>
        {
            last = await Control.OsevAsync("osev", "attest", "instance", server, "-f", "json");
            if (last.Output.Length == 0)
                return false;
            using JsonDocument document = JsonDocument.Parse(last.Output);
            JsonElement instance = document.RootElement.GetProperty("instance");
            opened = instance.TryGetProperty("round_opened_at", out JsonElement at) ? at.GetString()! : "";
            return status(instance.GetProperty("status").GetString()!);
        }, last.ToString);
        return opened;
    }

    private sealed record Numbers(string? Code, long Handled, long Unreadable, long Failed, long Returned, long FoundFull);
}
