using System.CommandLine;
using System.Globalization;
using System.Text.Json.Serialization;
using Microsoft.Extensions.Hosting.Systemd;
using OpenStackSev.Api.Client;
using OpenStackSev.Attestation.Snapshots;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Cli.Scheduling;

/// <summary><c>osev snapshot-sync</c>: keeps the file by which the filter of nova-scheduler judges hosts.</summary>
internal static class SnapshotSync
{
    public const string DefaultFile = "/var/lib/openstack-sev/scheduling/snapshot";
    public const string DefaultKeys = "/etc/openstack-sev/snapshot-keys.json";

    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(1), s_longest = TimeSpan.FromHours(1);

    public static Command Create(CommandConsole console)
    {
        Option<string> file = new("--file") { Description = "The file that the filter reads: [openstack_sev] snapshot_file of nova.conf.", HelpName = "FILE", DefaultValueFactory = _ => DefaultFile };
        Option<string> keys = KeysOption("JWK Set by which a snapshot is believed; no other is ever written.");
        Option<bool> once = new("--once") { Description = "One round, and its result." };
        OsevCommand command = new("snapshot-sync",
            "Keep the file by which nova-scheduler's filter judges hosts, beside the scheduler: the control plane's signed snapshot, until it is stopped.",
            "osev snapshot-sync keys",
            "osev snapshot-sync --once",
            "osev snapshot-sync --file /var/lib/openstack-sev/scheduling/snapshot --interval 10s")
        {
            file, keys, Interval, once, SnapshotKeysCommand.Create(console),
        };
        command.SetAction(async (parsed, ct) =>
        {
            SnapshotStore store = new(parsed.GetValue(file)!);
            string keysPath = parsed.GetValue(keys)!;
            using Hosts.ControlPlane plane = Opened(parsed, store, keysPath, parsed.GetValue(once) ? ExitCode.Failed : ExitCode.Configuration);
            store.RemoveLeftovers();
            var round = new SnapshotRound(plane.Api, store, keysPath, TimeProvider.System);
            if (parsed.GetValue(once))
                return await OnceAsync(console, parsed.Format(), round, store, ct);
            var loop = new SnapshotLoop(round, store, parsed.GetValue(Interval) ?? TimeSpan.FromSeconds(10), TimeProvider.System, Say(console), new SystemdNotifier(), Random.Shared.NextDouble);
            await loop.RunAsync(ct);
            return ExitCode.Ok;
        });
        return command;
    }

    public static Option<string> KeysOption(string description) => new("--keys") { Description = description, HelpName = "FILE", DefaultValueFactory = _ => DefaultKeys };

    private static Option<TimeSpan?> Interval { get; } = new("--interval")
    {
        Description = "Wait between two rounds, as 10s or 2m; 10s by default, and a tenth more or less. After failures longer, up to a minute.",
        HelpName = "TIME",
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (text.Length > 1 && text[^1] is 's' or 'm' && uint.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint count)
                && TimeSpan.FromSeconds(text[^1] == 's' ? count : count * 60.0) is var read && read >= s_shortest && read <= s_longest)
            {
                return read;
            }

            argument.AddError($"--interval {text}: must be a number with s or m, from 1s to 60m");
            return null;
        },
    };

    /// <summary>Cloud, file and keys; what no round will mend is said before the first one.</summary>
    /// <param name="unfit">How it ends when it is not configured: a service is not to be started again and again.</param>
    private static Hosts.ControlPlane Opened(ParseResult parsed, SnapshotStore store, string keysPath, int unfit)
    {
        try
        {
            CheckPlaces(store, keysPath);
            return Hosts.ControlPlane.Of(parsed.Connect(), new AttestationClientOptions { MaximumResponseBytes = SignedSnapshot.MaximumSize });
        }
        catch (CloudConfigurationException e)
        {
            throw new CommandException(e.Message, e.Hint, unfit, e);
        }
        catch (SnapshotException e)
        {
            throw new CommandException(e.Message, e.Hint, unfit, e);
        }
    }

    private static void CheckPlaces(SnapshotStore store, string keysPath)
    {
        if (Directory.Exists(store.Path))
            throw CommandException.BadUsage($"--file {store.Path}: is a folder", "name a file");
        if (Path.GetDirectoryName(Path.GetFullPath(store.Path)) is not { } folder || !Directory.Exists(folder))
            throw CommandException.BadUsage($"--file {store.Path}: its folder is not there", "make the folder, for the user that runs this");
        SnapshotKeys.Read(keysPath);
    }

    private static async Task<int> OnceAsync(CommandConsole console, OutputFormat format, SnapshotRound round, SnapshotStore store, CancellationToken ct)
    {
        SnapshotOutcome outcome;
        try
        {
            outcome = await round.RunAsync(ct);
        }
        catch (SnapshotException e)
        {
            throw e.AsCommandException();
        }

        HostsSnapshot snapshot = outcome.Snapshot!;
        if (format == OutputFormat.Json)
        {
            console.WriteJson(new SnapshotSyncDocument(store.Path, outcome.Written, snapshot.IssuedAt, snapshot.ExpiresAt, outcome.Bytes,
                snapshot.Hosts.GroupBy(host => host.Trust, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.Count(), StringComparer.Ordinal)),
                SchedulingJson.Default.SnapshotSyncDocument);
        }
        else
        {
            console.WriteLine(Printable.Of($"{store.Path}: {(outcome.Written ? "written" : "as it was")}, {snapshot.Hosts.Count} hosts, issued at {snapshot.IssuedAt:u}"));
        }

        return ExitCode.Ok;
    }

    /// <summary>journald has its own clock.</summary>
    private static Action<string> Say(CommandConsole console)
    {
        bool journal = SystemdHelpers.IsSystemdService();
        return line => console.Error.WriteLine(journal ? line : string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetLocalNow():yyyy-MM-dd HH:mm:ss} {line}"));
    }
}

/// <summary>JSON of <c>osev snapshot-sync --once</c>.</summary>
/// <param name="Hosts">How many, by their trust.</param>
internal sealed record SnapshotSyncDocument(
    string File, bool Written, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, int Bytes, IReadOnlyDictionary<string, int> Hosts);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(SnapshotSyncDocument))]
[JsonSerializable(typeof(SnapshotKeysDocument))]
internal sealed partial class SchedulingJson : JsonSerializerContext;
