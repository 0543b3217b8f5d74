namespace OpenStackSev.Control.Persistence;

/// <summary>Opens contexts, and turns what goes wrong in them into <see cref="StorageException"/>.</summary>
public sealed class ControlDatabase(Func<ControlContext> open)
{
    /// <exception cref="StorageException">The database failed; <paramref name="use"/> may be repeated when it is transient.</exception>
    public async Task<T> UseAsync<T>(Func<ControlContext, Task<T>> use)
    {
        await using ControlContext context = open();
        try
        {
            return await use(context);
        }
        catch (Exception e) when (e is not StorageException)
        {
            if (context.Explain(e) is { } explained)
                throw explained;
            throw;
        }
    }
}
