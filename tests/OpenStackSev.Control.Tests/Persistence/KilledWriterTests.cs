using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.EntityFrameworkCore;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class KilledWriterTests
{
    private const int Kills = 50;

    [Fact]
    public async Task Every_answered_write_survives_SIGKILL_and_no_half_row_stays()
    {
        // two at a time, each on its own database: most of the time is the start of .NET
        int[] answered = await Task.WhenAll(KillAsync(first: 0), KillAsync(first: 1));
        Assert.True(answered.Sum() > Kills, $"only {answered.Sum()} writes were answered");
    }

    /// <returns>How many writes were answered.</returns>
    private static async Task<int> KillAsync(int first)
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var answered = new List<Answer>();
        for (int kill = first; kill < Kills; kill += 2)
        {
            answered.AddRange(await WriteUntilKilledAsync(database.File, answersBefore: 1 + (kill * 7 % 40)));
            await AllIsThereAsync(database, answered);
        }

        return answered.Count;
    }

    private static async Task<List<Answer>> WriteUntilKilledAsync(string file, int answersBefore)
    {
        using Process process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!)
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            Environment = { [KilledWriter.Variable] = file },
        })!;
        var answers = new List<Answer>();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            answers.Add(Answer.Parse(line));
            if (answers.Count == answersBefore)
                process.Kill();
        }

        await process.WaitForExitAsync();
        Assert.Equal(128 + 9, process.ExitCode);
        return answers;
    }

    private static async Task AllIsThereAsync(TemporaryDatabase database, List<Answer> answered)
    {
        VerifiedChain chain = Assert.Single(await HistoryVerificationTests.VerifyAsync(database));
        Assert.Null(chain.Fault);
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
        public static Answer Parse(string line)
        {
            int[] numbers = [.. line.Split(' ').Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
            return new Answer(numbers[0], numbers[1], numbers[2]);
        }
    }
}
