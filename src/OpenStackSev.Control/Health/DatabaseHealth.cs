using OpenStackSev.Control.Persistence;

namespace OpenStackSev.Control.Health;

/// <summary>Whether the database can be read.</summary>
internal sealed class DatabaseHealth(ControlDatabase database) : IHealthSource
{
    public string Name => "database";

    public async ValueTask<string?> TroubleAsync(CancellationToken ct)
    {
        try
        {
            return await database.UseAsync(context => context.Database.CanConnectAsync(ct)) ? null : "cannot be opened";
        }
        catch (StorageException e)
        {
            return e.Code;
        }
    }
}
