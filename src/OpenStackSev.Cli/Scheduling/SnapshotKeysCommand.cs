using System.CommandLine;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Inspection;

namespace OpenStackSev.Cli.Scheduling;

/// <summary><c>osev snapshot-sync keys</c>: the control plane's keys, for a first set-up and after a rotation. Whoever answers here decides which hosts are trusted.</summary>
internal static class SnapshotKeysCommand
{
    public static Command Create(CommandConsole console)
    {
        Option<string> file = new("--file") { Description = "Where to write them: [openstack_sev] snapshot_keys of nova.conf.", HelpName = "FILE", DefaultValueFactory = _ => SnapshotSync.DefaultKeys };
        Option<string[]> expected = new("--expect")
        {
            Description = "Thumbprint (RFC 7638) that has to be among them; again for each further one. Others are then left out.",
            HelpName = "THUMBPRINT",
            AllowMultipleArgumentsPerToken = false,
        };
        Option<bool> replace = new("--replace") { Description = "Also when other keys are there." };
        OsevCommand command = new("keys",
            "Write the keys that snapshots are believed by, as the control plane serves them, and print their thumbprints. Compare them with what the same prints on the control plane's own machine.",
            "osev snapshot-sync keys",
            "osev snapshot-sync keys --file /etc/openstack-sev/snapshot-keys.json --replace")
        {
            file, expected, replace,
        };
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                return await RunAsync(console, parsed.Format(), parsed.GetValue(file)!, parsed.GetValue(expected) ?? [], parsed.GetValue(replace), parsed, ct);
            }
            catch (SnapshotException e)
            {
                throw e.AsCommandException();
            }
        });
        return command;
    }

    private static async Task<int> RunAsync(
        CommandConsole console, OutputFormat format, string path, string[] expected, bool replace, ParseResult parsed, CancellationToken ct)
    {
        using var plane = Hosts.ControlPlane.Of(parsed.Connect());
        Uri address = await plane.AddressAsync(ct);
        if (address.Scheme != "https" && !address.IsLoopback && expected.Length == 0)
        {
            throw new CommandException($"{address} is not https: anybody on the way could give his own keys",
                "say which ones they have to be, with --expect, or copy the file from the control plane");
        }

        using HttpResponseMessage answer = await plane.Api.GetVerificationKeysAsync(ct);
        EarVerificationKeys served = SnapshotKeys.Parse(await answer.Content.ReadAsByteArrayAsync(ct), address + ".well-known/jwks.json");
        if (expected.FirstOrDefault(thumbprint => !served.Thumbprints.Values.Contains(thumbprint)) is { } missing)
            throw new SnapshotException("keys.unexpected", $"no key that {address} serves has the thumbprint {missing}", "compare it with the control plane's own");
        EarVerificationKeys keys = expected.Length == 0 ? served : served.Only(expected);

        SnapshotStore store = new(path);
        byte[] content = keys.Write();
        byte[]? present = store.Read(EarVerificationKeys.MaximumSize);
        bool same = present is not null && EarVerificationKeys.TryParse(present, out EarVerificationKeys? before, out _) && before.Write().AsSpan().SequenceEqual(content);
        if (store.IsThere && !same && !replace)
            throw new SnapshotException("keys.others", $"{path} has other keys", "compare the thumbprints, then say --replace");
        if (!same)
            store.Put(content);
        Write(console, format, new SnapshotKeysDocument(path, !same, keys.Thumbprints));
        return ExitCode.Ok;
    }

    private static void Write(CommandConsole console, OutputFormat format, SnapshotKeysDocument document)
    {
        if (format == OutputFormat.Json)
        {
            console.WriteJson(document, SchedulingJson.Default.SnapshotKeysDocument);
            return;
        }

        console.WriteLine($"{document.File}: {(document.Written ? "written" : "as it was")}");
        console.WriteTable(["KEY", "THUMBPRINT"], document.Thumbprints.Select(key => new[] { Printable.Of(key.Key), key.Value }));
    }
}

/// <summary>JSON of <c>osev snapshot-sync keys</c>.</summary>
/// <param name="Thumbprints">RFC 7638, SHA-256, base64url; by <c>kid</c>.</param>
internal sealed record SnapshotKeysDocument(string File, bool Written, IReadOnlyDictionary<string, string> Thumbprints);
