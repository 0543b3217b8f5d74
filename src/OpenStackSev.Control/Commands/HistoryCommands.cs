using System.CommandLine;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Commands;

/// <summary><c>manage history verify|create-key</c>.</summary>
internal static class HistoryCommands
{
    private const string KeyHint = "[database] history_key says where it is; --key names another one";

    public static Command Create(TextWriter output, TextWriter error) =>
        new("history", "The history, and whether somebody changed it.") { Verify(output, error), CreateKey(output) };

    private static Command Verify(TextWriter output, TextWriter error)
    {
        var heads = new Option<string[]>("--heads")
        {
            Description = "file of events with signed heads; may be given more than once. Without one, rows cut off at the end do not show",
            HelpName = "FILE",
            AllowMultipleArgumentsPerToken = true,
        };
        var keyFile = new Option<string?>("--key")
        {
            Description = "PEM file of the public key that heads and anchors are checked with (default: [database] history_key)",
            HelpName = "FILE",
        };
        var command = new Command("verify", "Read all rows and name the first one of each writer that does not hold. Exit code 1 when there is one.")
        {
            heads, keyFile,
        };
        command.SetAction(async (parsed, ct) =>
        {
            ControlConfiguration configuration = parsed.Configuration();
            using HistoryKey key = Guarded(
                () => HistoryKey.Read(parsed.GetValue(keyFile) ?? configuration.Database.KeyIn(configuration.Process)), KeyHint);
            var exported = new List<SignedHead>();
            foreach (string file in parsed.GetValue(heads) ?? [])
                exported.AddRange(await GuardedAsync(() => ExportedHeads.ReadAsync(file, ct), "--heads takes the files that [events] file names"));
            ControlDatabase database = SqliteDatabase.Open(configuration.Database.FileIn(configuration.Process), configuration.Database.LockTimeout);
            IReadOnlyList<VerifiedChain> chains = await GuardedAsync(
                () => new HistoryVerification(database, key).VerifyAsync(exported, ct), "[database] connection says where the database is");
            return Report(chains, output, error);
        });
        return command;
    }

    private static Command CreateKey(TextWriter output)
    {
        var command = new Command("create-key", "Make the key that signs the history's heads, with its public half beside it.");
        command.SetAction(parsed =>
        {
            ControlConfiguration configuration = parsed.Configuration();
            string file = configuration.Database.KeyIn(configuration.Process);
            MakeKey(file, output);
            return ExitCodes.Done;
        });
        return command;
    }

    internal static void MakeKey(string file, TextWriter output)
    {
        using HistoryKey key = Guarded(() => HistoryKey.Create(file), "a key that is there is never replaced; move it away first");
        output.WriteLine($"{file}: made key {key.Id} for the history's heads, its public half is in {file}.pub");
    }

    internal static void RotateKey(string file, TextWriter output)
    {
        using HistoryKey key = Guarded(() => HistoryKey.Rotate(file), "[database] history_key says where it is; the service's user must be able to write there");
        output.WriteLine($"{file}: made key {key.Id} for the history's heads; restart the service, and give auditors {file}.pub, which also has the keys before");
    }

    internal static int Report(IReadOnlyList<VerifiedChain> chains, TextWriter output, TextWriter error)
    {
        foreach (VerifiedChain chain in chains)
        {
            if (chain.Fault is { } fault)
                error.WriteLine($"error: writer '{fault.Writer}' row {fault.Sequence}: {fault.Code}: {fault.Detail}");
            else
                output.WriteLine($"writer '{chain.Writer}': rows {chain.Anchor + 1} to {chain.Last} hold, {chain.Heads} signed heads compared");
        }

        if (chains.Count == 0)
            output.WriteLine("the history is empty");
        return chains.Any(chain => chain.Fault is not null) ? ExitCodes.Failed : ExitCodes.Done;
    }

    private static T Guarded<T>(Func<T> work, string hint)
    {
        try
        {
            return work();
        }
        catch (Exception e) when (e is HistoryKeyException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(e.Message.TrimEnd('.'), hint, ExitCodes.Failed, e);
        }
    }

    private static async Task<T> GuardedAsync<T>(Func<Task<T>> work, string hint)
    {
        try
        {
            return await work();
        }
        catch (Exception e) when (e is StorageException or FormatException or IOException or UnauthorizedAccessException)
        {
            throw new StartException(e.Message.TrimEnd('.'), hint, e is StorageException { IsTransient: true } ? ExitCodes.TryLater : ExitCodes.Failed, e);
        }
    }
}
