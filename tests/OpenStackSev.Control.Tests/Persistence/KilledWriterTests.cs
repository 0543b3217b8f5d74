using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class KilledWriterTests
{
    /// <summary>Writers of one process: nearly all of a kill's cost is the start of .NET, and each has a database, a queue and a chain of its own.</summary>
    private const int Writers = 5;

    /// <summary>Of writers, in all. OSEV_KILLS makes it a longer run.</summary>
    private static readonly int s_kills = int.TryParse(Environment.GetEnvironmentVariable("OSEV_KILLS"), CultureInfo.InvariantCulture, out int kills) ? kills : 50;

    [Fact]
    public async Task Every_answered_write_survives_SIGKILL_and_no_half_row_stays()
    {
        TemporaryDatabase[] databases = await Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => TemporaryDatabase.StartAsync()));
        List<Answer>[] answered = [.. databases.Select(_ => new List<Answer>())];
        for (int kill = 0; kill < s_kills; kill += Writers)
        {
            await WriteUntilKilledAsync(databases, answered, answersBefore: Writers * (1 + (kill * 7 % 40)));
            for (int i = 0; i < Writers; i++)
                await AllIsThereAsync(databases[i], answered[i]);
        }

        Assert.All(answered, ofOne => Assert.True(ofOne.Count > s_kills / Writers, $"only {ofOne.Count} writes were answered"));
        foreach (TemporaryDatabase database in databases)
            await database.DisposeAsync();
    }

    private static async Task WriteUntilKilledAsync(TemporaryDatabase[] databases, List<Answer>[] answered, int answersBefore)
    {
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { [KilledWriter.Variable] = string.Join(':', databases.Select(database => database.File)) },
        })!;
        int answers = 0;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            (int database, Answer answer) = Answer.Parse(line);
            answered[database].Add(answer);
            if (++answers == answersBefore)
                process.Kill();
        }

        await process.WaitForExitAsync();
        Assert.Equal(128 + 9, process.ExitCode);
    }

    private static async Task AllIsThereAsync(TemporaryDatabase database, List<Answer> answered)
    {
        IReadOnlyList<VerifiedChain> chains = await HistoryVerificationTests.VerifyAsync(database);
        if (chains.Count == 0 && answered.Count == 0)
            return;     // killed before its first commit
        Assert.Null(Assert.Single(chains).Fault);
        Dictionary<long, HistoryRow> rows = await database.Database.UseAsync(
            context => context.History.AsNoTracking().ToDictionaryAsync(row => row.Sequence));
        Assert.All(answered, answer =>
        {
            HistoryRow row = rows[answer.Sequence];
            Assert.Equal((KilledWriter.Host(answer.Lane), $"{answer.Number}"), (row.Subject, Encoding.UTF8.GetString(row.Body)));
        });
        foreach (IGrouping<Guid, HistoryRow> ofHost in rows.Values.GroupBy(row => row.Subject))
        {
            HostState state = (await database.Hosts.FindAsync(ofHost.Key))!;
            Assert.Equal(state.Name, Encoding.UTF8.GetString(ofHost.MaxBy(row => row.Sequence)!.Body));
        }
    }

    private sealed record Answer(long Sequence, int Lane, int Number)
    {
        public static (int Database, Answer Answer) Parse(string line)
        {
            int[] numbers = [.. line.Split(' ').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
            return (numbers[0], new Answer(numbers[1], numbers[2], numbers[3]));
        }
    }
}
