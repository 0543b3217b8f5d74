using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>What the real nova-scheduler has logged since this was made.</summary>
internal sealed class SchedulerLog
{
    private readonly string path = Path.Join(Stack.StateDir, "log/nova-scheduler.log");
    private readonly long start;

    public SchedulerLog() => start = new FileInfo(path).Length;

    /// <summary>Waits for the filter's line about a host and a server.</summary>
    /// <returns>Its reason code.</returns>
    public async Task<string> RefusalAsync(string host, string server)
    {
        string? found = null;
        await RealCloud.EventuallyAsync(
            async () => (found = (await LinesAsync()).FirstOrDefault(line => line.Contains($"{host} (", StringComparison.Ordinal) && line.Contains($"may not run {server}: ", StringComparison.Ordinal))) is not null,
            () => $"{path} has no line about {host} and {server}");
        return found!.Split($"may not run {server}: ")[1].Split(' ')[0];
    }

    private async Task<string[]> LinesAsync()
    {
        await using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        file.Seek(start, SeekOrigin.Begin);
        using var reader = new StreamReader(file);
        return (await reader.ReadToEndAsync()).Split('\n');
    }
}
