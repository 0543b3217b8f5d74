using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Tests.Reattestation;

/// <summary>The database of a control plane that dies at one of its steps: from then on nothing it does reaches the database.</summary>
internal sealed class DeadlyDatabase
{
    private readonly Lock gate = new();
    private int left;
    private bool dead;

    /// <summary>The step at which it died; null when it lived through all of them.</summary>
    public string? DiedAt { get; private set; }

    /// <summary>Dies at the step of this number: 1 is the next one.</summary>
    public void DieAt(int step)
    {
        lock (gate)
            (left, dead, DiedAt) = (step, false, null);
    }

    public void Live()
    {
        lock (gate)
            (left, dead) = (int.MaxValue, false);
    }

    public ControlDatabase Open(string file)
    {
        DbContextOptions<SqliteControlContext> options = new DbContextOptionsBuilder<SqliteControlContext>()
            .UseSqlite($"Data Source={file};Mode=ReadWrite;Pooling=True").AddInterceptors(new SqlitePragmas(), new Commands(this), new Commits(this)).Options;
        return new ControlDatabase(() => new SqliteControlContext(options));
    }

    private void Step(string name)
    {
        lock (gate)
        {
            if (!dead && --left > 0)
                return;
            DiedAt ??= name;
            dead = true;
            throw new InvalidOperationException($"killed {name}");
        }
    }

    private sealed class Commands(DeadlyDatabase database) : DbCommandInterceptor
    {
        public override ValueTask<InterceptionResult<DbDataReader>> ReaderExecutingAsync(
            DbCommand command, CommandEventData eventData, InterceptionResult<DbDataReader> result, CancellationToken cancellationToken = default)
        {
            database.Step("before a command");
            return ValueTask.FromResult(result);
        }
    }

    private sealed class Commits(DeadlyDatabase database) : DbTransactionInterceptor
    {
        public override ValueTask<InterceptionResult> TransactionCommittingAsync(
            DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default)
        {
            database.Step("before a commit");
            return ValueTask.FromResult(result);
        }

        public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
        {
            database.Step("after a commit");
            return Task.CompletedTask;
        }
    }
}
