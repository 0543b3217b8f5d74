using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Persistence;

/// <summary>Where state and history lie. Section <c>[database]</c>.</summary>
public sealed class DatabaseOptions
{
    private const string SqliteScheme = "sqlite:///";

    public static IniSection<DatabaseOptions> Section { get; } =
        new IniSection<DatabaseOptions>("database", "Where state and history lie.")
            .Text("connection", "Database URL. sqlite:/// and an absolute path is a file on this machine. Unset: control.sqlite in state_dir.",
                o => o.Connection, (o, value) => o.Connection = value, example: "sqlite:////var/lib/openstack-sev/control/control.sqlite")
            .Duration("lock_timeout", "Seconds that a write waits while another program holds the database.",
                o => o.LockTimeout, (o, value) => o.LockTimeout = value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1))
            .Text("history_writer", "Whose chain of the history this service writes: letters, digits, dot, dash, underscore. Unset: the machine's name.",
                o => o.HistoryWriter, (o, value) => o.HistoryWriter = value, example: "control-1", longest: HistoryWriterOptions.MaximumNameLength)
            .File("history_key", "PEM file of the key that signs the history's heads; 'manage db sync' makes it. Unset: history.key in state_dir.",
                o => o.HistoryKey, (o, value) => o.HistoryKey = value, example: "/etc/openstack-sev/history.key")
            .Duration("history_head_interval", "Seconds between two signed heads that are exported as events while history grows.",
                o => o.HistoryHeadInterval, (o, value) => o.HistoryHeadInterval = value, TimeSpan.FromSeconds(1), TimeSpan.FromDays(1))
            .Count("history_keep_days", "Days after which history is removed; a signed anchor keeps the rest provable. 0 keeps all.",
                o => o.HistoryKeepDays, (o, value) => o.HistoryKeepDays = value, 0, 36500)
            .Count("history_keep_rows", "Most rows of a writer's history that are kept. 0 keeps all.",
                o => o.HistoryKeepRows, (o, value) => o.HistoryKeepRows = value, 0, int.MaxValue)
            .Rule(Problems);

    public string? Connection { get; set; }
    public TimeSpan LockTimeout { get; set; } = TimeSpan.FromSeconds(5);
    public string? HistoryWriter { get; set; }
    public string? HistoryKey { get; set; }
    public TimeSpan HistoryHeadInterval { get; set; } = TimeSpan.FromMinutes(5);
    public int HistoryKeepDays { get; set; }
    public int HistoryKeepRows { get; set; }

    /// <summary>Null: all is kept.</summary>
    public RetentionLimits? Limits => HistoryKeepDays == 0 && HistoryKeepRows == 0
        ? null
        : new RetentionLimits(
            HistoryKeepDays == 0 ? null : TimeSpan.FromDays(HistoryKeepDays),
            HistoryKeepRows == 0 ? null : HistoryKeepRows);

    /// <summary>The machine's name with what a writer's name may not have replaced.</summary>
    public string WriterName => HistoryWriter ?? new string(
        [.. Environment.MachineName.Take(HistoryWriterOptions.MaximumNameLength).Select(c => IsNameCharacter(c) ? c : '-')]);

    public string FileIn(ProcessOptions process) => Connection?[SqliteScheme.Length..] ?? Path.Join(process.StateDir, "control.sqlite");

    public string KeyIn(ProcessOptions process) => HistoryKey ?? Path.Join(process.StateDir, "history.key");

    private static IEnumerable<string> Problems(DatabaseOptions options)
    {
        // the URL may hold a password one day: what is wrong with it is said without it
        if (options.Connection is { } url && (!url.StartsWith(SqliteScheme, StringComparison.Ordinal) || !Path.IsPathRooted(url[SqliteScheme.Length..])))
            yield return "connection: must be sqlite:/// and an absolute path, e.g. sqlite:////var/lib/openstack-sev/control/control.sqlite";
        if (options.HistoryWriter is { } writer && (writer.Length == 0 || !writer.All(IsNameCharacter)))
            yield return $"history_writer = {writer}: may have letters, digits, dot, dash and underscore only";
    }

    private static bool IsNameCharacter(char c) => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_';
}
