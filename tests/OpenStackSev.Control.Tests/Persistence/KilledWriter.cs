using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary>
/// This test program as another process: for each database that its environment names, a writer that takes 200 records a second, until it is killed.
/// </summary>
/// <remarks>Each lane writes to one host, one after another, and prints "database sequence lane number" when the write is answered.</remarks>
internal static class KilledWriter
{
    public const string Variable = "OSEV_TEST_KILLED_WRITER";
    public const int Lanes = 4;

    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(1000.0 * Lanes / 200);

    public static Guid Host(int lane) => new($"6e1f0f5a-3a52-4d5e-8f0a-0000000000{lane:x2}");

    /// <param name="files">Databases, separated by colons.</param>
    public static Task WriteAsync(string files) => Task.WhenAll(files.Split(':').Select((file, number) => WriteAsync(file, number)));

    private static async Task WriteAsync(string file, int number)
    {
        ControlDatabase database = SqliteDatabase.Open(file, TimeSpan.FromSeconds(10));
        var history = new HistoryWriter(
            database, new HistoryWriterOptions { Writer = TemporaryDatabase.Writer }, TimeProvider.System, NullLogger<HistoryWriter>.Instance);
        await history.StartAsync(default);
        await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => WriteLaneAsync(database, history, number, lane)));
    }

    private static async Task WriteLaneAsync(ControlDatabase database, HistoryWriter history, int file, int lane)
    {
        HostState state = await new HostStates(database).FindAsync(Host(lane))
            ?? CurrentStateTests.Host(1) with { Node = Host(lane), Name = "0" };
        using var pace = new PeriodicTimer(s_pace);
        for (int number = int.Parse(state.Name, CultureInfo.InvariantCulture) + 1; ; number++)
        {
            HostState next = state with { Name = $"{number}" };
            long sequence = await history.AppendAsync(
                new HistoryRecord("host.reported", next.Node, null, Encoding.UTF8.GetBytes($"{number}")) { Changes = [next] });
            Console.WriteLine($"{file} {sequence} {lane} {number}");
            state = next with { Version = next.Version + 1 };
            await pace.WaitForNextTickAsync();
        }
    }
}
