using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using OpenStackSev.Attestation.Results;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.Cli.Tests.Scheduling;

/// <summary>The built program against a cloud whose catalogue has a control plane.</summary>
public sealed class SnapshotSyncTests : IDisposable
{
    private const string SnapshotPath = "/v1/scheduling/snapshot", KeysPath = "/.well-known/jwks.json";

    private readonly FakeCloud cloud = new();
    private readonly TemporaryFolder folder = new();
    private readonly byte[] signed = Snapshots.Signed(Snapshots.Of(3, DateTimeOffset.UtcNow.AddSeconds(-1)));

    public SnapshotSyncTests()
    {
        Endpoint(cloud.Url);
        cloud.Answer("GET", KeysPath, 200, Encoding.UTF8.GetString(Snapshots.Keys(Snapshots.Key)));
        cloud.Answer("GET", SnapshotPath, _ => FakeCloud.Respond(200, signed, new Dictionary<string, string> { ["ETag"] = "\"1\"" }));
    }

    public void Dispose()
    {
        cloud.Dispose();
        folder.Dispose();
    }

    [Fact]
    public async Task Keys_are_fetched_once_and_then_a_snapshot_is_believed_by_them()
    {
        CommandLine keys = (await RunAsync("snapshot-sync", "keys", "--file", folder.At("keys.json"), "-f", "json")).Succeeded();
        Assert.Equal(Snapshots.Key.KeyId, keys.Json().GetProperty("thumbprints").GetProperty(Snapshots.Key.KeyId).GetString());
        CommandLine once = (await OnceAsync("-f", "json")).Succeeded();
        Assert.True(once.Json().GetProperty("written").GetBoolean());
        Assert.Equal(3, once.Json().GetProperty("hosts").GetProperty("trusted").GetInt32());
        Assert.Equal(signed, await File.ReadAllBytesAsync(folder.At("snapshot"), TestContext.Current.CancellationToken));
        Assert.Contains("as it was, 3 hosts", (await OnceAsync()).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_filter_of_nova_scheduler_reads_what_was_written()
    {
        (await RunAsync("snapshot-sync", "keys", "--file", folder.At("keys.json"))).Succeeded();
        (await OnceAsync()).Succeeded();
        const string Script = """
            import sys
            try:
                from openstack_sev_filter.snapshot_file import SnapshotFile
            except ModuleNotFoundError as e:
                sys.exit(f"skip: {e}")
            state = SnapshotFile(sys.argv[1], sys.argv[2]).look()
            print(state.problem, sorted(host.name + " " + host.trust for host in state.snapshot.by_node.values()))
            """;
        using Process process = Start("/usr/bin/env", ["PYTHONPATH=" + Path.Join(Repository.Root, "src/nova-filter"), "PYTHONDONTWRITEBYTECODE=1", "/usr/bin/python3", "-c", Script, folder.At("snapshot"), folder.At("keys.json")]);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.SkipWhen(error.StartsWith("skip: ", StringComparison.Ordinal), error.Trim());
        Assert.Equal("", error);
        Assert.Equal("None ['compute0 trusted', 'compute1 trusted', 'compute2 trusted']", output.Trim());
    }

    [Fact]
    public async Task Other_keys_are_replaced_only_when_that_is_said()
    {
        string[] keys = ["snapshot-sync", "keys", "--file", folder.At("keys.json")];
        Assert.Contains("written", (await RunAsync(keys)).Succeeded().Out, StringComparison.Ordinal);
        Assert.Contains("as it was", (await RunAsync(keys)).Succeeded().Out, StringComparison.Ordinal);
        cloud.Answer("GET", KeysPath, 200, Encoding.UTF8.GetString(Snapshots.Keys(Snapshots.OtherKey, Snapshots.Key)));
        (await RunAsync(keys)).AssertError(1, "keys.others: ");
        Assert.Contains(Snapshots.OtherKey.KeyId, (await RunAsync([.. keys, "--replace"])).Succeeded().Out, StringComparison.Ordinal);
        Assert.Equal(2, KeysWritten().Count);
        // Only those whose thumbprint a person has compared.
        (await RunAsync([.. keys, "--replace", "--expect", Snapshots.OtherKey.KeyId])).Succeeded();
        Assert.Equal([Snapshots.OtherKey.KeyId], KeysWritten());
        (await RunAsync([.. keys, "--replace", "--expect", new string('A', 43)])).AssertError(1, "keys.unexpected: ");
        cloud.Answer("GET", KeysPath, 200, "{\"keys\":7}");
        (await RunAsync(keys)).AssertError(1, "keys.malformed: ");
    }

    [Fact]
    public async Task Keys_are_not_taken_from_a_way_on_which_anybody_could_give_his_own()
    {
        Endpoint("http://192.0.2.7:9540");
        (await RunAsync("snapshot-sync", "keys", "--file", folder.At("keys.json"))).AssertError(1, "http://192.0.2.7:9540/ is not https");
        Assert.False(File.Exists(folder.At("keys.json")));
    }

    [Theory]
    [InlineData(401, "attestation 401")]
    [InlineData(404, "snapshot.not_served: ")]
    [InlineData(500, "attestation 500")]
    public async Task A_control_plane_that_refuses_is_an_error_with_a_hint(int status, string error)
    {
        await WriteKeysAsync();
        cloud.Answer("GET", SnapshotPath, status);
        (await OnceAsync()).AssertError(1, error);
        Assert.False(File.Exists(folder.At("snapshot")));
    }

    [Fact]
    public async Task What_cannot_be_meant_is_said_before_anybody_is_asked()
    {
        (await OnceAsync()).AssertError(1, "keys.missing: ");
        await WriteKeysAsync();
        (await RunAsync("snapshot-sync", "--once", "--keys", folder.At("keys.json"), "--file", folder.Path)).AssertError(64, $"--file {folder.Path}: is a folder");
        (await RunAsync("snapshot-sync", "--once", "--keys", folder.At("keys.json"), "--file", folder.At("gone/snapshot"))).AssertError(64, "--file ");
        (await RunAsync("snapshot-sync", "--interval", "0s")).AssertError(64, "--interval 0s");
        Assert.Empty(cloud.Asked());
    }

    [Fact]
    public async Task A_service_that_is_not_configured_ends_so_that_nothing_starts_it_again_and_again()
    {
        (await RunAsync("snapshot-sync", "--keys", folder.At("keys.json"), "--file", folder.At("snapshot"))).AssertError(78, "keys.missing: ");
        await WriteKeysAsync();
        (await RunAsync("snapshot-sync", "--os-cloud", "nowhere", "--keys", folder.At("keys.json"), "--file", folder.At("snapshot"))).AssertError(78, "cloud 'nowhere' is not configured: ");
        Assert.Empty(cloud.Asked());
    }

    [Fact]
    public async Task A_full_disk_leaves_the_one_that_is_there()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "only root may mount the small disk");
        await WriteKeysAsync();
        Directory.CreateDirectory(folder.At("disk"));
        string script = """
            mount -t tmpfs -o size=8k tmpfs "$1/disk" && echo good >"$1/disk/snapshot" && head -c 4096 /dev/zero >"$1/disk/filler"
            "$2" snapshot-sync --once --keys "$1/keys.json" --file "$1/disk/snapshot"; code=$?
            cat "$1/disk/snapshot"; ls -A "$1/disk"; mount -o remount,ro "$1/disk"
            "$2" snapshot-sync --once --keys "$1/keys.json" --file "$1/disk/snapshot" || exit $code
            """;
        byte[] large = Snapshots.Signed(Snapshots.Of(100, DateTimeOffset.UtcNow.AddSeconds(-1)));
        cloud.Answer("GET", SnapshotPath, _ => FakeCloud.Respond(200, large));
        using Process process = Start("unshare", ["--mount", "sh", "-c", script, "sh", folder.Path, Program]);
        string output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, process.ExitCode);
        Assert.Equal(["good", "filler", "snapshot"], output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(2, error.Split("error: file.not_written: ").Length - 1);
    }

    [Fact]
    public async Task It_runs_until_it_is_told_to_stop_and_that_is_no_failure()
    {
        await WriteKeysAsync();
        using Process process = Start(Program, ["snapshot-sync", "--keys", folder.At("keys.json"), "--file", folder.At("snapshot"), "--interval", "1s"]);
        string? line = await process.StandardError.ReadLineAsync(TestContext.Current.CancellationToken);
        Assert.Contains(" up: 3 hosts in ", line, StringComparison.Ordinal);
        using Process kill = Process.Start("kill", ["-TERM", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, process.ExitCode);
        Assert.Equal("", await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        Assert.Equal(signed, await File.ReadAllBytesAsync(folder.At("snapshot"), TestContext.Current.CancellationToken));
    }

    private static string Program => Path.Join(AppContext.BaseDirectory, "osev");

    private Dictionary<string, string> Cloud => new()
    {
        ["OS_AUTH_URL"] = cloud.Url + "/identity/v3",
        ["OS_USERNAME"] = "operator",
        ["OS_PASSWORD"] = FakeCloud.Password,
        ["OS_PROJECT_NAME"] = "admin",
    };

    private void Endpoint(string url) => cloud.Catalog = catalog => catalog.Add(new JsonObject
    {
        ["type"] = "attestation",
        ["name"] = "openstack-sev",
        ["id"] = "a",
        ["endpoints"] = new JsonArray(new JsonObject { ["id"] = "b", ["interface"] = "public", ["region"] = "RegionOne", ["region_id"] = "RegionOne", ["url"] = url }),
    });

    private IReadOnlyCollection<string> KeysWritten()
    {
        Assert.True(EarVerificationKeys.TryParse(File.ReadAllBytes(folder.At("keys.json")), out EarVerificationKeys? keys, out _));
        return keys.KeyIds;
    }

    private Task WriteKeysAsync() => File.WriteAllBytesAsync(folder.At("keys.json"), Snapshots.Keys(Snapshots.Key), TestContext.Current.CancellationToken);

    private Task<CommandLine> OnceAsync(params string[] more) =>
        RunAsync(["snapshot-sync", "--once", "--keys", folder.At("keys.json"), "--file", folder.At("snapshot"), .. more]);

    private Task<CommandLine> RunAsync(params string[] args) => OsevProcess.RunAsync(Cloud, "", args);

    private Process Start(string program, string[] args)
    {
        ProcessStartInfo start = new(program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach ((string name, string value) in Cloud)
            start.Environment[name] = value;
        return Process.Start(start)!;
    }
}
