using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Reattestation.Keys;

/// <summary>A file of keys, read again when it changes: a rotation needs no restart.</summary>
/// <param name="parse">Throws <see cref="FormatException"/> with what is wrong, without a key's text.</param>
/// <param name="isSecret">Others than its owner must not be able to use it.</param>
internal sealed partial class KeyFile<T>(string path, Func<string, T> parse, bool isSecret, ILogger log)
    where T : class
{
    private const int MaximumBytes = 64 * 1024;
    private const UnixFileMode Others = ~(UnixFileMode.UserRead | UnixFileMode.UserWrite);

    private readonly Lock gate = new();
    private (DateTime Written, long Length)? read;
    private T? content;

    /// <exception cref="ApiException">503: it cannot be used. What it held before is not used in its place: somebody may have taken it away on purpose.</exception>
    public T Current()
    {
        lock (gate)
        {
            var file = new FileInfo(path);
            (DateTime, long) now = file.Exists ? (file.LastWriteTimeUtc, file.Length) : (default, -1);
            if (read != now)
            {
                read = now;
                content = Read(file);
            }

            return content ?? throw new ApiException(AttestationErrors.KeysUnavailable, "the service cannot use its keys now; the log says why")
            {
                RetryAfter = TimeSpan.FromMinutes(1),
            };
        }
    }

    private T? Read(FileInfo file)
    {
        try
        {
            if (!file.Exists)
                throw new FormatException("no such file; make it with 'openstack-sev-control manage db sync'");
            if (isSecret && (file.UnixFileMode & Others) != UnixFileMode.None)
                throw new FormatException("others than its owner may use it; run 'chmod 0600' on it, and make new keys if they might have read it");
            if (file.Length > MaximumBytes)
                throw new FormatException($"larger than {MaximumBytes / 1024} KiB; these are no keys");
            T parsed = parse(File.ReadAllText(path));
            LogRead(path);
            return parsed;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            LogUnusable(path, e.Message);
            return null;
        }
    }

    [LoggerMessage(4301, LogLevel.Information, "{File} read")]
    private partial void LogRead(string file);

    [LoggerMessage(4302, LogLevel.Error, "{File} cannot be used: {Problem}")]
    private partial void LogUnusable(string file, string problem);
}
