using System.CommandLine;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Reattestation.Keys;

namespace OpenStackSev.Control.Commands;

/// <summary><c>manage keys rotate</c>: a new key for tickets, for results, or for the history.</summary>
internal static class KeyCommands
{
    private const string Tickets = "tickets";
    private const string Results = "results";
    private const string History = "history";

    public static Command Create(TextWriter output) => new("keys", "Keys of tickets, of results and of the history.") { Rotate(output) };

    /// <summary>What a first start needs; a file that is there is left alone.</summary>
    internal static void MakeMissing(ControlConfiguration configuration, TextWriter output)
    {
        foreach ((string of, string file, Func<string> key) in Files(configuration))
        {
            if (File.Exists(file))
                continue;
            Guarded(() => NewKeys.Create(file, key()), file);
            output.WriteLine($"{file}: made a key for {of}");
        }
    }

    private static Command Rotate(TextWriter output)
    {
        var of = new Argument<string>("of") { Description = $"{Tickets}, {Results} or {History}" };
        of.AcceptOnlyFromAmong(Tickets, Results, History);
        var command = new Command("rotate",
            "Put a new key before those that are there. Of tickets and results the last three go on verifying, and running services take the new one at once; "
            + "of the history the public halves of all stay, and a service takes the new one at its restart.") { of };
        command.SetAction(parsed =>
        {
            ControlConfiguration configuration = parsed.Configuration();
            if (parsed.GetRequiredValue(of) == History)
            {
                HistoryCommands.RotateKey(configuration.Database.KeyIn(configuration.Process), output);
                return ExitCodes.Done;
            }

            (string name, string file, Func<string> key) = Files(configuration).Single(one => one.Of == parsed.GetRequiredValue(of));
            Guarded(() => NewKeys.Rotate(file, key(), name == Tickets ? TicketKeys.Split : ResultKeys.Split), file);
            output.WriteLine($"{file}: has a new key for {name}");
            return ExitCodes.Done;
        });
        return command;
    }

    private static (string Of, string File, Func<string> Key)[] Files(ControlConfiguration configuration) =>
    [
        (Tickets, configuration.Reattestation.TicketKeysIn(configuration.Process), NewKeys.Ticket),
        (Results, configuration.Reattestation.ResultKeysIn(configuration.Process), NewKeys.Result),
    ];

    private static void Guarded(Action work, string file)
    {
        try
        {
            work();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartException($"{file}: {e.Message.TrimEnd('.')}", "[reattestation] ticket_keys and result_keys say where they are; the service's user must be able to write there",
                ExitCodes.Failed, e);
        }
    }
}
