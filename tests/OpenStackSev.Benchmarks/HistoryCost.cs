using Microsoft.Data.Sqlite;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Benchmarks;

/// <summary>A history of many rows: what its questions take, and how long it takes to verify.</summary>
internal static class HistoryCost
{
    private const int Hosts = 10_000;
    private const int Runs = 9;
    private const int FactBytes = 1200;

    private static readonly TimeSpan s_mostForState = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan s_mostForSubject = TimeSpan.FromMilliseconds(10);

    public static async Task<IReadOnlyList<Result>> MeasureAsync(int rows)
    {
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            string file = Path.Join(folder, "control.sqlite");
            await SqliteDatabase.SyncAsync(file);
            Fill(file, rows);
            ControlDatabase database = SqliteDatabase.Open(file, TimeSpan.FromSeconds(5));
            var states = new HostStates(database);
            var reader = new HistoryReader(database);

            TimeSpan state = await BestAsync(async run => Expect(Hosts, (await states.ListAsync(Hosts)).Count));
            int expected = Math.Min(100, rows / Hosts);
            TimeSpan subject = await BestAsync(async run => Expect(expected, (await reader.OfSubjectAsync(Host(run * 997 % Hosts), 100)).Count));
            TimeSpan scan = CpuTime.BestOf(() => Scan(file, "SELECT count(*) FROM history WHERE Kind = 'never'"));
            TimeSpan before = Environment.CpuUsage.TotalTime;
            VerifiedChain chain = (await new HistoryVerification(database, null).VerifyAsync([])).Single();
            TimeSpan verified = Environment.CpuUsage.TotalTime - before;
            Expect(rows, chain.Fault is null ? (int)chain.Last : 0);

            string size = $"{new FileInfo(file).Length / 1e6:0} MB";
            return
            [
                new($"history of {rows:N0} rows ({size}): current state of {Hosts:N0} hosts, CPU time, best of {Runs}", Milliseconds(state), $"at most {Milliseconds(s_mostForState)}",
                    state <= s_mostForState, $"reading every row once: {Milliseconds(scan)}"),
                new($"the same: last {expected} of one host, CPU time, best of {Runs}", Milliseconds(subject), $"at most {Milliseconds(s_mostForSubject)}",
                    subject <= s_mostForSubject, $"reading every row once: {Milliseconds(scan)}"),
                new("the same: manage history verify, rows a CPU second", $"{rows / verified.TotalSeconds:N0}", "none", true, $"all of it: {verified.TotalSeconds:0.0} s"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static Guid Host(int number) => new($"6e1f0f5a-3a52-4d5e-8f0a-{number:x12}");

    /// <summary>A chain with right hashes, hosts in turn, straight into the tables: the writer would take minutes.</summary>
    private static void Fill(string file, int rows)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteTransaction transaction = connection.BeginTransaction();
        using SqliteCommand history = connection.CreateCommand();
        history.CommandText = "INSERT INTO history (Writer, Sequence, Time, Kind, Subject, Body, Hash) VALUES ('control-1', $s, $t, 'host.reported', $n, $b, $h)";
        SqliteParameter[] values = [.. new[] { "$s", "$t", "$n", "$b", "$h" }.Select(name => history.Parameters.Add(new SqliteParameter(name, null)))];
        byte[] hash = HistoryEncoding.Genesis, body = [.. "{\"name\":\""u8, .. Enumerable.Repeat((byte)'x', 180), .. "\"}"u8];
        DateTimeOffset time = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        for (int sequence = 1; sequence <= rows; sequence++)
        {
            Guid node = Host(sequence % Hosts);
            time = time.AddMilliseconds(10);
            hash = HistoryEncoding.Hash(hash, "control-1", sequence, time, "host.reported", node, null, body);
            (values[0].Value, values[1].Value, values[2].Value, values[3].Value, values[4].Value) =
                (sequence, HistoryEncoding.Microseconds(time), node.ToByteArray(bigEndian: true), body, hash);
            history.ExecuteNonQuery();
        }

        using SqliteCommand host = connection.CreateCommand();
        host.CommandText = "INSERT INTO hosts (Node, Name, FirstSeenAt, LastSeenAt, FactsChangedAt, Facts, Version) VALUES ($n, $m, 1, 1, 1, $f, 1)";
        SqliteParameter[] row = [.. new[] { "$n", "$m", "$f" }.Select(name => host.Parameters.Add(new SqliteParameter(name, null)))];
        for (int number = 0; number < Hosts; number++)
        {
            (row[0].Value, row[1].Value, row[2].Value) = (Host(number).ToByteArray(bigEndian: true), $"compute-{number}", new byte[FactBytes]);
            host.ExecuteNonQuery();
        }

        transaction.Commit();
    }

    private static void Scan(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // a constant of this class
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteScalar();
    }

    private static async Task<TimeSpan> BestAsync(Func<int, Task> work)
    {
        await work(0);      // compiles the query
        TimeSpan best = TimeSpan.MaxValue;
        for (int run = 1; run <= Runs; run++)
        {
            TimeSpan before = Environment.CpuUsage.TotalTime;
            await work(run);
            if (Environment.CpuUsage.TotalTime - before is var took && took < best)
                best = took;
        }

        return best;
    }

    private static void Expect(int expected, int found)
    {
        if (found != expected)
            throw new InvalidOperationException($"expected {expected} rows, found {found}");
    }

    private static string Milliseconds(TimeSpan time) => $"{time.TotalMilliseconds:0.0} ms";
}
