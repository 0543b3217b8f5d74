namespace OpenStackSev.Architecture.Tests;

/// <summary>The control plane's storage is written so that another provider can stand beside SQLite: a folder of its own, and nothing else changes.</summary>
public sealed class Storage
{
    private static readonly string s_control = Path.Join(Repository.Root, "src", "OpenStackSev.Control");

    /// <summary>What is SQL, or one provider's own.</summary>
    private static readonly string[] s_ofProviders =
    [
        "Microsoft.Data.Sqlite", "SqliteException", "UseSqlite", "PRAGMA", "AUTOINCREMENT", "FromSql", "ExecuteSql", "SqlQuery",
        "HasColumnType", "HasDefaultValueSql", "HasComputedColumnSql", "HasFilter", "Npgsql",
    ];

    [Fact]
    public void SQL_and_providers_are_named_in_their_own_folder_only()
    {
        string[] offenders = [.. Sources().Where(file => !IsOfProvider(file))
            .SelectMany(file => s_ofProviders.Where(word => File.ReadAllText(file).Contains(word, StringComparison.Ordinal)).Select(word => $"{Short(file)}: {word}"))];
        Assert.Empty(offenders);
    }

    [Fact]
    public void Only_where_a_database_is_opened_is_its_provider_chosen()
    {
        string[] choosing = [.. Sources().Where(file => !IsOfProvider(file) && File.ReadAllText(file).Contains("OpenStackSev.Control.Persistence.Sqlite", StringComparison.Ordinal))
            .Select(Short).Where(file => file != "Persistence/PersistenceSetup.cs" && !file.StartsWith("Commands/", StringComparison.Ordinal))];
        Assert.Empty(choosing);
    }

    [Fact]
    public void Migrations_are_a_providers_own()
    {
        string[] migrations = [.. Sources().Where(file => File.ReadAllText(file).Contains("MigrationBuilder", StringComparison.Ordinal)).Select(Short)];
        Assert.NotEmpty(migrations);
        Assert.All(migrations, file => Assert.StartsWith("Persistence/Sqlite/Migrations/", file, StringComparison.Ordinal));
    }

    private static IEnumerable<string> Sources() => Directory.GetFiles(s_control, "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal) && !file.Contains("/bin/", StringComparison.Ordinal));

    private static bool IsOfProvider(string file) => file.Contains("/Persistence/Sqlite/", StringComparison.Ordinal);

    private static string Short(string file) => Path.GetRelativePath(s_control, file);
}
