using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Events;

/// <summary>Where events go. Section <c>[events]</c>.</summary>
public sealed class EventOptions
{
    private const string StandardOutput = "-";

    public static IniSection<EventOptions> Section { get; } =
        new IniSection<EventOptions>("events", "Where events for a SIEM go: one JSON object a line.")
            .Text("file", "File of what happened to hosts, policies and instances, with ECS field names; - is standard output. Unset: events/events.json in state_dir.",
                o => o.File, (o, value) => o.File = value, example: "/var/log/openstack-sev/events.json")
            .Text("audit_file", "File of all requests that would change something, as CADF; - is standard output. Unset: events/audit.json in state_dir.",
                o => o.AuditFile, (o, value) => o.AuditFile = value, example: "/var/log/openstack-sev/audit.json")
            .Count("maximum_file_mib", "A file that would become larger is renamed to .1, the one before to .2 and so on.",
                o => o.MaximumFileMib, (o, value) => o.MaximumFileMib = value, 1, 10_000)
            .Count("maximum_files", "Files of each kind that are kept, the current one included.",
                o => o.MaximumFiles, (o, value) => o.MaximumFiles = value, 1, 1000)
            .Rule(Problems);

    public string? File { get; set; }
    public string? AuditFile { get; set; }
    public int MaximumFileMib { get; set; } = 100;
    public int MaximumFiles { get; set; } = 10;

    /// <summary>Opens the two, which are one where both name standard output.</summary>
    internal EventLog Open(ProcessOptions process, ILogger<EventLog> logger) => new(
        Sink(File ?? Path.Join(process.StateDir, "events", "events.json")),
        Sink(AuditFile ?? Path.Join(process.StateDir, "events", "audit.json")),
        logger);

    private LineSink Sink(string file) => file == StandardOutput
        ? new StandardOutputSink()
        : new RotatedFile(file, MaximumFileMib * 1024L * 1024, MaximumFiles);

    private static IEnumerable<string> Problems(EventOptions options)
    {
        foreach ((string key, string? file) in new[] { ("file", options.File), ("audit_file", options.AuditFile) })
        {
            if (file is not (null or StandardOutput) && !Path.IsPathRooted(file))
                yield return $"{key} = {file}: must be an absolute path, or - for standard output";
        }

        if (options.File is { } one && one == options.AuditFile && one != StandardOutput)
            yield return $"audit_file = {one}: is the file of events too; give each its own";
    }
}
