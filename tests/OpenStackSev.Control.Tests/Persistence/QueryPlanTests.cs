using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary>Every question of the API is answered from an index: SQLite says how it goes about it.</summary>
public sealed class QueryPlanTests
{
    public static TheoryData<string> Questions => [.. s_questions.Keys];

    private static readonly Dictionary<string, Func<ControlDatabase, Task>> s_questions = new(StringComparer.Ordinal)
    {
        ["a host"] = database => new HostStates(database).FindAsync(Guid.NewGuid()),
        ["hosts"] = database => new HostStates(database).ListAsync(100),
        ["the next hosts"] = database => new HostStates(database).ListAsync(100, Guid.NewGuid()),
        ["hosts that fell silent"] = database => new HostStates(database).SeenBeforeAsync(DateTimeOffset.UnixEpoch, 100),
        ["a chip"] = database => new HostStates(database).FindChipAsync("ab"),
        ["chips of a host"] = database => new HostStates(database).ChipsOfAsync(Guid.NewGuid()),
        ["chips of hosts"] = database => new HostStates(database).ChipsOfAsync([Guid.NewGuid(), Guid.NewGuid()]),
        ["a subject's history"] = database => new HistoryReader(database).OfSubjectAsync(Guid.NewGuid(), 100),
        ["a subject's earlier history"] = database => new HistoryReader(database).OfSubjectAsync(Guid.NewGuid(), 100, 7),
        ["an instance"] = database => new SweptInstances(database).FindAsync(Guid.NewGuid(), default),
        ["listed instances"] = database => new SweptInstances(database).OfAsync([Guid.NewGuid(), Guid.NewGuid()], default),
        ["instances that a listing may lack"] = database => new SweptInstances(database).ListAsync(Guid.Empty, default),
        ["instances that are due"] = database => new SweptInstances(database).DueAsync(DateTimeOffset.UnixEpoch, default),
        ["instances that did not answer"] = database => new SweptInstances(database).UnansweredAsync(DateTimeOffset.UnixEpoch, default),
        ["what enforcement knows of an instance"] = database => new EnforcementStates(database).BothAsync(Guid.NewGuid()),
        ["instances of a verdict"] = database => new EnforcementStates(database).OfVerdictAsync(OpenStackSev.Attestation.Verdict.Contraindicated, Guid.Empty),
        ["instances that enforcement looks after"] = database => new EnforcementStates(database).LookedAfterAsync(Guid.Empty),
        ["instances that were acted on"] = database => new EnforcementStates(database).ActedSinceAsync(DateTimeOffset.UnixEpoch),
        ["instances that blame their host"] = database => new EnforcementStates(database).BlamingAsync(Guid.NewGuid(), 100),
        ["the gate of an instance"] = database => new GateStates(database).BothAsync(Guid.NewGuid()),
        ["gates of listed servers"] = database => new GateStates(database).OfAsync([Guid.NewGuid(), Guid.NewGuid()]),
        ["gates that wait"] = database => new GateStates(database).OpenAsync(Guid.Empty, DateTimeOffset.UnixEpoch),
        ["gates"] = database => new GateStates(database).ListAsync(100, Guid.Empty, null, null),
        ["gates of a project"] = database => new GateStates(database).ListAsync(100, Guid.Empty, "p1", null),
        ["the breaker"] = database => new EnforcementStates(database).BreakerAsync(),
        ["the end of a chain"] = database => database.UseAsync(context => context.History.Where(row => row.Writer == "control-1")
            .OrderByDescending(row => row.Sequence).Select(row => row.Hash).FirstOrDefaultAsync()),
    };

    /// <summary>A virtual table is the list of a question's own ids.</summary>
    private static readonly string[] s_indexed = ["USING INDEX", "USING COVERING INDEX", "USING INTEGER PRIMARY KEY", "VIRTUAL TABLE"];

    [Theory, MemberData(nameof(Questions))]
    public async Task A_question_is_answered_from_an_index_and_nothing_is_sorted(string question)
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        var plans = new PlanRecorder();
        DbContextOptions<SqliteControlContext> options = new DbContextOptionsBuilder<SqliteControlContext>()
            .UseSqlite($"Data Source={database.File}").AddInterceptors(plans).Options;
        await s_questions[question](new ControlDatabase(() => new SqliteControlContext(options)));

        Assert.NotEmpty(plans.Steps);
        Assert.All(plans.Steps.Where(step => step.StartsWith("SCAN", StringComparison.Ordinal) || step.StartsWith("SEARCH", StringComparison.Ordinal)),
            step => Assert.True(s_indexed.Any(words => step.Contains(words, StringComparison.Ordinal)), step));
        Assert.DoesNotContain(plans.Steps, step => step.Contains("TEMP B-TREE FOR ORDER", StringComparison.Ordinal));
    }

    /// <summary>Asks for the plan of each query before it runs, with the same parameters.</summary>
    private sealed class PlanRecorder : DbCommandInterceptor
    {
        public List<string> Steps { get; } = [];

        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            using DbCommand explain = command.Connection!.CreateCommand();
#pragma warning disable CA2100 // the command is EF Core's own
            explain.CommandText = "EXPLAIN QUERY PLAN " + command.CommandText;
#pragma warning restore CA2100
            foreach (SqliteParameter parameter in command.Parameters)
                explain.Parameters.Add(new SqliteParameter(parameter.ParameterName, parameter.Value));
            using DbDataReader plan = explain.ExecuteReader();
            while (plan.Read())
                Steps.Add(plan.GetString(3));
            return new(result);
        }
    }
}
