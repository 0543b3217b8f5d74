using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence;

/// <summary>Opens contexts, and turns what goes wrong in them into <see cref="StorageException"/>.</summary>
/// <param name="open">Makes a context.</param>
/// <param name="mostKept">
/// Contexts that are kept for the next use, each with its connection open: to open one costs more than most questions do. One in which
/// anything failed is not kept. 0 makes one for each use.
/// </param>
public sealed class ControlDatabase(Func<ControlContext> open, int mostKept = 0) : IDisposable
{
    private readonly ConcurrentStack<ControlContext> kept = [];
    private volatile bool closed;

    /// <exception cref="StorageException">The database failed; <paramref name="use"/> may be repeated when it is transient.</exception>
    public async Task<T> UseAsync<T>(Func<ControlContext, Task<T>> use)
    {
        bool isOpen = kept.TryPop(out ControlContext? context);
        context ??= open();
        bool good = false;
        try
        {
            if (!isOpen && mostKept > 0)
                await context.Database.OpenConnectionAsync();
            T answer = await use(context);
            good = true;
            return answer;
        }
        catch (Exception e) when (e is not StorageException)
        {
            if (context.Explain(e) is { } explained)
                throw explained;
            throw;
        }
        finally
        {
            if (!good || !Keeps(context))
                await context.DisposeAsync();
        }
    }

    /// <summary>Closes what is kept. What is in use then is closed after it.</summary>
    public void Dispose()
    {
        closed = true;
        while (kept.TryPop(out ControlContext? context))
            context.Dispose();
    }

    private bool Keeps(ControlContext context)
    {
        if (closed || kept.Count >= mostKept)
            return false;
        context.ChangeTracker.Clear();
        kept.Push(context);
        return true;
    }
}
